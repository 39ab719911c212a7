#include "io/buffer_ring.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

#include "io/startup.h"

namespace smtpmark::io::testing {
namespace {

class BufferRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RingFeatures features;
    ASSERT_EQ(create_queues(ring_, 8, 16, features), 0);
  }
  void TearDown() override { io_uring_queue_exit(&ring_); }

  io_uring ring_{};
};

TEST_F(BufferRingTest, AllBuffersAreAvailableAtFirstAndLieApart) {
  const auto buffers = BufferRing::create(ring_, 16, 100);
  ASSERT_TRUE(buffers);
  EXPECT_EQ((*buffers)->available(), 16U);
  for (std::uint16_t id = 1; id < 16; ++id) {
    EXPECT_EQ((*buffers)->data(id) - (*buffers)->data(static_cast<std::uint16_t>(id - 1)), 100);
  }
}

TEST_F(BufferRingTest, CountsWhatIsTakenAndGivenBack) {
  const auto buffers = BufferRing::create(ring_, 2, 16);
  ASSERT_TRUE(buffers);
  (*buffers)->taken();
  (*buffers)->taken();
  EXPECT_EQ((*buffers)->available(), 0U);
  (*buffers)->give_back(1);
  EXPECT_EQ((*buffers)->available(), 1U);
}

TEST_F(BufferRingTest, ACountThatTheKernelDoesNotTakeIsAnError) {
  for (const std::uint32_t count : {3U, 65536U}) {
    const auto buffers = BufferRing::create(ring_, count, 16);
    ASSERT_FALSE(buffers) << count;
    EXPECT_EQ(buffers.error().os_code, EINVAL);
  }
}

TEST_F(BufferRingTest, ItsGroupIsFreeAgainWhenItIsGone) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(BufferRing::create(ring_, 8, 16));
}

TEST_F(BufferRingTest, ASecondOneOnTheSameRingIsRefused) {
  const auto first = BufferRing::create(ring_, 8, 16);
  ASSERT_TRUE(first);
  const auto second = BufferRing::create(ring_, 8, 16);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_code, EEXIST);
}

}  // namespace
}  // namespace smtpmark::io::testing
