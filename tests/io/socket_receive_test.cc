#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

class SocketReceiveTest : public RingTest {
 protected:
  // Sends all of `bytes` while the ring runs.
  void feed(Peer& peer, std::string_view bytes) {
    run_until([&] {
      bytes.remove_prefix(peer.send_some(bytes));
      return bytes.empty();
    });
  }
};

TEST_F(SocketReceiveTest, WhatWasSentArrivesAndThenTheEnd) {
  auto [socket, peer] = make_connection();
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  const std::string sent = pattern(300'000);
  feed(peer, sent);
  peer.close();
  run_until([&] { return outcome.done; });
  EXPECT_TRUE(outcome.received == sent);
  EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
  socket.reset();
  run_until_quiet();
}

TEST_F(SocketReceiveTest, AfterAnErrorEveryReceiveGivesTheSame) {
  auto [socket, peer] = make_connection();
  peer.close();
  for (int i = 0; i < 3; ++i) {
    Outcome outcome;
    spawn(read_to_end(*socket, outcome));
    run_until([&] { return outcome.done; });
    EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
  }
}

TEST_F(SocketReceiveTest, AResetByThePeerIsNamed) {
  auto [socket, peer] = make_connection();
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  run_for(kMillisecond);
  peer.reset();
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error, (Error{ErrorKind::kReset, ECONNRESET, 0}));
}

TEST_F(SocketReceiveTest, ADeadlineEndsAReceive) {
  auto [socket, peer] = make_connection();
  socket->set_deadline(ring_->now() + 30 * kMillisecond);
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
}

TEST_F(SocketReceiveTest, ADeadlineThatPassedBeforeTheReceiveEndsItButNotWhatHasArrived) {
  auto [socket, peer] = make_connection();
  socket->set_deadline(ring_->now() + 5 * kMillisecond);
  feed(peer, "in time");
  run_for(50 * kMillisecond);
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.received, "in time");
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
}

TEST_F(SocketReceiveTest, ANewDeadlineReplacesTheOldOne) {
  auto [socket, peer] = make_connection();
  socket->set_deadline(ring_->now() + 20 * kMillisecond);
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  socket->set_deadline(kNever);
  run_for(60 * kMillisecond);
  EXPECT_FALSE(outcome.done);
  peer.close();
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
}

TEST_F(SocketReceiveTest, DiscardInputDropsAllThatHasArrived) {
  auto [socket, peer] = make_connection();
  feed(peer, "injected");
  run_for(20 * kMillisecond);
  feed(peer, " in two pieces");
  run_for(20 * kMillisecond);
  socket->discard_input();
  EXPECT_TRUE(socket->input().empty());
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  feed(peer, "wanted");
  peer.close();
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.received, "wanted");
}

// Buffers that are smaller than lines, so that each line straddles some.
class TinyBufferTest : public SocketReceiveTest {
 protected:
  void SetUp() override { make_tiny(8, 4); }
  void make_tiny(std::uint32_t size, std::uint32_t count) {
    RingOptions options;
    options.buffer_size = size;
    options.buffer_count = count;
    make_ring(options);
  }
};

TEST_F(TinyBufferTest, ALineThatStraddlesBuffersIsWholeAtEverySplit) {
  const std::string lines = "a\r\nEHLO mx.example.com\r\nMAIL FROM:<>\r\n\r\n0123456\r\n";
  for (std::size_t split = 0; split <= lines.size(); ++split) {
    auto [socket, peer] = make_connection();
    Outcome outcome;
    spawn(read_lines(*socket, outcome));
    feed(peer, std::string_view(lines).substr(0, split));
    run_for(kMillisecond / 2);
    feed(peer, std::string_view(lines).substr(split));
    peer.close();
    run_until([&] { return outcome.done; });
    ASSERT_EQ(outcome.received, lines) << "split at " << split;
    ASSERT_EQ(outcome.error.kind, ErrorKind::kClosed);
  }
}

TEST_F(TinyBufferTest, LinesOfEverySizeStraddleBuffersOfEverySize) {
  for (const std::uint32_t size : {1U, 2U, 3U, 7U, 64U}) {
    ring_->shut_down();
    make_tiny(size, 4);
    std::string lines;
    for (std::size_t length = 0; length < 80; ++length) {
      lines += std::string(length, static_cast<char>('a' + length % 26)) + "\n";
    }
    auto [socket, peer] = make_connection();
    Outcome outcome;
    spawn(read_lines(*socket, outcome));
    feed(peer, lines + "no end");
    peer.close();
    run_until([&] { return outcome.done; });
    EXPECT_TRUE(outcome.received == lines) << "buffers of " << size;
    EXPECT_EQ(socket->input(), "no end");
  }
}

TEST_F(TinyBufferTest, BufferExhaustionIsNotTheEndOfTheStream) {
  constexpr std::size_t kConnections = 12;
  std::vector<Connection> connections;
  std::vector<Outcome> outcomes(kConnections);
  for (std::size_t i = 0; i < kConnections; ++i) connections.push_back(make_connection());
  // Nobody reads yet: four buffers of eight octets for all of them.
  const std::string sent = pattern(2000);
  for (Connection& connection : connections) {
    EXPECT_EQ(connection.peer.send_some(sent), sent.size());
  }
  run_for(10 * kMillisecond);
  EXPECT_EQ(ring_->buffers().available(), 0U);
  for (std::size_t i = 0; i < kConnections; ++i) {
    spawn(read_to_end(*connections[i].socket, outcomes[i]));
  }
  for (Connection& connection : connections) connection.peer.close();
  run_until([&] {
    return std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.done; });
  });
  for (const Outcome& outcome : outcomes) {
    EXPECT_TRUE(outcome.received == sent);
    EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
  }
  EXPECT_EQ(ring_->buffers().available(), 4U);
}

TEST_F(TinyBufferTest, AStarvedSocketDoesNotSpin) {
  Connection idle = make_connection();
  Connection hungry = make_connection();
  EXPECT_EQ(idle.peer.send_some(pattern(32)), 32U);  // takes all buffers and is not read
  run_until([&] { return ring_->buffers().available() == 0; });
  EXPECT_EQ(hungry.peer.send_some("waiting"), 7U);
  run_for(10 * kMillisecond);
  EXPECT_LT(run_for(100 * kMillisecond), 20U);
}

// Gives buffers back from a timer, with no completion that could come.
Task<> read_32_later(Transport& transport, TimeNs until, Outcome& outcome) {
  co_await transport.scheduler().sleep_until(until);
  co_await read_count(transport, 32, outcome);
}

TEST_F(TinyBufferTest, BuffersGivenBackByATimerReachTheStarvedAtOnce) {
  Connection holder = make_connection();
  Connection hungry = make_connection();
  EXPECT_EQ(holder.peer.send_some(pattern(32)), 32U);
  run_until([&] { return ring_->buffers().available() == 0; });
  EXPECT_EQ(hungry.peer.send_some("waiting"), 7U);
  Outcome hungry_outcome;
  spawn(read_count(*hungry.socket, 7, hungry_outcome));
  run_for(10 * kMillisecond);
  Outcome holder_outcome;
  spawn(read_32_later(*holder.socket, ring_->now() + 20 * kMillisecond, holder_outcome));
  const TimeNs began = ring_->now();
  while (!hungry_outcome.done && ring_->now() < began + 10 * kSecond) {
    ring_->run_once(began + 10 * kSecond);  // nothing else would end this wait
  }
  EXPECT_LT(ring_->now() - began, 5 * kSecond);
  EXPECT_EQ(hungry_outcome.received, "waiting");
}

TEST_F(TinyBufferTest, AStarvedSocketThatIsClosedComesToItsEnd) {
  Connection holder = make_connection();
  Connection hungry = make_connection();
  EXPECT_EQ(holder.peer.send_some(pattern(32)), 32U);
  run_until([&] { return ring_->buffers().available() == 0; });
  EXPECT_EQ(hungry.peer.send_some("never read"), 10U);
  run_for(10 * kMillisecond);
  hungry.socket.reset();
  run_for(10 * kMillisecond);
  holder.socket.reset();
  run_until_quiet();
  EXPECT_EQ(ring_->buffers().available(), 4U);
}

// Four buffers of eight octets, and more connections than that which wait for time.
TEST_F(TinyBufferTest, WhoRestsLeavesTheBuffersToTheOthers) {
  constexpr std::size_t kConnections = 12;
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < kConnections; ++i) {
    connections.push_back(make_connection());
    Outcome outcome;
    spawn(read_count(*connections[i].socket, 5, outcome));
    EXPECT_EQ(connections[i].peer.send_some("hello"), 5U);
    run_until([&] { return outcome.done; });
    EXPECT_EQ(outcome.received, "hello");
    connections[i].socket->stand_by();
    EXPECT_TRUE(connections[i].socket->input().empty());
  }
  EXPECT_EQ(ring_->buffers().available(), 4U);
}

Task<> consume_some(Transport& transport, std::size_t octets, Outcome& outcome) {
  const Result<void> grew = co_await transport.receive();
  EXPECT_TRUE(grew);
  outcome.received = transport.input().substr(0, octets);
  transport.consume(octets);
  outcome.done = true;
}

TEST_F(TinyBufferTest, WhatIsNotConsumedOutlastsARest) {
  const std::string lines = "one\r\ntwo\r\nthree\r\nfour\r\n";  // three buffers
  for (std::size_t consumed = 0; consumed <= 8; ++consumed) {
    Connection connection = make_connection();
    Socket& socket = *connection.socket;
    feed(connection.peer, lines);
    run_until([&] { return ring_->buffers().available() == 1; });
    Outcome begun;
    spawn(consume_some(socket, consumed, begun));
    ASSERT_TRUE(begun.done);
    socket.stand_by();
    EXPECT_EQ(ring_->buffers().available(), 2U) << consumed;
    EXPECT_EQ(socket.input(), lines.substr(consumed, 8 - consumed));
    connection.peer.close();
    Outcome outcome;
    spawn(read_lines(socket, outcome));
    run_until([&] { return outcome.done; });
    ASSERT_EQ(begun.received + outcome.received, lines) << consumed;
  }
}

TEST_F(TinyBufferTest, TheRingLetsAConnectionRestThatWasIdleForLong) {
  Connection connection = make_connection();
  Outcome outcome;
  feed(connection.peer, "hello");
  spawn(read_count(*connection.socket, 5, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(ring_->buffers().available(), 3U);
  const TimeNs began = ring_->now();
  run_until([&] { return ring_->buffers().available() == 4U; });
  EXPECT_GT(ring_->now() - began, kSecond / 2);
  EXPECT_TRUE(connection.socket->input().empty());
}

class ThrottleTest : public SocketReceiveTest {
 protected:
  void SetUp() override {
    RingOptions options;
    options.buffer_size = kBufferSize;
    options.buffer_count = kBufferCount;
    make_ring(options);
  }
  // All buffers together are more than the first window of a connection: the kernel may fill a
  // good part of it before the ring hears of the first octet.
  static constexpr std::uint32_t kBufferSize = 1024;
  static constexpr std::uint32_t kBufferCount = 256;

  std::uint32_t held() { return kBufferCount - ring_->buffers().available(); }
  // Sends until nothing more fits.
  std::string flood(Peer& peer) {
    std::string sent;
    const std::string piece = pattern(65536);
    for (int idle = 0; idle < 20;) {
      const std::size_t count = peer.send_some(piece);
      sent.append(piece, 0, count);
      idle = count == 0 ? idle + 1 : 0;
      run_for(kMillisecond);
      if (sent.size() > 16'000'000) break;
    }
    return sent;
  }
};

TEST_F(ThrottleTest, APeerThatFloodsIsPausedAndNothingIsLost) {
  auto [socket, peer] = make_connection();
  const std::string sent = flood(peer);
  EXPECT_LT(sent.size(), 16'000'000U);
  EXPECT_GE(held(), Socket::kMaxQueuedBuffers);
  EXPECT_LT(held(), kBufferCount) << "one connection holds every buffer";
  EXPECT_LT(run_for(50 * kMillisecond), 20U) << "spins while it is paused";
  Outcome outcome;
  spawn(read_to_end(*socket, outcome));
  peer.shut_down_sending();
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.received.size(), sent.size());
  EXPECT_TRUE(outcome.received == sent);
  EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
  EXPECT_EQ(held(), 0U);
}

// All that is queued is consumed in the very pass in which the pause began.
TEST_F(ThrottleTest, AQueueDrainedBeforeThePauseTookEffectFillsAgain) {
  auto [socket, peer] = make_connection();
  for (int round = 0; round < 20; ++round) {
    const std::string sent = pattern(kBufferSize * (Socket::kMaxQueuedBuffers + 1), 1U + round);
    EXPECT_EQ(peer.send_some(sent), sent.size());
    run_until([&] { return held() >= Socket::kMaxQueuedBuffers; });
    Outcome outcome;
    spawn(read_count(*socket, sent.size(), outcome));
    run_until([&] { return outcome.done; });
    ASSERT_TRUE(outcome.received == sent) << "round " << round;
  }
}

TEST_F(ThrottleTest, APausedSocketThatIsClosedComesToItsEnd) {
  auto [socket, peer] = make_connection();
  flood(peer);
  socket.reset();
  run_until_quiet();
  EXPECT_EQ(held(), 0U);
}

}  // namespace
}  // namespace smtpmark::io::testing
