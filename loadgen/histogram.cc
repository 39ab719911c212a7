#include "loadgen/histogram.h"

#include <cmath>

namespace smtpmark::loadgen {

void Histogram::merge(const Histogram& other) noexcept {
  if (other.count_ == 0) return;
  counts_.resize(kBuckets);
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  overflow_ += other.overflow_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

Histogram Histogram::restored(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& buckets,
                              std::uint64_t min_ns, std::uint64_t max_ns, double mean_ns,
                              std::uint64_t overflow) {
  Histogram histogram;
  if (buckets.empty()) return histogram;
  histogram.counts_.resize(kBuckets);
  for (const auto& [highest_ns, count] : buckets) {
    histogram.counts_[index_of(std::min(highest_ns, kHighest))] += count;
    histogram.count_ += count;
  }
  histogram.sum_ns_ = static_cast<std::uint64_t>(mean_ns * static_cast<double>(histogram.count_));
  histogram.min_ns_ = min_ns;
  histogram.max_ns_ = max_ns;
  histogram.overflow_ = overflow;
  return histogram;
}

std::uint64_t Histogram::percentile_ns(double percentile) const noexcept {
  if (count_ == 0) return 0;
  const double exact_rank = std::ceil(percentile / 100.0 * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact_rank), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(highest_of(i), max_ns_);
  }
  return max_ns_;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) filled.emplace_back(highest_of(i), counts_[i]);
  }
  return filled;
}

}  // namespace smtpmark::loadgen
