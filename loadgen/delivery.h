// How the result of a command reaches people and files.
#ifndef SMTPMARK_LOADGEN_DELIVERY_H_
#define SMTPMARK_LOADGEN_DELIVERY_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "loadgen/run_options.h"

namespace smtpmark::loadgen {

struct Finished {
  nlohmann::json result;
  std::uint64_t errors = 0;
  bool interrupted = false;
  std::string failure;  // why the run as a whole failed, if it did
};

// Writes and prints what was measured, whatever happened, and says what happened. Files come first:
// standard output may be a pipe that nobody reads. Returns the exit code.
int deliver(const RunOptions& options, const Finished& finished, const std::string& path);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_DELIVERY_H_
