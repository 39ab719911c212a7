#include "loadgen/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace smtpmark::loadgen {
namespace {

TEST(Statistics, TheMedianOfAnEvenSampleLiesBetweenItsMiddles) {
  EXPECT_EQ(median_of({}), 0.0);
  EXPECT_EQ(median_of({3.0}), 3.0);
  EXPECT_EQ(median_of({9.0, 1.0, 5.0}), 5.0);
  EXPECT_EQ(median_of({4.0, 1.0, 3.0, 2.0}), 2.5);
}

// Tables of the exact distribution: Mann and Whitney, Ann. Math. Statist. 18 (1947).
TEST(Statistics, TheRankTestIsExactForSmallSamples) {
  EXPECT_NEAR(rank_test({1, 2, 3}, {4, 5, 6}), 2.0 / 20, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 3, 4}, {5, 6, 7, 8}), 2.0 / 70, 1e-12);
  EXPECT_NEAR(rank_test({5, 6, 7, 8}, {1, 2, 3, 4}), 2.0 / 70, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 3, 5}, {4, 6, 7, 8}), 4.0 / 70, 1e-12);
  EXPECT_NEAR(rank_test({1, 2, 4}, {3, 5, 6, 7}), 4.0 / 35, 1e-12);
}

TEST(Statistics, TheRankTestAllowsForTies) {
  EXPECT_EQ(rank_test({7, 7, 7}, {7, 7, 7}), 1.0);
  // By hand: u = 24.5 of 25, five pairs of equals: variance 25/12 (11 - 30/90) = 22.22, z = 2.44.
  EXPECT_NEAR(rank_test({1, 1, 2, 2, 3}, {3, 4, 4, 5, 5}), 0.0147, 0.0001);
}

TEST(Statistics, TheApproximationAgreesWithTheExactTest) {
  Sample base;
  Sample fresh;
  for (int i = 0; i < 20; ++i) {
    base.push_back(i * 2.0);
    fresh.push_back(i * 2.0 + 9.0);
  }
  const double exact = rank_test(base, fresh);
  fresh.push_back(fresh[10] + 0.01);  // 21 values: no longer exact
  EXPECT_NEAR(rank_test(base, fresh), exact, 0.01);
}

TEST(Statistics, FewRepeatsCanProveLittle) {
  EXPECT_EQ(least_rank_test(1), 1.0);
  EXPECT_NEAR(least_rank_test(3), 0.1, 1e-12);
  EXPECT_NEAR(least_rank_test(5), 2.0 / 252, 1e-12);
}

TEST(Statistics, TheIntervalHoldsTheTrueRatioAndNarrowsWithRepeats) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> noise(0.0, 0.02);
  const auto sample = [&](std::size_t size, double level) {
    Sample values;
    while (values.size() < size) values.push_back(level * noise(random));
    return values;
  };
  int held = 0;
  for (int i = 0; i < 100; ++i) {
    const Interval interval = ratio_interval(sample(10, 100.0), sample(10, 90.0));
    held += interval.low <= 0.9 && 0.9 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(held, 88);
  const Interval few = ratio_interval(sample(5, 100.0), sample(5, 100.0));
  const Interval many = ratio_interval(sample(80, 100.0), sample(80, 100.0));
  EXPECT_LT(many.high - many.low, few.high - few.low);
}

TEST(Statistics, TheAlignedTestRanksWithinBlocks) {
  // Two of four: 6 ways in a block. The level of a block does not count.
  EXPECT_NEAR(aligned_rank_test({{{1, 2}, {3, 4}}}), 2.0 / 6, 1e-12);
  EXPECT_NEAR(aligned_rank_test({{{1, 2}, {3, 4}}, {{1000, 2000}, {3000, 4000}}}), 2.0 / 36, 1e-12);
  EXPECT_NEAR(aligned_rank_test({{{3, 4}, {1, 2}}, {{3000, 4000}, {1000, 2000}}}), 2.0 / 36, 1e-12);
  EXPECT_EQ(aligned_rank_test({{{1, 4}, {2, 2}}}), 1.0);
  EXPECT_EQ(aligned_rank_test({{{5, 5}, {5, 5}}}), 1.0);
  EXPECT_EQ(aligned_rank_test({}), 1.0);
  EXPECT_NEAR(least_aligned_rank_test({{{1, 1}, {1, 1}}, {{1, 1, 1}, {1, 1, 1}}}), 2.0 / 120,
              1e-12);
}

// Blocks of a machine that drifts by a third, on which the fresh side has `ratio`.
Blocks drifting_blocks(std::size_t count, double ratio, std::mt19937_64& random) {
  std::lognormal_distribution<double> noise(0.0, 0.02);
  Blocks blocks;
  for (std::size_t i = 0; i < count; ++i) {
    const double level = 100.0 + 30.0 * std::sin(static_cast<double>(i));
    Block& block = blocks.emplace_back();
    for (int k = 0; k < 2; ++k) {
      block.base.push_back(level * noise(random));
      block.fresh.push_back(level * ratio * noise(random));
    }
  }
  return blocks;
}

TEST(Statistics, TheApproximationOfTheAlignedTestAgreesWithTheExactOne) {
  std::mt19937_64 random(7);
  double most = 0.0;
  for (int i = 0; i < 20; ++i) {
    Blocks blocks = drifting_blocks(10, 0.985, random);
    const double exact = aligned_rank_test(blocks);
    blocks.push_back({{50.0}, {50.0}});  // 21 values: no longer exact
    most = std::max(most, std::abs(aligned_rank_test(blocks) - exact));
  }
  EXPECT_LT(most, 0.05);
}

TEST(Statistics, TheAlignedTestIsRarelyWrongAndSeesThroughADrift) {
  std::mt19937_64 random(11);
  int alarms = 0;
  int found = 0;
  int found_unaligned = 0;
  for (int i = 0; i < 400; ++i) {
    alarms += aligned_rank_test(drifting_blocks(5, 1.0, random)) <= 0.05 ? 1 : 0;
    const Blocks slow = drifting_blocks(5, 0.95, random);
    found += aligned_rank_test(slow) <= 0.01 ? 1 : 0;
    Block all;
    for (const Block& block : slow) {
      all.base.insert(all.base.end(), block.base.begin(), block.base.end());
      all.fresh.insert(all.fresh.end(), block.fresh.begin(), block.fresh.end());
    }
    found_unaligned += rank_test(all.base, all.fresh) <= 0.01 ? 1 : 0;
  }
  EXPECT_LE(alarms, 30);  // of 400 at 5 %
  EXPECT_GE(found, 380);
  EXPECT_LE(found_unaligned, 20);
}

TEST(Statistics, WithoutDriftTheIntervalHoldsTheTrueRatio) {
  std::mt19937_64 random(13);
  int held = 0;
  for (int i = 0; i < 200; ++i) {
    const Block aligned = without_drift(drifting_blocks(5, 0.9, random));
    const Interval interval = ratio_interval(aligned.base, aligned.fresh);
    held += interval.low <= 0.9 && 0.9 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(held, 176);
}

TEST(Statistics, NoBaseIsNoRatio) {
  EXPECT_EQ(ratio_interval({}, {1.0}).high, 0.0);
  EXPECT_EQ(ratio_interval({0.0, 0.0}, {1.0}).high, 0.0);
}

}  // namespace
}  // namespace smtpmark::loadgen
