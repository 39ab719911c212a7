// What a few repeats of a measurement say, and how sure that is.
#ifndef SMTPMARK_LOADGEN_STATISTICS_H_
#define SMTPMARK_LOADGEN_STATISTICS_H_

#include <cstddef>
#include <vector>

namespace smtpmark::loadgen {

using Sample = std::vector<double>;

// 0 of an empty sample.
double median_of(Sample sample);

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

// The 95 % interval of the ratio of the medians, `fresh` / `base`: percentile bootstrap, both sides
// drawn anew 2,000 times, by the same random numbers in every call. {0, 0} when a side is empty or
// the median of `base` is not positive.
Interval ratio_interval(const Sample& base, const Sample& fresh);

// The two-sided probability that two samples of one distribution are ranked at least as far apart
// as these (Mann and Whitney). Exact without ties up to 20 values a side, else by the normal
// approximation with its corrections for ties and continuity. 1 when a side is empty.
double rank_test(const Sample& base, const Sample& fresh);

// The least that rank_test() can return for `repeats` values on each side.
double least_rank_test(std::size_t repeats);

// Repeats that were made one after the other, as many of each side. A machine that gets slower or
// faster with time hits neighbours alike, so they are compared with each other.
struct Block {
  Sample base;
  Sample fresh;
};
using Blocks = std::vector<Block>;

// Each value relative to its block, in units of all: what scatters then does not contain the drift
// from block to block, and is spread as single values without a drift are. All must be positive.
Block without_drift(const Blocks& blocks);

// As rank_test(), of ranks behind without_drift() and against all ways to share out the sides
// within each block (Hodges and Lehmann's aligned ranks): a drift takes nothing from it. By the
// normal approximation above 20 values a side.
double aligned_rank_test(const Blocks& blocks);

// The least that aligned_rank_test() can return for blocks like these.
double least_aligned_rank_test(const Blocks& blocks);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_STATISTICS_H_
