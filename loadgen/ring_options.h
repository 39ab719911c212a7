// Options about the loop below the dialogues and where its threads run, of every command that has
// one.
#ifndef SMTPMARK_LOADGEN_RING_OPTIONS_H_
#define SMTPMARK_LOADGEN_RING_OPTIONS_H_

#include <string>
#include <tl/expected.hpp>

#include "io/ring.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

struct RingFlags {
  std::string io = "auto";
  double coalesce_s = 0.0;
  int numa_node = -1;  // negative: wherever the process may run
};

void define_ring(CLI::App& command, RingFlags& flags);

// What the running kernel makes of them; before other threads are made. Tries the kernel out, so
// once a process; says on standard error why io_uring is not used where that is not by choice.
// Fails with a sentence.
struct SettledRing {
  io::RingMode mode;
  io::RingFeatures features;
};
tl::expected<SettledRing, std::string> settle_ring(const RingFlags& flags);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RING_OPTIONS_H_
