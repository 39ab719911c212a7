// One load on one target: threads, connections, turns, and what was measured.
#ifndef SMTPMARK_LOADGEN_GENERATOR_H_
#define SMTPMARK_LOADGEN_GENERATOR_H_

#include <atomic>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/metrics.h"
#include "loadgen/plan.h"

namespace smtpmark::loadgen {

enum class Ending : std::uint8_t {
  kCompleted,    // the planned time or count was reached
  kInterrupted,  // on request
  kAborted,      // no session was established
};
std::string_view to_string(Ending ending) noexcept;

struct LoadResult {
  Metrics metrics;
  Ending ending = Ending::kCompleted;
  std::string main_failure;      // the most frequent error, as "connect: connection refused"
  double measured_s = 0.0;       // length of the window that counts
  double generator_cpu_s = 0.0;  // in the window
  double server_cpu_s = 0.0;     // in the window, as `server_cpu` told
};

// What a run asks of its surroundings.
struct LoadHooks {
  const std::atomic<bool>* interrupted = nullptr;  // set from outside to end the run early
  std::function<double()> server_cpu;              // CPU seconds of the server so far
};

// Runs the whole load and returns when the last thread has ended. Fails with a sentence when it
// could not begin.
tl::expected<LoadResult, std::string> run_load(const RunPlan& plan, const LoadHooks& hooks);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_GENERATOR_H_
