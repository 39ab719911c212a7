#include "io/output_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace smtpmark::io::testing {
namespace {

constexpr std::size_t kReference = OutputQueue::kCopyBelow;

std::string_view text(const iovec& vector) {
  return {static_cast<const char*>(vector.iov_base), vector.iov_len};
}

std::string drain(OutputQueue& queue, std::size_t capacity) {
  std::string all;
  while (queue.in_flight() > 0) {
    const OutputQueue::Shown shown = queue.show(capacity);
    if (shown.octets == 0) break;
    for (std::size_t i = 0; i < shown.count; ++i) all += text(shown.batch->vectors[i]);
    queue.sent(shown.octets);
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
  for (std::size_t capacity = 1; capacity <= OutputBatch::kMostVectors; ++capacity) {
    OutputBatches batches;
    OutputQueue queue(batches);
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
  OutputBatches batches;
  OutputQueue queue(batches);
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
  OutputBatches batches;
  OutputQueue queue(batches);
  queue.append_copy("in flight");
  queue.start();
  const std::string_view before = text(queue.show().batch->vectors[0]);
  for (int i = 0; i < 1000; ++i) queue.append_copy("written since then, and often ");
  const std::string_view after = text(queue.show().batch->vectors[0]);
  EXPECT_EQ(before.data(), after.data());
  EXPECT_EQ(before, "in flight");
  EXPECT_EQ(queue.in_flight(), 9U);
  EXPECT_EQ(queue.waiting(), 30000U);
}

TEST(OutputQueue, RefersToLargeOctetsAndCopiesSmallOnes) {
  const std::string large(kReference, 'x');
  std::string small(kReference - 1, 'y');
  OutputBatches batches;
  OutputQueue queue(batches);
  queue.append_stable(large);
  queue.append_stable(small);
  small.assign(small.size(), 'z');
  queue.start();
  const OutputQueue::Shown shown = queue.show();
  ASSERT_EQ(shown.count, 2U);
  EXPECT_EQ(text(shown.batch->vectors[0]).data(), large.data());
  EXPECT_EQ(text(shown.batch->vectors[1]), std::string(kReference - 1, 'y'));
}

TEST(OutputQueue, WritingNothingAddsNoPiece) {
  OutputBatches batches;
  OutputQueue queue(batches);
  queue.append_copy("");
  queue.append_stable("");
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_EQ(queue.octets(), 0U);
}

TEST(OutputQueue, IsEmptyAndUsableAfterClear) {
  const Mixture mixture;
  OutputBatches batches;
  OutputQueue queue(batches);
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

TEST(OutputQueue, HasABatchOnlyWhileThereIsSomethingToSend) {
  OutputBatches batches;
  OutputQueue first(batches);
  OutputQueue second(batches);
  for (OutputQueue* queue : {&first, &second, &first}) {
    queue->append_copy("in flight");
    queue->start();
    EXPECT_EQ(batches.free(), 0U);
    queue->sent(4);
    EXPECT_EQ(batches.free(), 0U);
    queue->sent(5);
    EXPECT_EQ(batches.free(), 1U);  // the same one for both
  }
  first.append_copy("in flight");
  first.start();
  first.append_copy("behind it");
  EXPECT_EQ(batches.free(), 0U);
  first.clear();
  EXPECT_EQ(batches.free(), 2U);
}

}  // namespace
}  // namespace smtpmark::io::testing
