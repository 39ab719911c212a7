#include "loadgen/metrics.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

TEST(Metrics, OnlyTheWindowCountsForLatenciesAndRates) {
  Metrics metrics;
  metrics.begin(1000, {2000, 3000}, 1);
  for (const TimeNs when : {1500, 2000, 2999, 3000}) {
    metrics.record(Phase::kMail, 1400, when);
    metrics.count(&Counters::messages_accepted, when);
  }
  EXPECT_EQ(metrics.histogram(Phase::kMail).count(), 2U);
  EXPECT_EQ(metrics.outside(Phase::kMail).count(), 2U);
  EXPECT_EQ(metrics.measured().messages_accepted, 2U);
  EXPECT_EQ(metrics.total().messages_accepted, 4U);
}

TEST(Metrics, EqualErrorsShareARowAndKeepTheFirstSample) {
  Metrics metrics;
  metrics.begin(0, {}, 1);
  metrics.error(5, Phase::kRcpt, "reply", 550, {5, 1, 1}, "550 5.1.1 a");
  metrics.error(6, Phase::kRcpt, "reply", 550, {5, 1, 1}, "550 5.1.1 b");
  metrics.error(7, Phase::kRcpt, "reply", 550, {5, 7, 1}, "550 5.7.1 c");
  metrics.error(8, Phase::kMail, "reply", 550, {5, 1, 1}, "550 5.1.1 d");
  ASSERT_EQ(metrics.errors().size(), 3U);
  EXPECT_EQ(metrics.errors()[0].count, 2U);
  EXPECT_EQ(metrics.errors()[0].sample, "550 5.1.1 a");
  EXPECT_EQ(metrics.total().errors, 4U);
}

TEST(Metrics, SecondsAreCountedFromTheStart) {
  Metrics metrics;
  metrics.begin(10 * io::kSecond, {}, 3);
  ++metrics.second(9 * io::kSecond).messages;  // before the start: the first second
  ++metrics.second(10 * io::kSecond).messages;
  metrics.second(12 * io::kSecond + 1).messages += 5;
  ASSERT_EQ(metrics.seconds().size(), 3U);
  EXPECT_EQ(metrics.seconds()[0].messages, 2U);
  EXPECT_EQ(metrics.seconds()[1].messages, 0U);
  EXPECT_EQ(metrics.seconds()[2].messages, 5U);
}

TEST(Metrics, MergingAddsEverything) {
  Metrics a;
  Metrics b;
  a.begin(0, {}, 1);
  b.begin(0, {}, 1);
  a.record(Phase::kData, 0, 100);
  b.record(Phase::kData, 0, 200);
  b.record(Phase::kQuit, 0, 300);
  a.count(&Counters::messages_accepted, 1, 3);
  b.count(&Counters::messages_accepted, 1, 4);
  a.error(1, Phase::kMail, "reset", 0, {}, "x");
  b.error(1, Phase::kMail, "reset", 0, {}, "y");
  b.error(1, Phase::kQuit, "reset", 0, {}, "z");
  b.second(2 * io::kSecond).octets = 9;
  a.merge(b);
  EXPECT_EQ(a.histogram(Phase::kData).count(), 2U);
  EXPECT_EQ(a.histogram(Phase::kQuit).count(), 1U);
  EXPECT_EQ(a.total().messages_accepted, 7U);
  ASSERT_EQ(a.errors().size(), 2U);
  EXPECT_EQ(a.errors()[0].count, 2U);
  ASSERT_EQ(a.seconds().size(), 3U);
  EXPECT_EQ(a.seconds()[2].octets, 9U);
  EXPECT_EQ(a.total().errors, 3U);
}

TEST(Metrics, OccupancyKnowsItsPeakAndWhoWaited) {
  Metrics a;
  Metrics b;
  a.occupancy().served();
  a.occupancy().left(0, 10, 40);
  a.occupancy().served();
  b.occupancy().served();
  b.occupancy().served();
  b.occupancy().left(0, io::kNever, 30);  // never greeted
  a.merge(b);
  EXPECT_EQ(a.occupancy().peak(), 3U);
  EXPECT_NEAR(a.occupancy().waiting_share(), 40.0 / 70.0, 1e-9);
  EXPECT_EQ(Metrics().occupancy().waiting_share(), 0.0);
}

TEST(Metrics, PhaseNamesAreAllThere) {
  for (const std::string_view name : kPhaseNames) EXPECT_FALSE(name.empty());
  EXPECT_EQ(to_string(Phase::kSession), "session");
}

TEST(Metrics, EachSecondHasItsOwnLatencies) {
  Metrics metrics;
  metrics.begin(0, {}, 2);
  for (int i = 0; i < 99; ++i) metrics.record(Phase::kMessage, 0, 1'000'000);
  metrics.record(Phase::kMessage, 0, 800'000'000);
  metrics.record(Phase::kMessage, 1'000'000'000, 1'005'000'000);
  Metrics other;
  other.begin(0, {}, 2);
  other.record(Phase::kMessage, 1'000'000'000, 1'006'000'000);
  metrics.merge(other);
  ASSERT_EQ(metrics.seconds().size(), 2U);
  EXPECT_NEAR(static_cast<double>(metrics.seconds()[0].messages_us.percentile_us(50)), 1000, 125);
  EXPECT_NEAR(static_cast<double>(metrics.seconds()[0].messages_us.percentile_us(100)), 800e3,
              100e3);
  EXPECT_EQ(metrics.seconds()[1].messages_us.count(), 2U);
}

TEST(CoarseHistogram, IsWithinAnEighth) {
  for (std::uint64_t us = 1; us < 4'000'000'000; us += us / 3 + 1) {
    CoarseHistogram histogram;
    histogram.record(us * 1000 + 999);
    const auto high = static_cast<double>(histogram.percentile_us(99));
    EXPECT_GE(high, static_cast<double>(us));
    EXPECT_LE(high, static_cast<double>(us) * 1.125 + 1.0);
  }
  CoarseHistogram longest;
  longest.record(UINT64_MAX);
  EXPECT_EQ(longest.percentile_us(50), UINT32_MAX);
  EXPECT_EQ(CoarseHistogram().percentile_us(50), 0U);
}

}  // namespace
}  // namespace smtpmark::loadgen
