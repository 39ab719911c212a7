#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "io/listener.h"
#include "tests/io/tls_pair.h"

namespace smtpmark::io::testing {
namespace {

// TLS over TCP on a ring: a server that sends back what it is sent.
class TlsSocketTest : public RingTest {
 protected:
  void SetUp() override {
    RingOptions options;
    options.buffer_size = 2048;  // records straddle buffers
    options.buffer_count = 64;
    make_ring(options);
    auto made = Listener::create(*ring_, *Address::resolve("127.0.0.1:0"), 128,
                                 &TlsSocketTest::on_accept, this);
    ASSERT_TRUE(made);
    listener_ = std::move(*made);
  }
  void TearDown() override {
    listener_->stop();
    RingTest::TearDown();
  }

  static void on_accept(void* self, SocketPtr socket) {
    auto& test = *static_cast<TlsSocketTest*>(self);
    spawn(serve(std::move(socket), test.server_, test.served_));
  }

  static Task<> serve(SocketPtr socket, const TlsContext& context, int& served) {
    TlsTransport tls(*socket, context);
    tls.set_deadline(tls.scheduler().now() + kPatience);
    const Result<void> shaken = co_await tls.handshake();
    if (!shaken) co_return;
    for (;;) {
      const Result<void> more = co_await tls.receive();
      if (!more) break;
      tls.write(tls.input());
      tls.consume(tls.input().size());
    }
    tls.write("bye");
    tls.write_close_notify();
    ++served;
  }

  // Sends `body` behind a handshake and reads it back.
  static Task<> talk(Ring& ring, const Address& address, const TlsContext& context,
                     std::string_view body, Outcome& outcome) {
    const Result<SocketPtr> socket =
        co_await connect(ring, address, nullptr, ring.now() + kPatience);
    if (!socket) {
      outcome.error = socket.error();
      outcome.done = true;
      co_return;
    }
    TlsTransport tls(**socket, context);
    const Result<void> shaken = co_await tls.handshake();
    if (shaken) {
      tls.write_stable(body);
      co_await read_count(tls, body.size(), outcome);
      tls.write_close_notify();
      co_await read_to_end(tls, outcome);
    } else {
      outcome.error = shaken.error();
    }
    outcome.done = true;
  }

  const TlsContext client_ = client_context();
  const TlsContext server_ = server_context();
  std::unique_ptr<Listener> listener_;
  int served_ = 0;
};

TEST_F(TlsSocketTest, ManyConnectionsAtOnceGetBackWhatTheySent) {
  constexpr int kConnections = 20;
  const std::string body = pattern(200'000);
  std::vector<Outcome> outcomes(kConnections);
  for (Outcome& outcome : outcomes) {
    spawn(talk(*ring_, listener_->address(), client_, body, outcome));
  }
  const auto all_done = [&] {
    return std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.done; });
  };
  // read_count() marks an outcome too: the connections have ended when the sockets are gone.
  run_until([&] { return all_done() && ring_->live_sockets() == 0; });
  for (const Outcome& outcome : outcomes) {
    EXPECT_TRUE(outcome.received == body + "bye");
    EXPECT_EQ(outcome.error.kind, ErrorKind::kClosed);
  }
  EXPECT_EQ(served_, kConnections);
  EXPECT_EQ(ring_->buffers().available(), 64U);
}

TEST_F(TlsSocketTest, AServerWithoutTlsIsNamed) {
  Port port;
  Outcome outcome;
  spawn(talk(*ring_, port.address(), client_, "", outcome));
  Peer peer(-1);
  run_for(20 * kMillisecond);
  peer = port.accept();
  peer.send_some("220 mx.example.com ESMTP\r\n");
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTlsProtocol);
}

TEST_F(TlsSocketTest, AShutDownEndsAHandshake) {
  Port port;
  Outcome outcome;
  spawn(talk(*ring_, port.address(), client_, "", outcome));
  run_for(20 * kMillisecond);
  ring_->shut_down();
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.error.kind, ErrorKind::kCanceled);
}

Task<> flush_over_tls(SocketPtr socket, const TlsContext& context, std::string_view body,
                      Outcome& outcome) {
  TlsTransport tls(*socket, context);
  const Result<void> shaken = co_await tls.handshake();
  if (!shaken) co_return;
  tls.set_deadline(tls.scheduler().now() + 50 * kMillisecond);
  tls.write_stable(body);
  co_await flush_to(tls, 0, outcome);
}

TEST_F(TlsSocketTest, ADeadlineEndsAFlushToAPeerThatDoesNotRead) {
  const std::string body = pattern(16 << 20);
  Port port(16, 16 * 1024);
  Result<SocketPtr> ours = connect_to(port.address());
  ASSERT_TRUE(ours);
  Peer peer = port.accept();
  Outcome outcome;
  spawn(flush_over_tls(std::move(*ours), client_, body, outcome));

  // The peer: TLS by hand, over memory that is carried to and from its socket, and then silence.
  SimulatedScheduler scheduler;
  MemoryTransport near(scheduler);
  MemoryTransport wire(scheduler);
  MemoryTransport::join(near, wire);
  TlsTransport server(near, server_);
  Outcome shaken;
  spawn(shake_hands(server, shaken));
  std::size_t carried = 0;
  run_until([&] {
    std::string piece;
    if (!shaken.done) peer.receive_some(piece, 16 * 1024);
    if (!piece.empty()) {
      Outcome flushed;
      wire.write(piece);
      spawn(flush_to(wire, 0, flushed));
    }
    scheduler.run();
    carried += peer.send_some(std::string_view(near.sent()).substr(carried));
    return outcome.done;
  });
  EXPECT_TRUE(shaken.done);
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
}

}  // namespace
}  // namespace smtpmark::io::testing
