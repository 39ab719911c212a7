#include "tests/io/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace smtpmark::io::testing {

RingOptions on_backend(RingOptions options) {
  const char* const name = std::getenv("SMTPMARK_TEST_BACKEND");
  const bool epoll = name != nullptr && std::string_view(name) == "epoll";
  options.mode.backend = epoll ? Backend::kEpoll : Backend::kIoUring;
  return options;
}

Task<> read_to_end(Transport& transport, Outcome& outcome) {
  co_await read_count(transport, SIZE_MAX, outcome);
}

Task<> read_count(Transport& transport, std::size_t octets, Outcome& outcome) {
  while (outcome.received.size() < octets) {
    const Result<void> more = co_await transport.receive();
    if (!more) {
      outcome.error = more.error();
      break;
    }
    EXPECT_FALSE(transport.input().empty()) << "a receive that brought nothing";
    outcome.received += transport.input();
    transport.consume(transport.input().size());
  }
  outcome.done = true;
}

Task<> read_lines(Transport& transport, Outcome& outcome) {
  for (;;) {
    const std::size_t end = transport.input().find('\n');
    if (end != std::string_view::npos) {
      outcome.received += transport.input().substr(0, end + 1);
      transport.consume(end + 1);
      continue;
    }
    const std::size_t before = transport.input().size();
    const Result<void> more = co_await transport.receive();
    if (!more) {
      outcome.error = more.error();
      break;
    }
    EXPECT_GT(transport.input().size(), before) << "a receive that brought nothing";
  }
  outcome.done = true;
}

Task<> flush_to(Transport& transport, std::size_t backlog, Outcome& outcome) {
  const Result<void> flushed = co_await transport.flush(backlog);
  if (!flushed) outcome.error = flushed.error();
  outcome.done = true;
}

std::string pattern(std::size_t octets, unsigned seed) {
  std::string text(octets, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& octet : text) {
    state = state * 1664525U + 1013904223U;
    octet = static_cast<char>(state >> 24);
  }
  return text;
}

// Peer

Peer Peer::connect_to(const Address& address) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(descriptor, address.sockaddr_ptr(), address.length()), 0) << errno;
  return Peer(descriptor);
}

std::size_t Peer::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool Peer::receive_some(std::string& into, std::size_t limit) {
  char piece[65536];
  while (limit > 0) {
    const ssize_t count = ::recv(descriptor_, piece, std::min(limit, sizeof piece), MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    into.append(piece, static_cast<std::size_t>(count));
    limit -= static_cast<std::size_t>(count);
  }
  return true;
}

void Peer::shut_down_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

void Peer::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Peer::reset() {
  const linger at_once{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

// Port

Port::Port(int backlog, int receive_buffer)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const Address any = *Address::resolve("127.0.0.1:0");
  EXPECT_EQ(::bind(descriptor_, any.sockaddr_ptr(), any.length()), 0) << errno;
  EXPECT_EQ(::listen(descriptor_, backlog), 0) << errno;
  address_ = Address::of_socket(descriptor_);
}

Port::~Port() {
  ::close(descriptor_);
}

Peer Port::accept() {
  return Peer(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
}

// RingTest

void RingTest::make_ring(const RingOptions& options) {
  auto made = Ring::create(on_backend(options));
  ASSERT_TRUE(made) << made.error().message;
  ring_ = std::move(*made);
}

void RingTest::TearDown() {
  if (!ring_) return;
  ring_->shut_down();
  EXPECT_EQ(ring_->live_sockets(), 0U);
}

void RingTest::run_until(const std::function<bool()>& done, TimeNs patience) {
  const TimeNs end = ring_->now() + patience;
  while (!done()) {
    ring_->run_once(ring_->now() + 20 * kMillisecond);
    ASSERT_LT(ring_->now(), end) << "waited too long";
  }
}

std::uint64_t RingTest::run_for(TimeNs span) {
  std::uint64_t passes = 0;
  for (const TimeNs end = ring_->now() + span; ring_->now() < end; ++passes) ring_->run_once(end);
  return passes;
}

namespace {

Task<> connect_into(Ring& ring, const Address& address, TimeNs deadline, Result<SocketPtr>& into,
                    bool& done) {
  into = co_await connect(ring, address, nullptr, deadline);
  done = true;
}

}  // namespace

Result<SocketPtr> RingTest::connect_to(const Address& address, TimeNs timeout) {
  Result<SocketPtr> result = tl::unexpected(Error{});
  bool done = false;
  spawn(connect_into(*ring_, address, ring_->now() + timeout, result, done));
  run_until([&] { return done; }, timeout + kPatience);
  return result;
}

RingTest::Connection RingTest::make_connection(int send_buffer, int peer_receive_buffer) {
  Port port(16, peer_receive_buffer);
  Result<SocketPtr> socket = connect_to(port.address());
  EXPECT_TRUE(socket) << describe(socket.error());
  if (send_buffer > 0) {
    setsockopt((*socket)->descriptor(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  }
  (*socket)->set_deadline(kNever);
  return {std::move(*socket), port.accept()};
}

}  // namespace smtpmark::io::testing
