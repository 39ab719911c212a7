// Recording allocates nothing behind the first sample of a phase: every allocation of this program
// is counted.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "loadgen/metrics.h"

namespace {

std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace smtpmark::loadgen {
namespace {

constexpr TimeNs kWarmUp = io::kSecond;

// All that a thread writes down, `rounds` times, spread over the minute behind `from`.
void measure(Metrics& metrics, TimeNs from, std::uint64_t rounds) {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const TimeNs now = from + i * 60 * io::kSecond / rounds;
    for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
      metrics.record(static_cast<Phase>(phase), 0, now);
    }
    metrics.count(&Counters::messages_accepted, now);
    ++metrics.second(now).messages;
    metrics.occupancy().served();
    metrics.occupancy().left(0, 0, now);
    metrics.error(now, Phase::kRcpt, "reply", 450, {4, 2, 1}, "450 4.2.1 busy");
  }
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations;
  delete new int(1);
  EXPECT_EQ(allocations, before + 1);
}

TEST(Allocations, RecordingNeedsNoneBehindTheFirstSamples) {
  Metrics metrics;
  metrics.begin(0, {kWarmUp, io::kNever}, 120);
  measure(metrics, 0, 1);
  measure(metrics, kWarmUp, 1);
  const std::size_t before = allocations;
  measure(metrics, kWarmUp, 10'000);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(metrics.histogram(Phase::kMail).count(), 10'001U);
  EXPECT_EQ(metrics.errors().front().count, 10'002U);
}

TEST(Allocations, CountingAloneKeepsNoHistogram) {
  Metrics metrics;
  metrics.begin(0, {0, io::kNever}, 120, Recording::kCounters);
  metrics.error(0, Phase::kRcpt, "reply", 450, {4, 2, 1}, "450 4.2.1 busy");
  const std::size_t before = allocations;
  measure(metrics, 0, 100);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(metrics.histogram(Phase::kMail).count(), 0U);
  EXPECT_EQ(metrics.total().messages_accepted, 100U);
}

}  // namespace
}  // namespace smtpmark::loadgen
