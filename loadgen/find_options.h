// The options of `smtpmark find`.
#ifndef SMTPMARK_LOADGEN_FIND_OPTIONS_H_
#define SMTPMARK_LOADGEN_FIND_OPTIONS_H_

#include <cstdint>
#include <string>

#include "loadgen/run_options.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// Those of a run say what each of its runs is like; their rate, their end and their schedule are
// the search's.
struct FindOptions : RunOptions {
  std::string objective;
  double start_rate = 100.0;
  double most_rate = 0.0;  // 0: as much as the threads can begin
  double precision = 5.0;  // percent
  std::uint32_t confirmations = 2;
};

void define_find(CLI::App& command, FindOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_FIND_OPTIONS_H_
