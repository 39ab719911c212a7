#include "loadgen/turn_gate.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

// A gate and what it needs.
struct Gate {
  Gate(const TurnShare& share, TimeNs start, TimeNs end) : gate(share, start, end, stop, metrics) {}
  std::atomic<bool> stop{false};
  Metrics metrics;
  TurnGate gate;
};

TurnShare share_of(const RateCurve& curve) {
  TurnShare share;
  share.curve = &curve;
  return share;
}

RateCurve constant(double rate_per_s) {
  return RateCurve({{rate_per_s, rate_per_s, 0}});
}

TEST(TurnGate, AClosedLoopGivesTurnsUntilTheEnd) {
  Gate closed({}, 100, 200);
  EXPECT_EQ(closed.gate.take(150)->intended, 0U);
  EXPECT_TRUE(closed.gate.take(199).has_value());
  EXPECT_FALSE(closed.gate.take(200).has_value());
}

TEST(TurnGate, GivesNoMoreThanItsShare) {
  TurnShare share;
  share.turns = 3;
  Gate closed(share, 0, io::kNever);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(closed.gate.take(1).has_value());
  EXPECT_FALSE(closed.gate.take(1).has_value());
  EXPECT_FALSE(closed.gate.ended(1)) << "those that were given may still be begun";
}

TEST(TurnGate, WhereTimeEndsAnOpenLoopItsConnectionsAreHeldUntilThen) {
  const RateCurve curve = constant(10.0);
  TurnShare share = share_of(curve);
  share.turns = 2;
  Gate open(share, 100, 100 + 10 * io::kSecond);
  EXPECT_TRUE(open.gate.take(100).has_value());
  EXPECT_EQ(open.gate.held_until(), 100 + 10 * io::kSecond);
  EXPECT_TRUE(open.gate.take(100).has_value());
  EXPECT_EQ(open.gate.held_until(), 0U) << "their number has ended it";
  share.turns = TurnShare::kUnlimited;
  Gate endless(share, 100, io::kNever);
  EXPECT_EQ(endless.gate.held_until(), 0U);
  Gate closed({}, 100, 200);
  EXPECT_EQ(closed.gate.held_until(), 0U);
}

TEST(TurnGate, AStopEndsIt) {
  Gate closed({}, 0, io::kNever);
  EXPECT_TRUE(closed.gate.take(1).has_value());
  closed.stop = true;
  EXPECT_FALSE(closed.gate.take(1).has_value());
  EXPECT_TRUE(closed.gate.ended(1));
}

TEST(TurnGate, AnOpenLoopPlansEachStartHoweverLateItIsAsked) {
  const RateCurve curve = constant(3.0);  // no whole number of nanoseconds between them
  Gate open(share_of(curve), 1000, 1000 + 100 * io::kSecond);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto turn = open.gate.take(1000 + 99 * io::kSecond);
    ASSERT_TRUE(turn.has_value());
    const double exact = 1000.0 + static_cast<double>(i) * 1e9 / 3.0;
    EXPECT_NEAR(static_cast<double>(turn->intended), exact, 1.0);
  }
  EXPECT_FALSE(open.gate.take(1000).has_value()) << "the 301st would start behind the end";
}

TEST(TurnGate, AQueueKeepsEveryTurnAndCountsWhatIsLeftAtTheEnd) {
  const RateCurve curve = constant(10.0);
  Gate open(share_of(curve), 0, 10 * io::kSecond);
  EXPECT_EQ(open.gate.take(5 * io::kSecond)->intended, 0U);
  EXPECT_EQ(open.gate.take(5 * io::kSecond)->intended, io::kSecond / 10);
  open.gate.close(20 * io::kSecond);
  EXPECT_EQ(open.metrics.total().turns_unstarted, 98U);
  EXPECT_EQ(open.metrics.total().turns_dropped, 0U);
  EXPECT_EQ(open.gate.most_waiting(), 98U);
}

TEST(TurnGate, RandomTurnsThatAreLeftAreCountedOneByOne) {
  const RateCurve curve = constant(1000.0);
  for (const std::uint64_t seed : {1, 2, 3}) {
    TurnShare share = share_of(curve);
    share.arrivals.arrivals = Arrivals::kPoisson;
    share.arrivals.seed = seed;
    std::uint64_t planned = 0;
    for (ArrivalSequence all(curve, share.arrivals); all.next() < io::kSecond; all.advance()) {
      ++planned;
    }
    Gate open(share, 0, io::kSecond);
    std::uint64_t taken = 0;
    for (TimeNs now = 0; now < io::kSecond && open.gate.take(now); now += 3'000'000) ++taken;
    open.gate.close(2 * io::kSecond);
    EXPECT_EQ(taken + open.metrics.total().turns_unstarted, planned);
    EXPECT_NE(planned, 1000U) << "as it would be if it were worked out from the rate";
  }
}

TEST(TurnGate, ABoundedBacklogDropsWhatFindsItFull) {
  const RateCurve curve = constant(10.0);
  TurnShare share = share_of(curve);
  share.policy = BacklogPolicy::kDrop;
  share.backlog = 3;
  Gate open(share, 0, 10 * io::kSecond);
  open.metrics.begin(0, {}, 10);
  EXPECT_EQ(open.gate.take(0)->intended, 0U);
  // Ten more have become due; the first three of them wait, seven have been dropped.
  for (const TimeNs tenth : {1, 2, 3}) {
    EXPECT_EQ(open.gate.take(1'050'000'000)->intended, tenth * io::kSecond / 10);
  }
  EXPECT_EQ(open.metrics.total().turns_dropped, 7U);
  EXPECT_EQ(open.gate.take(1'050'000'000)->intended, 1'100'000'000U) << "the next, not yet due";
  open.gate.close(2'050'000'000);
  EXPECT_EQ(open.metrics.total().turns_dropped, 13U);
  EXPECT_EQ(open.metrics.total().turns_unstarted, 3U);
  EXPECT_EQ(open.gate.most_waiting(), 3U);
}

TEST(TurnGate, WithoutAnyBacklogALateTurnIsDropped) {
  const RateCurve curve = constant(10.0);
  TurnShare share = share_of(curve);
  share.policy = BacklogPolicy::kDrop;
  share.turns = 5;
  Gate open(share, 0, 10 * io::kSecond);
  EXPECT_EQ(open.gate.take(250'000'000)->intended, 300'000'000U);
  EXPECT_EQ(open.metrics.total().turns_dropped, 3U);
  EXPECT_EQ(open.gate.take(310'000'000)->intended, 400'000'000U);
  EXPECT_FALSE(open.gate.take(410'000'000).has_value()) << "dropped turns are of the count too";
}

TEST(TurnGate, ABacklogMayStopTheRun) {
  const RateCurve curve = constant(10.0);
  TurnShare share = share_of(curve);
  share.policy = BacklogPolicy::kStop;
  share.backlog = 3;
  Gate open(share, 0, 10 * io::kSecond);
  EXPECT_TRUE(open.gate.take(250'000'000).has_value()) << "three wait";
  EXPECT_FALSE(open.gate.overrun());
  EXPECT_FALSE(open.gate.take(480'000'000).has_value()) << "four wait";
  EXPECT_TRUE(open.gate.overrun());
  EXPECT_TRUE(open.gate.ended(480'000'000));
}

}  // namespace
}  // namespace smtpmark::loadgen
