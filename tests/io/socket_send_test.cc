#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <limits>
#include <string>
#include <thread>

#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

// Socket buffers, in octets: what is written below is many times more.
constexpr int kSmall = 64 * 1024;

class SocketSendTest : public RingTest {
 protected:
  // Reads at the peer in small steps until `octets` have come or the stream has ended.
  std::string read_slowly(Peer& peer, std::size_t octets, std::size_t step = 40'000) {
    std::string received;
    run_until([&] {
      const bool open = peer.receive_some(received, step);
      return !open || received.size() >= octets;
    });
    return received;
  }
  bool is_blocked(Outcome& outcome) {
    run_for(20 * kMillisecond);
    return !outcome.done;
  }
};

TEST_F(SocketSendTest, AWriteLeavesWhenTheDialogueWaits) {
  auto [socket, peer] = make_connection();
  socket->write("one ");
  socket->write("two");
  std::string received;
  run_for(5 * kMillisecond);
  peer.receive_some(received);
  EXPECT_EQ(received, "");
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  EXPECT_EQ(read_slowly(peer, 7), "one two");
  peer.close();
  run_until([&] { return outcome.done; });
}

TEST_F(SocketSendTest, ALargeReferenceArrivesThroughSmallBuffersAtASlowReader) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(3 << 20);
  socket->write("DATA begins\r\n");
  socket->write_stable(body);
  socket->write("\r\n.\r\n");
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  EXPECT_TRUE(is_blocked(outcome));
  const std::string expected = "DATA begins\r\n" + body + "\r\n.\r\n";
  EXPECT_TRUE(read_slowly(peer, expected.size()) == expected);
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kNone);
}

TEST_F(SocketSendTest, FlushWaitsOnlyDownToTheBacklog) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string first = pattern(2 << 20, 1);
  const std::string second = pattern(1 << 20, 2);
  socket->write_stable(first);
  Outcome all_but_a_megabyte;
  spawn(flush_to(*socket, second.size(), all_but_a_megabyte));
  EXPECT_TRUE(is_blocked(all_but_a_megabyte));
  socket->write_stable(second);
  const std::string received = read_slowly(peer, first.size());
  run_until([&] { return all_but_a_megabyte.done; });
  Outcome nothing_left;
  spawn(flush_to(*socket, 0, nothing_left));
  EXPECT_TRUE(is_blocked(nothing_left));
  EXPECT_TRUE(received + read_slowly(peer, first.size() + second.size() - received.size()) ==
              first + second);
  run_until([&] { return nothing_left.done; });
}

TEST_F(SocketSendTest, TellsWhenTheLastOctetHasLeft) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const TimeNs before = ring_->now();
  socket->write("MAIL");
  EXPECT_EQ(socket->sent_at(), kNever) << "only queued";
  Outcome small;
  spawn(flush_to(*socket, 0, small));
  run_until([&] { return small.done; });
  EXPECT_GE(socket->sent_at(), before);
  EXPECT_LE(socket->sent_at(), ring_->now());

  const std::string body = pattern(1 << 20);
  socket->write_stable(body);
  Outcome large;
  spawn(flush_to(*socket, 0, large));
  EXPECT_TRUE(is_blocked(large));
  EXPECT_EQ(socket->sent_at(), kNever) << "the peer does not read";
  const TimeNs blocked_until = ring_->now();
  EXPECT_EQ(read_slowly(peer, 4 + body.size()).size(), 4 + body.size());
  run_until([&] { return large.done; });
  EXPECT_GE(socket->sent_at(), blocked_until);
  EXPECT_LE(socket->sent_at(), ring_->now());
}

TEST_F(SocketSendTest, FlushOfNothingIsDoneAtOnce) {
  auto [socket, peer] = make_connection();
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.error.kind, ErrorKind::kNone);
}

TEST_F(SocketSendTest, APeerThatHasClosedItsSideStillGetsItsAnswers) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  peer.shut_down_sending();
  Outcome end;
  spawn(read_to_end(*socket, end));
  run_until([&] { return end.done; });
  const std::string answer = pattern(1 << 20);
  socket->write_stable(answer);
  Outcome flushed;
  spawn(flush_to(*socket, 0, flushed));
  EXPECT_TRUE(is_blocked(flushed));
  EXPECT_TRUE(read_slowly(peer, answer.size()) == answer);
  run_until([&] { return flushed.done; });
  EXPECT_EQ(flushed.error.kind, ErrorKind::kNone);
}

TEST_F(SocketSendTest, ADeadlineEndsABlockedFlush) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(4 << 20);
  socket->write_stable(body);
  socket->set_deadline(ring_->now() + 30 * kMillisecond);
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
  socket.reset();
  run_until_quiet();  // nothing is left to linger for
}

TEST_F(SocketSendTest, ADeadlineThatPassedBeforeTheFlushEndsItTheSame) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(4 << 20);
  socket->set_deadline(ring_->now() + 5 * kMillisecond);
  run_for(30 * kMillisecond);
  socket->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
}

TEST_F(SocketSendTest, AResetEndsABlockedFlush) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(4 << 20);
  socket->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  EXPECT_TRUE(is_blocked(outcome));
  peer.reset();
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kReset);
}

TEST_F(SocketSendTest, AResetDuringABlockedSendIsNotTakenForTheEndOfTheStream) {
  for (int round = 0; round < 5; ++round) {
    auto [socket, peer] = make_connection(kSmall, kSmall);
    const std::string body = pattern(1 << 20);
    socket->write_stable(body);
    Outcome outcome;
    spawn(read_to_end(*socket, outcome));
    EXPECT_TRUE(is_blocked(outcome));
    peer.reset();
    run_until([&] { return outcome.done; });
    EXPECT_EQ(outcome.error, (Error{ErrorKind::kReset, ECONNRESET, 0}));
    socket.reset();
    run_until_quiet();
  }
}

TEST_F(SocketSendTest, ABlockedSendDoesNotSpin) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(4 << 20);
  socket->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*socket, 0, outcome));
  EXPECT_TRUE(is_blocked(outcome));
  EXPECT_LT(run_for(100 * kMillisecond), 20U);
  EXPECT_FALSE(outcome.done);
  peer.reset();
  run_until([&] { return outcome.done; });
}

class SocketCloseTest : public SocketSendTest {
 protected:
  // What the peer receives up to the end of the stream.
  std::string read_to_eof(Peer& peer) { return read_slowly(peer, SIZE_MAX, 400'000); }
};

TEST_F(SocketCloseTest, WhatWasWrittenIsSentBeforeTheEnd) {
  auto [socket, peer] = make_connection();
  socket->write("221 Bye\r\n");
  socket.reset();
  EXPECT_EQ(read_to_eof(peer), "221 Bye\r\n");
  run_until_quiet();
}

TEST_F(SocketCloseTest, ALargeWriteIsSentBeforeTheEnd) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(2 << 20);
  socket->write_stable(body);
  socket.reset();
  EXPECT_TRUE(read_to_eof(peer) == body);
  run_until_quiet();
}

TEST_F(SocketCloseTest, MorePiecesThanOneSendTakesAreSentBeforeTheEnd) {
  auto [socket, peer] = make_connection();
  const std::string reference = pattern(OutputQueue::kCopyBelow);
  std::string expected;
  for (int i = 0; i < 25; ++i) {
    socket->write("copy ");
    socket->write_stable(reference);
    expected += "copy " + reference;
  }
  socket.reset();
  EXPECT_TRUE(read_to_eof(peer) == expected);
  run_until_quiet();
}

TEST_F(SocketCloseTest, WhatWaitsBehindABlockedSendIsSentBeforeTheEnd) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(1 << 20);
  socket->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*socket, SIZE_MAX, outcome));
  run_for(10 * kMillisecond);
  socket->write("and the rest");
  socket.reset();
  EXPECT_TRUE(read_to_eof(peer) == body + "and the rest");
  run_until_quiet();
}

TEST_F(SocketCloseTest, WhatWaitsIsSentAlsoToAPeerThatHasClosedItsSide) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(1 << 20);
  peer.shut_down_sending();
  Outcome end;
  spawn(read_to_end(*socket, end));
  run_until([&] { return end.done; });
  socket->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*socket, SIZE_MAX, outcome));
  run_for(10 * kMillisecond);
  socket->write("and the rest");
  socket.reset();
  EXPECT_TRUE(read_to_eof(peer) == body + "and the rest");
  run_until_quiet();
}

TEST_F(SocketCloseTest, ACloseWithABlockedSendEndsWhenThePeerResets) {
  auto [socket, peer] = make_connection(kSmall, kSmall);
  const std::string body = pattern(4 << 20);
  socket->write_stable(body);
  socket.reset();
  run_for(30 * kMillisecond);
  EXPECT_EQ(ring_->live_sockets(), 1U);
  peer.reset();
  run_until_quiet();
}

// In one test, for each waits for the same time.
TEST_F(SocketCloseTest, ACloseWithABlockedSendEndsWithTheLingerTime) {
  const std::string body = pattern(4 << 20);
  auto [one_send, slow_peer] = make_connection(kSmall, kSmall);
  one_send->write_stable(body);
  auto [half_closed, half_peer] = make_connection(kSmall, kSmall);
  half_peer.shut_down_sending();
  Outcome end;
  spawn(read_to_end(*half_closed, end));
  run_until([&] { return end.done; });
  half_closed->write_stable(body);
  Outcome outcome;
  spawn(flush_to(*half_closed, SIZE_MAX, outcome));
  half_closed->write("waits");
  const TimeNs began = ring_->now();
  one_send.reset();
  half_closed.reset();
  run_until_quiet();
  EXPECT_GE(ring_->now() - began, Socket::kLinger);
}

TEST_F(SocketCloseTest, AnIdleConnectionEndsWithFinNotReset) {
  Connection connection = make_connection();
  run_for(5 * kMillisecond);
  connection.socket.reset();
  std::string received;
  run_until([&] { return !connection.peer.receive_some(received); });
  int error = -1;
  socklen_t length = sizeof error;
  getsockopt(connection.peer.descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  EXPECT_EQ(error, 0);
  run_until_quiet();
}

// Small and at once: a pass ends when the answer is there, not when the question has left.
TEST_F(SocketSendTest, ASmallSendDoesNotWakeTheRing) {
  auto [socket, peer] = make_connection();
  run_for(kMillisecond);
  constexpr std::size_t kRounds = 50;
  std::thread echo([&peer = peer] {
    std::string received;
    for (std::size_t echoed = 0; echoed < kRounds && peer.receive_some(received);) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      echoed += peer.send_some(received);
      received.clear();
    }
  });
  std::size_t passes = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    socket->write("x");
    Outcome outcome;
    spawn(read_count(*socket, 1, outcome));
    for (; !outcome.done; ++passes) ring_->run_once(ring_->now() + kPatience);
  }
  socket.reset();
  run_until_quiet();
  echo.join();
  EXPECT_LE(passes, kRounds + kRounds / 10);
}

// Longer than it takes, and shorter than a second, after which a timer of the ring's own comes.
constexpr TimeNs kSoon = kSecond / 2;

// Says something of each piece, and ends its answer to `octets` with a "!".
Task<> answer(Transport& transport, std::size_t octets, std::size_t rounds, bool& done) {
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t left = octets; left > 0;) {
      const Result<void> more = co_await transport.receive();
      if (!more) co_return;
      left -= transport.input().size();
      transport.consume(transport.input().size());
      transport.write(left > 0 ? "." : "!");
    }
  }
  co_await transport.receive();  // the end
  done = true;
}

// The peer waits for the end of an answer, so that nothing but the end of the send before it wakes
// the ring.
TEST_F(SocketSendTest, WhatIsWrittenBehindASmallSendLeavesBehindIt) {
  auto [socket, peer] = make_connection();
  constexpr std::size_t kOctets = 60'000;  // several receive buffers
  constexpr std::size_t kRounds = 10;
  std::size_t pieces = 0;
  std::thread client([&peer = peer, &pieces] {
    const std::string question = pattern(kOctets);
    for (std::size_t round = 0; round < kRounds; ++round) {
      std::string received;
      for (std::size_t sent = 0; received.find('!') == std::string::npos;) {
        sent += peer.send_some(std::string_view(question).substr(sent));
        if (!peer.receive_some(received)) return;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      pieces += received.size();
    }
    peer.close();
  });
  bool done = false;
  spawn(answer(*socket, kOctets, kRounds, done));
  const TimeNs began = ring_->now();
  while (!done && ring_->now() - began < kPatience) ring_->run_once(ring_->now() + kPatience);
  EXPECT_LT(ring_->now() - began, kSoon);
  socket.reset();
  client.join();
  run_until_quiet();
  EXPECT_GT(pieces, kRounds);
}

TEST_F(SocketSendTest, ManySmallPiecesLeaveTogether) {
  auto [socket, peer] = make_connection();
  const std::string body = pattern(4500);
  std::string expected;
  for (int i = 0; i < 3; ++i) {
    socket->write("BDAT 4500\r\n");
    socket->write_stable(body);
    expected += "BDAT 4500\r\n" + body;
  }
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  std::string received;
  const TimeNs began = ring_->now();
  while (received.size() < expected.size() && ring_->now() - began < kPatience) {
    ring_->run_once(ring_->now() + kPatience);
    peer.receive_some(received);
  }
  EXPECT_LT(ring_->now() - began, kSoon);
  EXPECT_TRUE(received == expected);
  peer.close();
  run_until([&] { return outcome.done; });
}

Task<> say_and_flush(Transport& transport, std::size_t rounds, bool& done) {
  for (std::size_t round = 0; round < rounds; ++round) {
    transport.write("NOOP\r\n");
    const Result<void> flushed = co_await transport.flush();
    if (!flushed) co_return;
  }
  done = true;
}

// Several: the ring's own requests end the first wait.
TEST_F(SocketSendTest, AFlushOfASmallSendIsNotHeldUp) {
  auto [socket, peer] = make_connection();
  bool done = false;
  spawn(say_and_flush(*socket, 10, done));
  const TimeNs began = ring_->now();
  while (!done && ring_->now() - began < kPatience) ring_->run_once(ring_->now() + kPatience);
  EXPECT_TRUE(done);
  EXPECT_LT(ring_->now() - began, kSoon);
}

constexpr std::size_t kCommand = 512;  // octets of the longest

// The first word is on its way, and nobody waits for its end, when the rest and the close follow.
Task<> say_goodbye(SocketPtr socket) {
  socket->write("221 ");
  const Result<void> begun = co_await socket->flush(kCommand);
  EXPECT_TRUE(begun.has_value());
  socket->write("Bye\r\n");
}

TEST_F(SocketSendTest, ACloseBehindASmallSendIsNotHeldUp) {
  auto [socket, peer] = make_connection();
  spawn(say_goodbye(std::move(socket)));
  const TimeNs began = ring_->now();
  while (ring_->live_sockets() > 0 && ring_->now() - began < kPatience) {
    ring_->run_once(ring_->now() + kPatience);
  }
  EXPECT_LT(ring_->now() - began, kSoon);
  std::string received;
  EXPECT_FALSE(peer.receive_some(received));
  EXPECT_EQ(received, "221 Bye\r\n");
}

// What does not fit is not waited for as if it did: others go on at once.
TEST_F(SocketSendTest, APeerThatDoesNotReadDoesNotHoldUpOthers) {
  auto [stuck, deaf] = make_connection(kSmall, kSmall);
  auto [socket, peer] = make_connection();
  Outcome never;
  const std::string reply = pattern(8000);
  for (int i = 0; i < 100; ++i) {
    stuck->write(reply);
    Outcome blocked;
    spawn(flush_to(*stuck, std::numeric_limits<std::size_t>::max(), blocked));
    ring_->run_once(ring_->now());
  }
  spawn(flush_to(*stuck, 0, never));
  Outcome outcome;
  spawn(read_count(*socket, 5, outcome));
  peer.send_some("hello");
  const TimeNs began = ring_->now();
  run_until([&] { return outcome.done; });
  EXPECT_LT(ring_->now() - began, kSecond);
  EXPECT_FALSE(never.done);
  deaf.close();
  run_until([&] { return never.done; });
}

}  // namespace
}  // namespace smtpmark::io::testing
