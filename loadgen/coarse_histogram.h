// Latencies of one second, coarse enough to keep one for each second of a run.
#ifndef SMTPMARK_LOADGEN_COARSE_HISTOGRAM_H_
#define SMTPMARK_LOADGEN_COARSE_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace smtpmark::loadgen {

// Eight buckets an octave, so within an eighth; from 1 us up. What is longer than 71 minutes counts
// as that. Never allocates.
class CoarseHistogram {
 public:
  void record(std::uint64_t value_ns) noexcept {
    ++counts_[index_of(std::min<std::uint64_t>(value_ns / 1000, UINT32_MAX))];
  }

  void merge(const CoarseHistogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }

  std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const std::uint32_t count : counts_) all += count;
    return all;
  }

  // The highest value of the bucket with the sample at `percentile` (0 to 100); 0 without samples.
  std::uint64_t percentile_us(double percentile) const noexcept {
    const double wanted = static_cast<double>(count()) * percentile / 100.0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return highest_of(i);
    }
    return 0;
  }

 private:
  static constexpr int kPrecisionBits = 4;  // 16 values are exact, then 8 buckets an octave
  static constexpr std::size_t kHalf = std::size_t{1} << (kPrecisionBits - 1);

  static constexpr std::size_t index_of(std::uint64_t us) noexcept {
    const int shift = std::max(0, static_cast<int>(std::bit_width(us)) - kPrecisionBits);
    return (static_cast<std::size_t>(shift) * kHalf) + (us >> shift);
  }
  static constexpr std::uint64_t highest_of(std::size_t index) noexcept {
    if (index < 2 * kHalf) return index;
    const std::size_t shift = index / kHalf - 1;
    return ((index - shift * kHalf + 1) << shift) - 1;
  }

  std::array<std::uint32_t, 30 * kHalf> counts_{};
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COARSE_HISTOGRAM_H_
