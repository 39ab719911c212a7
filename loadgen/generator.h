// One run of a load: threads, connections, turns, and what was measured.
#ifndef SMTPMARK_LOADGEN_GENERATOR_H_
#define SMTPMARK_LOADGEN_GENERATOR_H_

#include <atomic>
#include <functional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/metrics.h"
#include "loadgen/plan.h"
#include "loadgen/predicate.h"
#include "loadgen/surroundings.h"

namespace smtpmark::loadgen {

enum class Ending : std::uint8_t {
  kCompleted,    // the planned time or count was reached
  kInterrupted,  // on request
  kStopped,      // by a condition of the plan
  kAborted,      // no session was established
};
std::string_view to_string(Ending ending) noexcept;

// What one class of a run measured.
struct ClassResult {
  Metrics metrics;
  std::uint64_t most_waiting =
      0;  // due turns without a connection; each thread's maximum, added up
};

struct LoadResult {
  std::vector<ClassResult> classes;  // as in the plan
  Metrics metrics;                   // of all classes together
  std::uint64_t most_waiting = 0;
  Ending ending = Ending::kCompleted;
  std::string stop_reason;       // of kStopped: what was found, as a sentence
  std::string main_failure;      // the most frequent error, as "connect: connection refused"
  double measured_s = 0.0;       // length of the window that counts
  double generator_cpu_s = 0.0;  // in the window
  bool server_cpu_known = false;
  double server_cpu_s = 0.0;  // in the window, as `server_cpu` told
  Surroundings surroundings;  // of the window
};

// A run that is under way, all classes together.
struct LoadProgress {
  double elapsed_s = 0.0;       // since its start
  double planned_s = 0.0;       // warm-up and cool-down included; 0: until a count is reached
  double measured_for_s = 0.0;  // of its measured part; 0 during the warm-up
  Counters total;               // since its start
  Figures measured;             // counters; of histograms, those of message and session
};

// What a run asks of its surroundings.
struct LoadHooks {
  const std::atomic<bool>* interrupted = nullptr;  // set from outside to end the run early
  const std::atomic<bool>* hurried = nullptr;      // and then to wait for nothing
  std::function<double()> server_cpu;              // CPU seconds of the server so far
  // Called about once a second on the thread that called run_load().
  std::function<void(const LoadProgress&)> on_second;
  // Called once, on that thread, when an interrupted run still waits for what is under way.
  std::function<void()> on_wait;
};

// Runs the whole load and returns when the last thread has ended. Fails with a sentence when it
// could not begin.
tl::expected<LoadResult, std::string> run_load(const RunPlan& plan, const LoadHooks& hooks);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_GENERATOR_H_
