#include "loadgen/surroundings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace smtpmark::loadgen {
namespace {

constexpr TimeNs kMoment = 15 * io::kMillisecond;
constexpr TimeNs kLimit = 20 * io::kSecond;

void spin_for(TimeNs span) {
  const TimeNs end = io::monotonic_now() + span;
  while (io::monotonic_now() < end) {
  }
}

TEST(Surroundings, AThreadThatSpinsIsBusyAndOneThatSleepsIsNot) {
  SurroundingsProbe probe;
  probe.begin({gettid()});
  spin_for(100 * io::kMillisecond);
  const Surroundings spinning = probe.finish();
  EXPECT_GT(spinning.busiest_thread, 0.9);
  EXPECT_GT(spinning.own_s, 0.0);
  probe.begin({gettid()});
  for (int i = 0; i < 5; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const Surroundings asleep = probe.finish();
  EXPECT_LT(asleep.busiest_thread, 0.5);
  EXPECT_GE(asleep.voluntary_switches, 5U);
  EXPECT_GT(asleep.capacity_s, 0.05);
  EXPECT_GE(asleep.capacity_s + 0.1, asleep.busy_s + asleep.steal_s);
}

TEST(Surroundings, AMomentSaysNothingOfAThread) {
  Surroundings seen;
  TimeNs took = kLimit;
  for (const TimeNs begun = io::monotonic_now();
       took > kMoment && io::monotonic_now() < begun + kLimit;) {
    SurroundingsProbe probe;
    const TimeNs before = io::monotonic_now();
    probe.begin({gettid()});
    spin_for(2 * io::kMillisecond);
    seen = probe.finish();
    took = io::monotonic_now() - before;
  }
  ASSERT_LE(took, kMoment) << "this machine is too busy to say";
  EXPECT_EQ(seen.busiest_thread, 0.0);
}

TEST(Surroundings, AStallIsSeenAndARegularTickIsNone) {
  SurroundingsProbe probe;
  probe.tick();
  probe.begin({gettid()});
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  const Surroundings stalled = probe.finish();
  EXPECT_GE(stalled.longest_stall_s, 0.12);
  EXPECT_LT(stalled.clock_jump_s, 0.05);
}

TEST(Surroundings, RoundsAddUpAndTheWorstStays) {
  Surroundings all;
  all.busiest_thread = 0.4;
  all.busy_s = 1.0;
  all.longest_stall_s = 0.3;
  Surroundings other;
  other.busiest_thread = 0.7;
  other.busy_s = 2.0;
  other.syn_retransmits = 3;
  other.clock_jump_s = 0.1;
  all.merge(other);
  EXPECT_EQ(all.busiest_thread, 0.7);
  EXPECT_EQ(all.busy_s, 3.0);
  EXPECT_EQ(all.syn_retransmits, 3U);
  EXPECT_EQ(all.longest_stall_s, 0.3);
  EXPECT_EQ(all.clock_jump_s, 0.1);
}

}  // namespace
}  // namespace smtpmark::loadgen
