#include "loadgen/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

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

double least_rank_test(std::size_t repeats) {
  double orders = 1.0;  // ways to choose `repeats` of twice as many
  for (std::size_t i = 1; i <= repeats; ++i) {
    orders *= static_cast<double>(repeats + i) / static_cast<double>(i);
  }
  return std::min(1.0, 2.0 / orders);
}

}  // namespace smtpmark::loadgen
