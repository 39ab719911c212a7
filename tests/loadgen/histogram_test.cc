#include "loadgen/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace smtpmark::loadgen {
namespace {

TEST(Histogram, EachValueFallsIntoTheBucketThatEndsAtOrAboveIt) {
  std::size_t previous = 0;
  for (std::uint64_t value = 0; value < 100000; ++value) {
    const std::size_t index = Histogram::index_of(value);
    EXPECT_GE(Histogram::highest_of(index), value);
    EXPECT_TRUE(index == previous || index == previous + 1) << value;
    if (index > 0) {
      EXPECT_LT(Histogram::highest_of(index - 1), value);
    }
    previous = index;
  }
}

TEST(Histogram, KeepsThreeSignificantDigitsUpToAnHour) {
  for (std::uint64_t value = 1; value < Histogram::kHighest; value = value * 5 / 4 + 1) {
    const std::uint64_t highest = Histogram::highest_of(Histogram::index_of(value));
    EXPECT_LE(static_cast<double>(highest - value), static_cast<double>(value) / 1000.0) << value;
  }
}

TEST(Histogram, PercentilesAreThoseOfTheSortedSamples) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(13.0, 1.5);
  Histogram histogram;
  std::vector<std::uint64_t> samples;
  for (int i = 0; i < 20000; ++i) {
    samples.push_back(static_cast<std::uint64_t>(latency(random)));
    histogram.record(samples.back());
  }
  std::sort(samples.begin(), samples.end());
  for (const double percentile : {0.1, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percentile / 100.0 * 20000.0));
    const std::uint64_t exact = samples[std::max<std::size_t>(rank, 1) - 1];
    const std::uint64_t reported = histogram.percentile_ns(percentile);
    EXPECT_GE(reported, exact);
    EXPECT_LE(static_cast<double>(reported), static_cast<double>(exact) * 1.001);
  }
  EXPECT_EQ(histogram.min_ns(), samples.front());
  EXPECT_EQ(histogram.max_ns(), samples.back());
}

TEST(Histogram, MergingIsTheSameAsRecordingInOne) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? a : b).record(i * i * 977);
    both.record(i * i * 977);
  }
  a.merge(b);
  EXPECT_EQ(a.buckets(), both.buckets());
  EXPECT_EQ(a.count(), 1000U);
  EXPECT_EQ(a.min_ns(), both.min_ns());
  EXPECT_EQ(a.max_ns(), both.max_ns());
  EXPECT_DOUBLE_EQ(a.mean_ns(), both.mean_ns());
}

TEST(Histogram, LosesNoSampleBeyondItsRange) {
  Histogram histogram;
  histogram.record(Histogram::kHighest);
  histogram.record(Histogram::kHighest + 1);
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.overflow(), 2U);
  EXPECT_EQ(histogram.max_ns(), Histogram::kHighest);
}

TEST(Histogram, MergingWithAnEmptyOneChangesNothing) {
  Histogram a;
  a.merge(Histogram());
  EXPECT_TRUE(a.buckets().empty());
  a.record(5);
  a.merge(Histogram());
  Histogram b;
  b.merge(a);
  EXPECT_EQ(b.buckets(), a.buckets());
  EXPECT_EQ(b.min_ns(), 5U);
}

TEST(Histogram, IsRestoredFromItsBuckets) {
  Histogram histogram;
  for (std::uint64_t i = 1; i < 2000; ++i) histogram.record(i * i * 1009);
  histogram.record(UINT64_MAX);
  const Histogram again =
      Histogram::restored(histogram.buckets(), histogram.min_ns(), histogram.max_ns(),
                          histogram.mean_ns(), histogram.overflow());
  EXPECT_EQ(again.counts(), histogram.counts());
  EXPECT_EQ(again.count(), histogram.count());
  EXPECT_EQ(again.min_ns(), histogram.min_ns());
  EXPECT_EQ(again.max_ns(), histogram.max_ns());
  EXPECT_EQ(again.overflow(), 1U);
  EXPECT_NEAR(again.mean_ns(), histogram.mean_ns(), 1.0);
  for (const double percentile : {1.0, 50.0, 99.9}) {
    EXPECT_EQ(again.percentile_ns(percentile), histogram.percentile_ns(percentile));
  }
  EXPECT_EQ(Histogram::restored({}, 0, 0, 0.0, 0).count(), 0U);
}

TEST(Histogram, AnEmptyOneIsAllZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile_ns(99.0), 0U);
  EXPECT_EQ(histogram.min_ns(), 0U);
  EXPECT_EQ(histogram.max_ns(), 0U);
  EXPECT_EQ(histogram.mean_ns(), 0.0);
  EXPECT_TRUE(histogram.buckets().empty());
}

}  // namespace
}  // namespace smtpmark::loadgen
