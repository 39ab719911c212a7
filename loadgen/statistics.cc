#include "loadgen/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>

namespace smtpmark::loadgen {

namespace {

constexpr std::size_t kDraws = 2000;
constexpr std::size_t kExactUpTo = 20;  // values on a side

struct RankSums {
  double u = 0.0;     // pairs in which the fresh value is the greater one; a tie counts half
  double ties = 0.0;  // sum of t^3 - t over the groups of equal values
};

RankSums rank(const Sample& base, const Sample& fresh) {
  RankSums sums;
  for (const double b : base) {
    for (const double f : fresh) sums.u += f > b ? 1.0 : f == b ? 0.5 : 0.0;
  }
  Sample all = base;
  all.insert(all.end(), fresh.begin(), fresh.end());
  std::sort(all.begin(), all.end());
  for (auto group = all.begin(); group != all.end();) {
    const auto end = std::upper_bound(group, all.end(), *group);
    const auto size = static_cast<double>(end - group);
    sums.ties += size * size * size - size;
    group = end;
  }
  return sums;
}

// How many of the orders of `m` and `n` values give each u, as shares of all of them.
Sample distribution_of_u(std::size_t m, std::size_t n) {
  // orders[k][u]: of k values of one side among those of the other, seen one by one.
  std::vector<Sample> orders(m + 1, Sample(m * n + 1, 0.0));
  orders[0][0] = 1.0;
  for (std::size_t seen = 1; seen <= m + n; ++seen) {
    for (std::size_t k = std::min(seen, m); k > 0; --k) {
      const std::size_t before = seen - k;  // values of the other side that are smaller
      if (before > n) continue;
      for (std::size_t u = m * n + 1; u-- > before;) orders[k][u] += orders[k - 1][u - before];
    }
  }
  double total = 0.0;
  for (const double count : orders[m]) total += count;
  for (double& count : orders[m]) count /= total;
  return orders[m];
}

double exact_p(double u, std::size_t m, std::size_t n) {
  const Sample shares = distribution_of_u(m, n);
  const double lesser = std::min(u, static_cast<double>(m * n) - u);
  double tail = 0.0;
  for (std::size_t i = 0; static_cast<double>(i) <= lesser; ++i) tail += shares[i];
  return std::min(1.0, 2.0 * tail);
}

double approximate_p(const RankSums& sums, double m, double n) {
  const double all = m + n;
  const double variance = m * n / 12.0 * (all + 1.0 - sums.ties / (all * (all - 1.0)));
  if (variance <= 0.0) return 1.0;  // all values are equal
  const double distance = std::max(0.0, std::abs(sums.u - m * n / 2.0) - 0.5);
  return std::erfc(distance / std::sqrt(2.0 * variance));
}

double log_sum(const Block& block) {
  double sum = 0.0;
  for (const double value : block.base) sum += std::log(value);
  for (const double value : block.fresh) sum += std::log(value);
  return sum;
}

// Ranks are doubled, so that those of equal values are whole numbers too.
struct RankedBlock {
  std::vector<std::size_t> ranks;  // of both sides
  std::size_t fresh = 0;           // how many of them are of the fresh side
};

struct RankedBlocks {
  std::vector<RankedBlock> blocks;
  std::size_t fresh_count = 0;
  double fresh_sum = 0.0;
};

RankedBlocks aligned_ranks(const Blocks& blocks) {
  Sample all;
  for (const Block& block : blocks) {
    const double mean =
        log_sum(block) / static_cast<double>(block.base.size() + block.fresh.size());
    for (const double value : block.base) all.push_back(std::log(value) - mean);
    for (const double value : block.fresh) all.push_back(std::log(value) - mean);
  }
  Sample sorted = all;
  std::sort(sorted.begin(), sorted.end());
  const auto rank_of = [&](double value) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    return static_cast<std::size_t>((first - sorted.begin()) + (last - sorted.begin()) + 1);
  };
  RankedBlocks ranked;
  std::size_t at = 0;
  for (const Block& block : blocks) {
    RankedBlock& one = ranked.blocks.emplace_back();
    one.fresh = block.fresh.size();
    ranked.fresh_count += one.fresh;
    for (std::size_t i = 0; i < block.base.size() + one.fresh; ++i) {
      one.ranks.push_back(rank_of(all[at++]));
      if (i >= block.base.size()) ranked.fresh_sum += static_cast<double>(one.ranks.back());
    }
  }
  return ranked;
}

// The sums of ranks that the fresh side could have had in a block, one for each way to choose it.
std::vector<std::size_t> possible_sums(const RankedBlock& block) {
  std::vector<std::size_t> sums;
  std::vector<bool> chosen(block.ranks.size(), false);
  std::fill_n(chosen.begin(), block.fresh, true);
  do {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < chosen.size(); ++i) sum += chosen[i] ? block.ranks[i] : 0;
    sums.push_back(sum);
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  return sums;
}

double exact_p(const RankedBlocks& ranked) {
  Sample shares{1.0};  // of each sum over the blocks so far
  for (const RankedBlock& block : ranked.blocks) {
    const std::vector<std::size_t> sums = possible_sums(block);
    Sample next(shares.size() + *std::max_element(sums.begin(), sums.end()), 0.0);
    for (const std::size_t sum : sums) {
      for (std::size_t i = 0; i < shares.size(); ++i) {
        next[i + sum] += shares[i] / static_cast<double>(sums.size());
      }
    }
    shares = std::move(next);
  }
  double below = 0.0;
  double above = 0.0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (static_cast<double>(i) <= ranked.fresh_sum) below += shares[i];
    if (static_cast<double>(i) >= ranked.fresh_sum) above += shares[i];
  }
  return std::min(1.0, 2.0 * std::min(below, above));
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(const RankedBlock& block) {
  const std::vector<std::size_t> sums = possible_sums(block);
  Moments moments;
  for (const std::size_t sum : sums) moments.mean += static_cast<double>(sum);
  moments.mean /= static_cast<double>(sums.size());
  for (const std::size_t sum : sums) {
    const double distance = static_cast<double>(sum) - moments.mean;
    moments.variance += distance * distance;
  }
  moments.variance /= static_cast<double>(sums.size());
  return moments;
}

double median_in_place(Sample& sample) {
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::nth_element(sample.begin(), middle, sample.end());
  if (sample.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(sample.begin(), middle)) / 2.0;
}

}  // namespace

double median_of(Sample sample) {
  return sample.empty() ? 0.0 : median_in_place(sample);
}

Interval ratio_interval(const Sample& base, const Sample& fresh) {
  if (base.empty() || fresh.empty() || !(median_of(base) > 0.0)) return {};
  std::mt19937_64 random(5321);
  Sample drawn;
  const auto draw = [&](const Sample& from) {
    drawn.clear();
    for (std::size_t i = 0; i < from.size(); ++i) drawn.push_back(from[random() % from.size()]);
    return median_in_place(drawn);
  };
  Sample ratios;
  ratios.reserve(kDraws);
  while (ratios.size() < kDraws) {
    const double below = draw(base);
    const double above = draw(fresh);
    if (below > 0.0) ratios.push_back(above / below);
  }
  std::sort(ratios.begin(), ratios.end());
  return {ratios[kDraws / 40], ratios[kDraws - 1 - kDraws / 40]};
}

double rank_test(const Sample& base, const Sample& fresh) {
  if (base.empty() || fresh.empty()) return 1.0;
  const RankSums sums = rank(base, fresh);
  if (sums.ties == 0.0 && std::max(base.size(), fresh.size()) <= kExactUpTo) {
    return exact_p(sums.u, base.size(), fresh.size());
  }
  return approximate_p(sums, static_cast<double>(base.size()), static_cast<double>(fresh.size()));
}

Block without_drift(const Blocks& blocks) {
  double level = 0.0;  // logarithm of the geometric mean of all
  std::size_t count = 0;
  for (const Block& block : blocks) {
    level += log_sum(block);
    count += block.base.size() + block.fresh.size();
  }
  level /= static_cast<double>(count);
  // A block's own mean takes a part of the spread along with the drift.
  const double stretch = std::sqrt(static_cast<double>(count) /
                                   static_cast<double>(count - std::min(count - 1, blocks.size())));
  Block logs;
  for (const Block& block : blocks) {
    const double mean =
        log_sum(block) / static_cast<double>(block.base.size() + block.fresh.size());
    for (const double value : block.base) logs.base.push_back(std::log(value) - mean);
    for (const double value : block.fresh) logs.fresh.push_back(std::log(value) - mean);
  }
  const auto place = [&](Sample& side) {
    const double middle = median_of(side);
    for (double& value : side) value = std::exp(level + middle + (value - middle) * stretch);
  };
  place(logs.base);
  place(logs.fresh);
  return logs;
}

double aligned_rank_test(const Blocks& blocks) {
  const RankedBlocks ranked = aligned_ranks(blocks);
  if (ranked.blocks.empty()) return 1.0;
  if (ranked.fresh_count <= kExactUpTo) return exact_p(ranked);
  double mean = 0.0;
  double variance = 0.0;
  for (const RankedBlock& block : ranked.blocks) {
    const Moments moments = moments_of(block);
    mean += moments.mean;
    variance += moments.variance;
  }
  if (variance <= 0.0) return 1.0;
  const double distance = std::max(0.0, std::abs(ranked.fresh_sum - mean) - 1.0);
  return std::erfc(distance / std::sqrt(2.0 * variance));
}

double least_aligned_rank_test(const Blocks& blocks) {
  double orders = 1.0;
  for (const Block& block : blocks) {
    orders *= 2.0 / least_rank_test(block.base.size());
  }
  return blocks.empty() ? 1.0 : std::min(1.0, 2.0 / orders);
}

double least_rank_test(std::size_t repeats) {
  double orders = 1.0;  // ways to choose `repeats` of twice as many
  for (std::size_t i = 1; i <= repeats; ++i) {
    orders *= static_cast<double>(repeats + i) / static_cast<double>(i);
  }
  return std::min(1.0, 2.0 / orders);
}

}  // namespace smtpmark::loadgen
