#include "loadgen/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace smtpmark::loadgen {
namespace {

constexpr std::uint64_t kSecondNs = io::kSecond;

// All starts of a share, in seconds.
std::vector<double> starts(const RateCurve& curve, const ArrivalShare& share) {
  std::vector<double> found;
  ArrivalSequence sequence(curve, share);
  for (; sequence.next() != io::kNever && found.size() < 100000; sequence.advance()) {
    found.push_back(static_cast<double>(sequence.next()) / 1e9);
  }
  return found;
}

std::size_t count_between(const std::vector<double>& times, double from, double to) {
  std::size_t count = 0;
  for (const double time : times) count += time >= from && time < to ? 1 : 0;
  return count;
}

TEST(RateCurve, IsTheAreaBelowTheStages) {
  const RateCurve curve({{0.0, 100.0, 10 * kSecondNs}, {100.0, 100.0, 5 * kSecondNs}});
  EXPECT_DOUBLE_EQ(curve.turns_until(0.0), 0.0);
  EXPECT_DOUBLE_EQ(curve.turns_until(5.0), 125.0);
  EXPECT_DOUBLE_EQ(curve.turns_until(10.0), 500.0);
  EXPECT_DOUBLE_EQ(curve.turns_until(15.0), 1000.0);
  EXPECT_DOUBLE_EQ(curve.turns_until(99.0), 1000.0) << "nothing is due behind the last stage";
}

TEST(RateCurve, ItsInverseTellsWhenATurnIsDue) {
  const RateCurve curve(
      {{50.0, 0.0, 4 * kSecondNs}, {0.0, 0.0, kSecondNs}, {0.0, 80.0, 2 * kSecondNs}});
  for (double turns = 0.25; turns < 179.9; turns += 0.25) {
    const double time = curve.time_of(turns);
    EXPECT_NEAR(curve.turns_until(time), turns, 1e-6) << turns;
  }
  EXPECT_LT(curve.time_of(99.999), 4.0);
  EXPECT_GT(curve.time_of(100.001), 5.0) << "no turn is due while the rate is nothing";
  EXPECT_TRUE(std::isinf(curve.time_of(181.0)));
}

TEST(Arrivals, AConstantRateIsEvenlySpaced) {
  const auto found = starts(RateCurve({{200.0, 200.0, kSecondNs}}), {});
  ASSERT_EQ(found.size(), 200U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], static_cast<double>(i) / 200.0, 2e-9);
  }
}

TEST(Arrivals, ARampIsThinInTheBeginningAndDenseAtTheEnd) {
  const auto found = starts(RateCurve({{0.0, 100.0, 10 * kSecondNs}}), {});
  EXPECT_EQ(found.size(), 500U);
  EXPECT_NEAR(static_cast<double>(count_between(found, 0.0, 5.0)), 125.0, 1.0);
}

TEST(Arrivals, StepsAndASpikeHaveTheirRates) {
  const auto found = starts(
      RateCurve(
          {{10.0, 10.0, 2 * kSecondNs}, {300.0, 300.0, kSecondNs}, {10.0, 10.0, 2 * kSecondNs}}),
      {});
  EXPECT_EQ(count_between(found, 0.0, 2.0), 20U);
  EXPECT_EQ(count_between(found, 2.0, 3.0), 300U);
  EXPECT_EQ(count_between(found, 3.0, 5.0), 20U);
}

TEST(Arrivals, ABurstComesAtOnce) {
  ArrivalShare share;
  share.arrivals = Arrivals::kBurst;
  share.burst = 50;
  const auto found = starts(RateCurve({{100.0, 100.0, 2 * kSecondNs}}), share);
  ASSERT_EQ(found.size(), 200U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t burst = i / 50;
    EXPECT_NEAR(found[i], 0.5 * static_cast<double>(burst), 2e-9) << i;
  }
}

TEST(Arrivals, RandomOnesHaveTheMeanAndTheSpreadOfIndependentEvents) {
  ArrivalShare share;
  share.arrivals = Arrivals::kPoisson;
  share.seed = 3;
  const auto found = starts(RateCurve({{1000.0, 1000.0, 40 * kSecondNs}}), share);
  EXPECT_NEAR(static_cast<double>(found.size()), 40000.0, 4.0 * std::sqrt(40000.0));
  // In an interval their number scatters as its mean: here 100 in each tenth of a second.
  double sum_of_squares = 0.0;
  for (int i = 0; i < 400; ++i) {
    const auto count = static_cast<double>(count_between(found, i / 10.0, (i + 1) / 10.0));
    sum_of_squares += (count - 100.0) * (count - 100.0);
  }
  EXPECT_NEAR(sum_of_squares / 400.0, 100.0, 30.0);
}

TEST(Arrivals, TheSameSeedGivesTheSameStarts) {
  const RateCurve curve({{0.0, 500.0, kSecondNs}});
  ArrivalShare share;
  share.arrivals = Arrivals::kPoisson;
  const auto first = starts(curve, share);
  EXPECT_EQ(first, starts(curve, share));
  share.number = 1;
  EXPECT_NE(first, starts(curve, share)) << "another class has its own";
  share.number = 0;
  share.seed = 2;
  EXPECT_NE(first, starts(curve, share));
}

TEST(Arrivals, SharesOfClassesAndThreadsAddUpToTheLoad) {
  const RateCurve curve({{0.0, 400.0, kSecondNs}, {400.0, 400.0, kSecondNs}});
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kBurst, Arrivals::kPoisson}) {
    std::size_t total = 0;
    std::uint32_t number = 0;
    for (const double part : {0.7, 0.2, 0.1}) {
      std::size_t of_class = 0;
      for (std::uint32_t thread = 0; thread < 3; ++thread) {
        of_class += starts(curve, {arrivals, 20, part, 3, thread, 1, number}).size();
      }
      ++number;
      total += of_class;
      const double slack = arrivals == Arrivals::kPoisson ? 4.0 * std::sqrt(600.0 * part) : 1.0;
      EXPECT_NEAR(static_cast<double>(of_class), 600.0 * part, slack);
    }
    EXPECT_NEAR(static_cast<double>(total), 600.0, arrivals == Arrivals::kPoisson ? 100.0 : 2.0);
  }
}

TEST(Arrivals, WhatIsDueIsCountedAsItWouldBeGiven) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  const RateCurve curve({{0.0, 400.0, kSecondNs}, {30.0, 30.0, 5 * kSecondNs}});
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kBurst, Arrivals::kPoisson}) {
    for (std::uint32_t thread = 0; thread < 2; ++thread) {
      const ArrivalShare share{arrivals, 7, 0.3, 2, thread, 1, 0};
      ArrivalSequence sequence(curve, share);
      for (int skip = 0; skip < 11; ++skip) {
        const TimeNs next = sequence.next();
        for (TimeNs time = 0; time < 7 * kSecondNs; time += 331'000'000) {
          ArrivalSequence walk = sequence;
          std::uint64_t due = 0;
          for (; walk.next() < time; walk.advance()) ++due;
          ASSERT_EQ(sequence.due_before(time, kAll), due) << to_string(arrivals) << " at " << time;
          ASSERT_EQ(sequence.due_before(time, 3), std::min<std::uint64_t>(due, 3));
          ASSERT_EQ(sequence.next(), next) << "counting takes nothing";
        }
        sequence.advance();
      }
    }
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
