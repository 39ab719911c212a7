// Latencies in log-bucketed counters, three significant digits.
#ifndef SMTPMARK_LOADGEN_HISTOGRAM_H_
#define SMTPMARK_LOADGEN_HISTOGRAM_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace smtpmark::loadgen {

// The layout of an HdrHistogram of three significant digits with a lowest discernible value of 1:
// exact below 2048 ns, within 0.1 % up to one hour. A longer time is counted as overflow() and as
// one hour, so that no sample is lost.
class Histogram {
 public:
  static constexpr std::uint64_t kHighest = 3'600ULL * 1'000'000'000;  // ns

  // Allocates with the first sample and never again.
  void record(std::uint64_t value_ns) noexcept {
    if (counts_.empty()) [[unlikely]]
      counts_.resize(kBuckets);
    if (value_ns > kHighest) {
      ++overflow_;
      value_ns = kHighest;
    }
    ++counts_[index_of(value_ns)];
    ++count_;
    sum_ns_ += value_ns;
    min_ns_ = std::min(min_ns_, value_ns);
    max_ns_ = std::max(max_ns_, value_ns);
  }

  // What buckets() gave, with the figures that it does not hold.
  static Histogram restored(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& buckets,
                            std::uint64_t min_ns, std::uint64_t max_ns, double mean_ns,
                            std::uint64_t overflow);

  // Exact: the same as if all samples had been recorded here.
  void merge(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t overflow() const noexcept { return overflow_; }
  std::uint64_t min_ns() const noexcept { return count_ == 0 ? 0 : min_ns_; }
  std::uint64_t max_ns() const noexcept { return max_ns_; }
  double mean_ns() const noexcept {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
  }
  // The highest value that is equivalent, within the precision, to the sample at `percentile` (0 to
  // 100). 0 without samples.
  std::uint64_t percentile_ns(double percentile) const noexcept;

  // Buckets that hold samples: the highest value that falls into each, and how many did.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> buckets() const;

  // All buckets by index_of(); none without samples.
  const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }

  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kPrecisionBits);
    return (static_cast<std::size_t>(shift) << (kPrecisionBits - 1)) + (value >> shift);
  }
  static constexpr std::uint64_t highest_of(std::size_t index) noexcept {
    constexpr std::size_t kHalf = std::size_t{1} << (kPrecisionBits - 1);
    if (index < 2 * kHalf) return index;
    const std::size_t shift = index / kHalf - 1;
    const std::uint64_t lowest = static_cast<std::uint64_t>(index - shift * kHalf) << shift;
    return lowest + (std::uint64_t{1} << shift) - 1;
  }

 private:
  static constexpr int kPrecisionBits = 11;  // 2048 sub-buckets

  static constexpr std::size_t kBuckets =
      (std::size_t{std::bit_width(kHighest) - kPrecisionBits} << (kPrecisionBits - 1)) +
      (kHighest >> (std::bit_width(kHighest) - kPrecisionBits)) + 1;

  std::vector<std::uint64_t> counts_;  // kBuckets, or none before the first sample
  std::uint64_t count_ = 0;
  std::uint64_t overflow_ = 0;
  std::uint64_t sum_ns_ = 0;
  std::uint64_t min_ns_ = UINT64_MAX;
  std::uint64_t max_ns_ = 0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_HISTOGRAM_H_
