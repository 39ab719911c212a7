#include "io/memory_transport.h"

#include <gtest/gtest.h>

#include <string>

#include "io/task.h"
#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

class MemoryTransportTest : public ::testing::Test {
 protected:
  void SetUp() override { MemoryTransport::join(near_, far_); }

  SimulatedScheduler scheduler_;
  MemoryTransport near_{scheduler_};
  MemoryTransport far_{scheduler_};
  Outcome outcome_;
};

Task<> send_all(Transport& transport, std::string bytes, Outcome& outcome) {
  transport.write(bytes);
  co_await flush_to(transport, 0, outcome);
}

TEST_F(MemoryTransportTest, OctetsArriveInOrderAndThenTheEnd) {
  spawn(read_to_end(near_, outcome_));
  Outcome sent;
  spawn(send_all(far_, "first ", sent));
  spawn(send_all(far_, "second", sent));
  scheduler_.run();
  EXPECT_EQ(outcome_.received, "first second");
  EXPECT_FALSE(outcome_.done);
  far_.close();
  scheduler_.run();
  EXPECT_TRUE(outcome_.done);
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kClosed);
  EXPECT_EQ(far_.sent(), "first second");
}

TEST_F(MemoryTransportTest, APieceIsAsLargeAsTheTestSays) {
  std::string sizes;
  near_.next_piece = [size = std::size_t{0}]() mutable { return ++size; };
  const auto note_sizes = [](Transport& transport, std::string& into) -> Task<> {
    for (;;) {
      const Result<void> more = co_await transport.receive();
      if (!more) co_return;
      into += std::to_string(transport.input().size()) + " ";
      transport.consume(transport.input().size());
    }
  };
  spawn(note_sizes(near_, sizes));
  Outcome sent;
  spawn(send_all(far_, "abcdefghij!", sent));
  far_.close();
  scheduler_.run();
  EXPECT_EQ(sizes, "1 2 3 4 1 ");
}

TEST_F(MemoryTransportTest, WhatIsNotConsumedStaysAtTheFront) {
  near_.next_piece = [] { return 1; };
  spawn(read_lines(near_, outcome_));
  Outcome sent;
  spawn(send_all(far_, "one\r\ntwo\r\nrest", sent));
  far_.close();
  scheduler_.run();
  EXPECT_EQ(outcome_.received, "one\r\ntwo\r\n");
  EXPECT_EQ(near_.input(), "rest");
}

TEST_F(MemoryTransportTest, AResetOvertakesWhatIsUnderWay) {
  spawn(read_to_end(near_, outcome_));
  Outcome sent;
  spawn(send_all(far_, "never seen", sent));
  far_.reset();
  scheduler_.run();
  EXPECT_EQ(outcome_.received, "");
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kReset);
}

TEST_F(MemoryTransportTest, DiscardInputDropsWhatHasArrivedAndWhatIsUnderWay) {
  Outcome sent;
  spawn(send_all(far_, "injected", sent));
  scheduler_.run();
  near_.discard_input();
  spawn(read_to_end(near_, outcome_));
  spawn(send_all(far_, "wanted", sent));
  far_.close();
  scheduler_.run();
  EXPECT_EQ(outcome_.received, "wanted");
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kClosed);
}

TEST_F(MemoryTransportTest, ADeadlineEndsAWaitForInput) {
  near_.set_deadline(90 * kSecond);
  spawn(read_to_end(near_, outcome_));
  scheduler_.run();
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kTimedOut);
  EXPECT_EQ(scheduler_.now(), 90 * kSecond);
}

Task<> sleep_then_read(Transport& transport, TimeNs until, Outcome& outcome) {
  co_await transport.scheduler().sleep_until(until);
  co_await read_to_end(transport, outcome);
}

TEST_F(MemoryTransportTest, ADeadlineThatPassedBeforeTheWaitEndsItTheSame) {
  near_.set_deadline(20 * kSecond);
  spawn(sleep_then_read(near_, 50 * kSecond, outcome_));
  scheduler_.run();
  EXPECT_TRUE(outcome_.done);
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kTimedOut);
}

TEST_F(MemoryTransportTest, ANewDeadlineReplacesOneThatHasPassed) {
  near_.set_deadline(20 * kSecond);
  scheduler_.run();
  near_.set_deadline(kNever);
  spawn(read_to_end(near_, outcome_));
  scheduler_.run();
  EXPECT_FALSE(outcome_.done);
  far_.close();
  scheduler_.run();
  EXPECT_EQ(outcome_.error.kind, ErrorKind::kClosed);
}

TEST_F(MemoryTransportTest, AnEndThatHasClosedStillReceives) {
  near_.close();
  spawn(read_to_end(far_, outcome_));
  scheduler_.run();
  ASSERT_EQ(outcome_.error.kind, ErrorKind::kClosed);
  Outcome sent;
  spawn(send_all(far_, "an answer", sent));
  Outcome answer;
  spawn(read_count(near_, 9, answer));
  scheduler_.run();
  EXPECT_TRUE(sent.done);
  EXPECT_EQ(sent.error.kind, ErrorKind::kNone);
  EXPECT_EQ(answer.received, "an answer");
}

TEST(SimulatedScheduler, TimeJumpsToTheNextTimerAndNoFurtherThanAsked) {
  SimulatedScheduler scheduler;
  std::vector<TimeNs> woken;
  const auto sleeper = [](Scheduler& on, TimeNs until, std::vector<TimeNs>& times) -> Task<> {
    co_await on.sleep_until(until);
    times.push_back(on.now());
  };
  spawn(sleeper(scheduler, 3600 * kSecond, woken));
  spawn(sleeper(scheduler, 5 * kSecond, woken));
  scheduler.run(60 * kSecond);
  EXPECT_EQ(woken, (std::vector{5 * kSecond}));
  scheduler.run();
  EXPECT_EQ(woken, (std::vector{5 * kSecond, 3600 * kSecond}));
}

}  // namespace
}  // namespace smtpmark::io::testing
