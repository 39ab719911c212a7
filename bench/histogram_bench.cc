// One sample into a histogram, and one into the figures of a thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "loadgen/metrics.h"

namespace smtpmark::loadgen {
namespace {

// Latencies as a run has them: around 1 ms, with a long tail.
const std::vector<std::uint64_t>& latencies() {
  static const std::vector<std::uint64_t> made = [] {
    std::mt19937_64 random(1);
    std::lognormal_distribution<double> latency(13.8, 0.8);
    std::vector<std::uint64_t> values(4096);
    for (std::uint64_t& value : values) value = static_cast<std::uint64_t>(latency(random));
    return values;
  }();
  return made;
}

void require(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "histogram_bench: not so: %s\n", claim);
  std::exit(1);
}

// What is timed gives the right answer.
void check(const Histogram& histogram, std::uint64_t samples) {
  std::vector<std::uint64_t> sorted = latencies();
  std::sort(sorted.begin(), sorted.end());
  const auto exact = static_cast<double>(sorted[sorted.size() / 2 - 1]);
  const auto median = static_cast<double>(histogram.percentile_ns(50.0));
  require(histogram.count() == samples, "every sample is counted");
  require(median >= exact && median <= exact * 1.001, "the median is that of the sorted samples");
}

void checked_before() {
  Histogram histogram;
  for (const std::uint64_t value : latencies()) histogram.record(value);
  check(histogram, latencies().size());
}

void record(benchmark::State& state) {
  checked_before();
  Histogram histogram;
  std::size_t i = 0;
  for (auto _ : state) {
    histogram.record(latencies()[i++ % 4096]);
    benchmark::DoNotOptimize(histogram);
  }
  require(histogram.count() == static_cast<std::uint64_t>(state.iterations()),
          "every sample is counted");
}
BENCHMARK(record);

// With the window, the choice of the phase, and for whole messages the second.
void record_phase(benchmark::State& state) {
  checked_before();
  Metrics metrics;
  metrics.begin(0, {0, 3600 * io::kSecond}, 1);
  const auto phase = static_cast<Phase>(state.range(0));
  std::size_t i = 0;
  for (auto _ : state) {
    metrics.record(phase, io::kSecond, io::kSecond + latencies()[i++ % 4096]);
    benchmark::DoNotOptimize(metrics);
  }
  require(metrics.histogram(phase).count() == static_cast<std::uint64_t>(state.iterations()),
          "every sample is counted");
}
BENCHMARK(record_phase)
    ->ArgName("phase")
    ->Arg(static_cast<int>(Phase::kMail))
    ->Arg(static_cast<int>(Phase::kMessage));

}  // namespace
}  // namespace smtpmark::loadgen
