#include "io/output_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace smtpmark::io::testing {
namespace {

constexpr std::size_t kReference = OutputQueue::kCopyBelow;

std::string drain(OutputQueue& queue, std::size_t capacity) {
  std::string all;
  std::array<std::string_view, 8> views;
  while (queue.in_flight() > 0) {
    const std::size_t count = queue.pending(views.data(), capacity);
    std::size_t octets = 0;
    for (std::size_t i = 0; i < count; ++i) {
      all += views[i];
      octets += views[i].size();
    }
    if (octets == 0) break;
    queue.sent(octets);
  }
  return all;
}

// Copies and references, large and small, as a dialogue mixes them.
struct Mixture {
  std::string large = std::string(kReference, 'L') + "end of L";
  std::string small = "a small reference";
  std::string exact = std::string(kReference, 'E');

  std::string fill(OutputQueue& queue) const {
    queue.append_copy("one ");
    queue.append_copy("two ");
    queue.append_stable(large);
    queue.append_copy("three ");
    queue.append_stable(small);
    queue.append_stable(exact);
    queue.append_stable(large);
    queue.append_copy("four");
    return "one two " + large + "three " + small + exact + large + "four";
  }
};

TEST(OutputQueue, KeepsCopiesAndReferencesInOrder) {
  const Mixture mixture;
  for (std::size_t capacity = 1; capacity <= 8; ++capacity) {
    OutputQueue queue;
    const std::string written = mixture.fill(queue);
    EXPECT_EQ(queue.waiting(), written.size());
    queue.start();
    EXPECT_EQ(queue.waiting(), 0U);
    EXPECT_EQ(queue.in_flight(), written.size());
    EXPECT_EQ(drain(queue, capacity), written);
    EXPECT_EQ(queue.octets(), 0U);
  }
}

TEST(OutputQueue, GoesOnBehindAShortSendAtEverySplit) {
  const Mixture mixture;
  OutputQueue queue;
  const std::size_t size = mixture.fill(queue).size();
  queue.clear();
  for (std::size_t split = 0; split <= size; ++split) {
    const std::string written = mixture.fill(queue);
    queue.start();
    queue.sent(split);
    ASSERT_EQ(queue.in_flight(), size - split);
    ASSERT_TRUE(drain(queue, 4) == written.substr(split)) << "split at " << split;
  }
}

TEST(OutputQueue, OctetsInFlightKeepTheirAddressWhileMoreIsWritten) {
  OutputQueue queue;
  queue.append_copy("in flight");
  queue.start();
  std::string_view before;
  ASSERT_EQ(queue.pending(&before, 1), 1U);
  for (int i = 0; i < 1000; ++i) queue.append_copy("written since then, and often ");
  std::string_view after;
  ASSERT_EQ(queue.pending(&after, 1), 1U);
  EXPECT_EQ(before.data(), after.data());
  EXPECT_EQ(before, "in flight");
  EXPECT_EQ(queue.in_flight(), 9U);
  EXPECT_EQ(queue.waiting(), 30000U);
}

TEST(OutputQueue, RefersToLargeOctetsAndCopiesSmallOnes) {
  const std::string large(kReference, 'x');
  std::string small(kReference - 1, 'y');
  OutputQueue queue;
  queue.append_stable(large);
  queue.append_stable(small);
  small.assign(small.size(), 'z');
  queue.start();
  std::array<std::string_view, 4> views;
  ASSERT_EQ(queue.pending(views.data(), views.size()), 2U);
  EXPECT_EQ(views[0].data(), large.data());
  EXPECT_EQ(views[1], std::string(kReference - 1, 'y'));
}

TEST(OutputQueue, WritingNothingAddsNoPiece) {
  OutputQueue queue;
  queue.append_copy("");
  queue.append_stable("");
  queue.start();
  std::string_view view;
  EXPECT_EQ(queue.pending(&view, 1), 0U);
  EXPECT_EQ(queue.octets(), 0U);
}

TEST(OutputQueue, IsEmptyAndUsableAfterClear) {
  const Mixture mixture;
  OutputQueue queue;
  mixture.fill(queue);
  queue.start();
  mixture.fill(queue);
  queue.sent(3);
  queue.clear();
  EXPECT_EQ(queue.octets(), 0U);
  const std::string written = mixture.fill(queue);
  queue.start();
  EXPECT_EQ(drain(queue, 4), written);
}

}  // namespace
}  // namespace smtpmark::io::testing
