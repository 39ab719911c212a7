#include "loadgen/turn_gate.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

TEST(TurnGate, AClosedLoopGivesTurnsUntilTheEnd) {
  const std::atomic<bool> stop{false};
  TurnGate gate({}, 100, 200, stop);
  EXPECT_EQ(gate.take(150)->intended, 0U);
  EXPECT_TRUE(gate.take(199).has_value());
  EXPECT_FALSE(gate.take(200).has_value());
}

TEST(TurnGate, GivesNoMoreThanItsShare) {
  const std::atomic<bool> stop{false};
  TurnShare share;
  share.turns = 3;
  TurnGate gate(share, 0, io::kNever, stop);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.take(1).has_value());
  EXPECT_FALSE(gate.take(1).has_value());
  EXPECT_FALSE(gate.ended(1)) << "those that were given may still be begun";
}

TEST(TurnGate, AStopEndsIt) {
  std::atomic<bool> stop{false};
  TurnGate gate({}, 0, io::kNever, stop);
  EXPECT_TRUE(gate.take(1).has_value());
  stop = true;
  EXPECT_FALSE(gate.take(1).has_value());
  EXPECT_TRUE(gate.ended(1));
}

TEST(TurnGate, AnOpenLoopPlansEachStartHoweverLateItIsAsked) {
  const std::atomic<bool> stop{false};
  TurnShare share;
  share.interval_ns = 1e9 / 3.0;  // three a second: no whole number of nanoseconds
  share.offset_ns = 7.0;
  TurnGate gate(share, 1000, 1000 + 100 * io::kSecond, stop);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto turn = gate.take(1000 + 99 * io::kSecond);
    ASSERT_TRUE(turn.has_value());
    const double exact = 1007.0 + static_cast<double>(i) * 1e9 / 3.0;
    EXPECT_NEAR(static_cast<double>(turn->intended), exact, 1.0);
  }
  EXPECT_FALSE(gate.take(1000).has_value()) << "the 301st would start behind the end";
}

}  // namespace
}  // namespace smtpmark::loadgen
