#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "io/listener.h"
#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

using SocketConnectTest = RingTest;

TEST_F(SocketConnectTest, ReachesAListeningPort) {
  Port port;
  const Result<SocketPtr> socket = connect_to(port.address());
  ASSERT_TRUE(socket) << describe(socket.error());
  EXPECT_GE((*socket)->descriptor(), 0);
  Peer peer = port.accept();
  EXPECT_GE(peer.descriptor(), 0);
}

TEST_F(SocketConnectTest, APortWithoutAListenerRefuses) {
  const auto closed_port = [] { return Port().address(); };
  const Result<SocketPtr> socket = connect_to(closed_port());
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), (Error{ErrorKind::kRefused, ECONNREFUSED, 0}));
  run_until_quiet();
}

TEST_F(SocketConnectTest, ADeadlineEndsAConnectThatNobodyAnswers) {
  Port full(0);
  std::vector<Peer> queued;  // the queue takes one more than its size, then answers no SYN
  for (int i = 0; i < 4; ++i) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    queued.emplace_back(descriptor);
    static_cast<void>(
        ::connect(descriptor, full.address().sockaddr_ptr(), full.address().length()));
  }
  const Result<SocketPtr> socket = connect_to(full.address(), 50 * kMillisecond);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().kind, ErrorKind::kTimedOut);
  run_until_quiet();
}

TEST_F(SocketConnectTest, ADeadlineInThePastEndsTheConnect) {
  Port full(0);
  std::vector<Result<SocketPtr>> results;
  results.reserve(4);
  for (int i = 0; i < 4; ++i) results.push_back(connect_to(full.address(), 0));
  EXPECT_FALSE(results.back());
  EXPECT_EQ(results.back().error().kind, ErrorKind::kTimedOut);
}

Task<> connect_from(Ring& ring, const Address& target, const Address& source,
                    Result<SocketPtr>& into, bool& done) {
  into = co_await connect(ring, target, &source, ring.now() + kPatience);
  done = true;
}

TEST_F(SocketConnectTest, GoesOutFromTheSourceAddress) {
  Port port;
  const Address source = *Address::resolve("127.0.0.9:0");
  Result<SocketPtr> socket = tl::unexpected(Error{});
  bool done = false;
  spawn(connect_from(*ring_, port.address(), source, socket, done));
  run_until([&] { return done; });
  ASSERT_TRUE(socket) << describe(socket.error());
  const Address own = Address::of_socket((*socket)->descriptor());
  EXPECT_EQ(own.to_string().substr(0, 10), "127.0.0.9:");
  EXPECT_NE(own.port(), 0);
}

TEST_F(SocketConnectTest, ASourceThatIsNotOfThisHostIsNamed) {
  Port port;
  const Address source = *Address::resolve("192.0.2.1:0");
  Result<SocketPtr> socket = tl::unexpected(Error{});
  bool done = false;
  spawn(connect_from(*ring_, port.address(), source, socket, done));
  run_until([&] { return done; });
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().kind, ErrorKind::kAddressNotAvailable);
  EXPECT_EQ(ring_->live_sockets(), 0U);
}

// Each round leaves a receive, a cancellation and a close whose completions come when the
// descriptor, and the memory of the socket, may have been given to the next.
Task<> short_connections(Ring& ring, const Address& target, int count, int& good, int& running) {
  for (int i = 0; i < count; ++i) {
    Result<SocketPtr> socket = co_await connect(ring, target, nullptr, ring.now() + kPatience);
    if (!socket) break;
    (*socket)->set_deadline(ring.now() + kPatience);
    const std::string mark = std::to_string(i) + "\n";
    (*socket)->write(mark);
    Outcome outcome;
    co_await read_count(**socket, mark.size(), outcome);
    if (outcome.received == mark) ++good;
    if (i % 2 == 0) co_await read_to_end(**socket, outcome);  // the server closes first
  }
  --running;
}

// Answers a line with itself and closes.
Task<> echo_line(SocketPtr socket) {
  while (socket->input().find('\n') == std::string_view::npos) {
    const Result<void> more = co_await socket->receive();
    if (!more) co_return;
  }
  socket->write(socket->input());
}

TEST_F(SocketConnectTest, ThousandsOfShortConnectionsReuseDescriptorsAndMemory) {
  constexpr int kAtOnce = 16;
  constexpr int kEach = 200;
  auto listener = Listener::create(
      *ring_, *Address::resolve("127.0.0.1:0"), 128,
      [](void*, SocketPtr socket) { spawn(echo_line(std::move(socket))); }, nullptr);
  ASSERT_TRUE(listener);
  int good = 0;
  int running = kAtOnce;
  for (int i = 0; i < kAtOnce; ++i) {
    spawn(short_connections(*ring_, (*listener)->address(), kEach, good, running));
  }
  run_until([&] { return running == 0; });
  EXPECT_EQ(good, kAtOnce * kEach);
  run_until_quiet();
  EXPECT_LE(ring_->sockets_made(), 4U * kAtOnce);
  (*listener)->stop();
  ring_->shut_down();
}

}  // namespace
}  // namespace smtpmark::io::testing
