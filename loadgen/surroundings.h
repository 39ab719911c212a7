// What happened around a load while it was measured: the generator's processors, the machine, the
// network stack, the clocks. It tells whether the figures mean the server (loadgen/run_verdict.h).
#ifndef SMTPMARK_LOADGEN_SURROUNDINGS_H_
#define SMTPMARK_LOADGEN_SURROUNDINGS_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <vector>

#include "io/scheduler.h"

namespace smtpmark::loadgen {

using io::TimeNs;

// Of the measured window.
struct Surroundings {
  // The generator's threads.
  // Share of the window in which one ran or waited for a processor; 0 when that was under 20 ms.
  double busiest_thread = 0.0;
  double runqueue_wait_s = 0.0;  // of all: ready to run, and another had the processor
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;

  // The machine, all processors together.
  double capacity_s = 0.0;  // processors times length of the window
  double busy_s = 0.0;      // of this process and all others, in the kernel too
  double own_s = 0.0;       // of this process
  double steal_s = 0.0;     // taken by the hypervisor for others

  // The network stack of this machine, all its connections.
  std::uint64_t listen_overflows =
      0;  // connections refused by a full listen queue, or SYNs dropped
  std::uint64_t syn_retransmits = 0;

  // The clocks.
  double clock_jump_s = 0.0;     // the largest between CLOCK_REALTIME and CLOCK_MONOTONIC
  double longest_stall_s = 0.0;  // the longest that this process was not let run

  // What another round saw, as if it were one window.
  void merge(const Surroundings& other) noexcept;
};

// Takes samples at both ends of the window and looks at the clocks in between. Belongs to one
// thread.
class SurroundingsProbe {
 public:
  // Of threads of this process, which must not end before finish().
  void begin(const std::vector<pid_t>& threads);
  // To be called every `kTick` or so, from before begin() on.
  void tick() noexcept;
  Surroundings finish();

  static constexpr TimeNs kTick = 20 * io::kMillisecond;

 private:
  struct ThreadSample {
    double active_s = 0.0;  // ran or waited for a processor
    double wait_s = 0.0;
    std::uint64_t voluntary = 0;
    std::uint64_t involuntary = 0;
  };
  struct Sample {
    TimeNs at = 0;
    std::vector<ThreadSample> threads;
    Surroundings machine;
  };
  static ThreadSample sample_thread(pid_t thread);
  Sample take() const;

  std::vector<pid_t> threads_;
  Sample begin_;
  TimeNs ticked_at_ = 0;
  TimeNs real_at_tick_ = 0;
  double clock_jump_s_ = 0.0;
  double longest_stall_s_ = 0.0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SURROUNDINGS_H_
