#include "io/ring.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "io/listener.h"
#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

TEST_F(RingTest, SleepersWakeInOrder) {
  std::string woken;
  const auto sleeper = [](Ring& ring, TimeNs until, char name, std::string& log) -> Task<> {
    co_await ring.sleep_until(until);
    EXPECT_GE(ring.now(), until);
    log += name;
  };
  const TimeNs now = ring_->now();
  spawn(sleeper(*ring_, now + 30 * kMillisecond, 'c', woken));
  spawn(sleeper(*ring_, now + 10 * kMillisecond, 'a', woken));
  spawn(sleeper(*ring_, now + 20 * kMillisecond, 'b', woken));
  ring_->run_until([&] { return woken.size() == 3; });
  EXPECT_EQ(woken, "abc");
}

TEST_F(RingTest, APostedCallbackDoesNotWaitForACompletion) {
  bool ran = false;
  ring_->post([](void* flag) { *static_cast<bool*>(flag) = true; }, &ran);
  const TimeNs began = ring_->now();
  ring_->run_once(began + 10 * kSecond);
  EXPECT_TRUE(ran);
  EXPECT_LT(ring_->now() - began, 5 * kSecond);
}

TEST_F(RingTest, RunOnceReturnsAtItsDeadline) {
  ring_->run_once(ring_->now());  // whatever the start has left
  const TimeNs deadline = ring_->now() + 20 * kMillisecond;
  ring_->run_once(deadline);
  EXPECT_GE(ring_->now(), deadline);
}

TEST(RingThreads, RequestStopFromAnotherThreadEndsTheWait) {
  std::promise<Ring*> made;
  std::promise<void> stopped;
  std::thread thread([&] {
    auto ring = Ring::create(on_backend());
    if (!ring) return made.set_value(nullptr);
    made.set_value(ring->get());
    (*ring)->run_until([] { return false; });
    EXPECT_TRUE((*ring)->stop_requested());
    (*ring)->shut_down();
    stopped.get_future().wait();
  });
  Ring* ring = made.get_future().get();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (ring != nullptr) ring->request_stop();
  stopped.set_value();
  thread.join();
  EXPECT_NE(ring, nullptr);
}

TEST(RingThreads, RequestStopBeforeTheRunIsNotLost) {
  std::promise<Ring*> made;
  std::promise<void> stopped;
  std::thread thread([&] {
    auto ring = Ring::create(on_backend());
    made.set_value(ring ? ring->get() : nullptr);
    stopped.get_future().wait();
    if (!ring) return;
    int asked = 0;
    (*ring)->run_until([&] { return ++asked > 1; });
    EXPECT_EQ(asked, 1);
  });
  Ring* ring = made.get_future().get();
  if (ring != nullptr) ring->request_stop();
  stopped.set_value();
  thread.join();
  ASSERT_NE(ring, nullptr);
}

class ShutDownTest : public RingTest {
 protected:
  Task<> own_and_read(SocketPtr socket, Outcome& outcome) {
    co_await read_to_end(*socket, outcome);
  }
  Task<> own_and_flush(SocketPtr socket, Outcome& outcome) {
    co_await flush_to(*socket, 0, outcome);
  }
  Task<> own_connecting(const Address& address, Outcome& outcome) {
    const Result<SocketPtr> socket = co_await connect(*ring_, address, nullptr, kNever);
    if (!socket) outcome.error = socket.error();
    outcome.done = true;
  }
  void expect_canceled(const Outcome& outcome) {
    EXPECT_TRUE(outcome.done);
    EXPECT_EQ(outcome.error.kind, ErrorKind::kCanceled);
  }
};

TEST_F(ShutDownTest, EndsConnectionsInEveryStateAtOnce) {
  constexpr int kSmall = 64 * 1024;
  const std::string body = pattern(4 << 20);

  Connection receiving = make_connection();
  Outcome received;
  spawn(own_and_read(std::move(receiving.socket), received));

  Connection sending = make_connection(kSmall, kSmall);
  sending.socket->write_stable(body);
  Outcome sent;
  spawn(own_and_flush(std::move(sending.socket), sent));

  Connection closing = make_connection(kSmall, kSmall);
  closing.socket->write_stable(body);
  closing.socket.reset();

  Connection closing_with_more = make_connection(kSmall, kSmall);
  closing_with_more.socket->write_stable(body);
  Outcome started;
  spawn(flush_to(*closing_with_more.socket, SIZE_MAX, started));
  closing_with_more.socket->write_stable(body);
  closing_with_more.socket.reset();

  Connection half_closed = make_connection(kSmall, kSmall);
  half_closed.peer.shut_down_sending();
  Outcome end;
  spawn(read_to_end(*half_closed.socket, end));
  run_until([&] { return end.done; });
  half_closed.socket->write_stable(body);
  half_closed.socket.reset();

  Port full(0);
  std::vector<Outcome> connected(5);
  for (Outcome& outcome : connected) spawn(own_connecting(full.address(), outcome));
  run_for(20 * kMillisecond);

  Connection idle = make_connection();
  idle.socket.reset();  // its close is on the way

  const TimeNs began = ring_->now();
  ring_->shut_down();
  EXPECT_LT(ring_->now() - began, Socket::kLinger);
  EXPECT_EQ(ring_->live_sockets(), 0U);
  expect_canceled(received);
  expect_canceled(sent);
  expect_canceled(connected.back());
}

TEST_F(ShutDownTest, ADialogueThatTriesAgainIsRefused) {
  Port port;
  int attempts = 0;
  const auto stubborn = [](Ring& ring, const Address& address, int& count) -> Task<> {
    for (; count < 3; ++count) {
      Result<SocketPtr> socket = co_await connect(ring, address, nullptr, kNever);
      if (!socket) continue;
      Outcome outcome;
      co_await read_to_end(**socket, outcome);
    }
  };
  spawn(stubborn(*ring_, port.address(), attempts));
  run_for(20 * kMillisecond);
  ring_->shut_down();
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(ring_->live_sockets(), 0U);
}

TEST_F(ShutDownTest, WaitsForTheLastCompletionOfAStoppedListener) {
  auto listener = Listener::create(
      *ring_, *Address::resolve("127.0.0.1:0"), 16, [](void*, SocketPtr) {}, nullptr);
  ASSERT_TRUE(listener);
  run_for(kMillisecond);
  (*listener)->stop();
  (*listener)->stop();
  ring_->shut_down();
  listener->reset();
  run_for(10 * kMillisecond);  // a completion that came now would find no listener
  EXPECT_EQ(ring_->live_sockets(), 0U);
}

// Sends a count of octets in many pieces and leaves.
Task<> chatter(Ring& ring, const Address& address, std::string_view bytes, int& good, int& left) {
  Result<SocketPtr> socket = co_await connect(ring, address, nullptr, ring.now() + kPatience);
  if (socket) {
    (*socket)->set_deadline(ring.now() + kPatience);
    (*socket)->write(bytes);
    Outcome outcome;
    co_await read_count(**socket, bytes.size(), outcome);
    if (outcome.received == bytes) ++good;
  }
  --left;
}

Task<> echo(SocketPtr socket) {
  for (;;) {
    const Result<void> more = co_await socket->receive();
    if (!more) co_return;
    socket->write(socket->input());
    socket->consume(socket->input().size());
  }
}

class Coalescing : public RingTest {
 protected:
  static constexpr TimeNs kLong = kSecond / 2;
  static constexpr TimeNs kNearlySo = kLong * 9 / 10;

  void echo_on(std::size_t connections) {
    RingOptions options;
    options.mode.coalesce_ns = kLong;
    make_ring(options);
    for (std::size_t i = 0; i < connections; ++i) {
      Connection connection = make_connection();
      spawn(echo(std::move(connection.socket)));
      peers_.push_back(std::move(connection.peer));
    }
  }

  // How long the pass takes that begins with octets on the first `count` connections.
  TimeNs pass_with(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sent_ += peers_[i].send_some("ping");
    const TimeNs begun = ring_->now();
    ring_->run_once(begun + kPatience);
    return ring_->now() - begun;
  }

  void expect_all_answered() {
    std::string received;
    run_until([&] {
      for (Peer& peer : peers_) peer.receive_some(received);
      return received.size() >= sent_;
    });
    EXPECT_EQ(received.size(), sent_);
  }

  std::vector<Peer> peers_;
  std::size_t sent_ = 0;
};

TEST_F(Coalescing, FewCompletionsWaitForMoreAndThoseOfHalfTheConnectionsDoNot) {
  echo_on(20);
  pass_with(20);
  EXPECT_GE(pass_with(9), kNearlySo);
  EXPECT_LT(pass_with(10), kNearlySo);
  EXPECT_LT(pass_with(20), kNearlySo);
  expect_all_answered();
}

TEST_F(Coalescing, OneConnectionDoesNotWaitForOthers) {
  echo_on(1);
  pass_with(1);
  EXPECT_LT(pass_with(1), kNearlySo);
  EXPECT_LT(pass_with(1), kNearlySo);
  expect_all_answered();
}

Task<> ping_pong(Ring& ring, const Address& address, int rounds, int& left) {
  Result<SocketPtr> socket = co_await connect(ring, address, nullptr, ring.now() + kPatience);
  if (!socket) co_return;
  (*socket)->set_deadline(ring.now() + kPatience);
  for (int round = 0; round < rounds; ++round) {
    (*socket)->write("ping");
    Outcome outcome;
    co_await read_count(**socket, 4, outcome);
    if (outcome.received != "ping") co_return;
  }
  --left;
}

TEST_F(Coalescing, SidesThatBothGatherDoNotWaitForEachOther) {
  constexpr int kConnections = 20;
  constexpr int kRounds = 100;
  RingOptions options;
  options.mode.coalesce_ns = kLong;
  auto ring = Ring::create(options);
  ASSERT_TRUE(ring) << ring.error().message;
  std::promise<std::pair<Ring*, Address>> serving;
  std::promise<void> stopped;
  std::thread server([&] {
    auto serving_ring = Ring::create(options).value();
    auto listener = Listener::create(
                        *serving_ring, *Address::resolve("127.0.0.1:0"), 1024,
                        [](void*, SocketPtr socket) { spawn(echo(std::move(socket))); }, nullptr)
                        .value();
    serving.set_value({serving_ring.get(), listener->address()});
    serving_ring->run_until([] { return false; });
    listener->stop();
    serving_ring->shut_down();
    stopped.get_future().wait();
  });
  const auto [peer, address] = serving.get_future().get();
  int left = kConnections;
  for (int i = 0; i < kConnections; ++i) spawn(ping_pong(**ring, address, kRounds, left));
  const TimeNs begun = (*ring)->now();
  (*ring)->run_until([&] { return left == 0 || (*ring)->now() - begun > kPatience; });
  const TimeNs took = (*ring)->now() - begun;
  peer->request_stop();
  stopped.set_value();
  server.join();
  (*ring)->shut_down();
  EXPECT_EQ(left, 0);
  EXPECT_LT(took, kRounds * kLong / 2);
}

TEST_F(Coalescing, AnIdleRingWaitsForWhatComesAndNotForTheClock) {
  RingOptions options;
  options.mode.coalesce_ns = kMillisecond;
  auto ring = Ring::create(options);
  ASSERT_TRUE(ring);
  int passes = 0;
  for (const TimeNs end = (*ring)->now() + 100 * kMillisecond; (*ring)->now() < end; ++passes) {
    (*ring)->run_once(end);
  }
  EXPECT_LT(passes, 10);
}

TEST(CompletionQueue, AnOverflowLosesNothing) {
  constexpr int kConnections = 200;
  RingOptions options;
  options.submission_entries = 4;
  options.completion_entries = 8;
  options.buffer_size = 128;
  auto ring = Ring::create(on_backend(options));
  ASSERT_TRUE(ring) << ring.error().message;
  auto listener = Listener::create(
      **ring, *Address::resolve("127.0.0.1:0"), 1024,
      [](void*, SocketPtr socket) { spawn(echo(std::move(socket))); }, nullptr);
  ASSERT_TRUE(listener);
  const std::string bytes = pattern(2000);
  int good = 0;
  int left = kConnections;
  for (int i = 0; i < kConnections; ++i) {
    spawn(chatter(**ring, (*listener)->address(), bytes, good, left));
  }
  (*ring)->run_until([&] { return left == 0; });
  EXPECT_EQ(good, kConnections);
  (*listener)->stop();
  (*ring)->shut_down();
  EXPECT_EQ((*ring)->live_sockets(), 0U);
}

// Once something has come. `act` and `outcome` outlive it.
Task<> act_on_octets(Transport& transport, const std::function<void()>& act, Outcome& outcome) {
  static_cast<void>(co_await transport.receive());
  transport.consume(transport.input().size());
  act();
  static_cast<void>(co_await transport.flush());
  outcome.done = true;
}

// Three whose octets are there in one pass of the loop.
TEST_F(RingTest, WhatIsWrittenDoesNotWaitForLongWorkOnOthers) {
  std::array<Connection, 3> connections = {make_connection(), make_connection(), make_connection()};
  std::string seen;
  TimeNs seen_at = 0;
  const std::array<std::function<void()>, 3> acts = {
      [&] { connections[0].socket->write("reply"); },
      [&] {
        const TimeNs begun = ring_->now();
        while (ring_->now() - begun < 2 * kMillisecond) {
        }
      },
      [&] {
        connections[0].peer.receive_some(seen);
        seen_at = ring_->now();
      }};
  std::array<Outcome, 3> outcomes;
  for (std::size_t i = 0; i < acts.size(); ++i) {
    spawn(act_on_octets(*connections[i].socket, acts[i], outcomes[i]));
  }
  run_for(5 * kMillisecond);  // until they wait
  for (Connection& connection : connections) connection.peer.send_some("x");
  run_until([&] { return outcomes[0].done && outcomes[1].done && outcomes[2].done; });
  EXPECT_EQ(seen, "reply");
  if (ring_->features().backend == Backend::kIoUring) {
    EXPECT_LE(connections[0].socket->sent_at(), seen_at);
  }
}

TEST_F(RingTest, BuffersAreAllBackWhenEveryConnectionHasEnded) {
  RingOptions options;
  options.buffer_count = 8;
  options.buffer_size = 64;
  make_ring(options);
  for (int round = 0; round < 50; ++round) {
    Connection connection = make_connection();
    EXPECT_GT(connection.peer.send_some(pattern(1000)), 0U);
    if (round % 2 == 0) run_for(kMillisecond);
    connection.socket.reset();
  }
  run_until_quiet();
  EXPECT_EQ(ring_->buffers().available(), 8U);
}

}  // namespace
}  // namespace smtpmark::io::testing
