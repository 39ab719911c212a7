// Two ends of TLS connections in memory.
#ifndef SMTPMARK_TESTS_IO_TLS_PAIR_H_
#define SMTPMARK_TESTS_IO_TLS_PAIR_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "io/memory_transport.h"
#include "io/tls_transport.h"
#include "tests/io/loop.h"

namespace smtpmark::io::testing {

inline const Certificate& certificate() {
  static const Certificate made = Certificate::self_signed().value();
  return made;
}

inline TlsContext client_context(const TlsClientOptions& options = {}) {
  return TlsContext::for_client(options).value();
}
inline TlsContext server_context(const TlsServerOptions& options = {}) {
  return TlsContext::for_server(options, certificate()).value();
}

inline Task<> shake_hands(TlsTransport& transport, Outcome& outcome) {
  const Result<void> result = co_await transport.handshake();
  if (!result) outcome.error = result.error();
  // A dialogue would go on writing or reading: the last flight leaves with that.
  if (result) static_cast<void>(co_await transport.flush());
  outcome.done = true;
}

// Two ends of a TLS connection in memory.
struct TlsPair {
  explicit TlsPair(Scheduler& scheduler, const TlsContext& for_client = client_context(),
                   const TlsContext& for_server = server_context())
      : client_tcp(scheduler),
        server_tcp(scheduler),
        client(client_tcp, for_client),
        server(server_tcp, for_server) {
    MemoryTransport::join(client_tcp, server_tcp);
  }

  void set_pieces(const std::function<std::size_t()>& size) {
    client_tcp.next_piece = server_tcp.next_piece = size;
  }

  MemoryTransport client_tcp;
  MemoryTransport server_tcp;
  TlsTransport client;
  TlsTransport server;
};

class TlsTest : public ::testing::Test {
 protected:
  struct Handshake {
    Outcome client;
    Outcome server;
    bool good() const {
      return client.done && server.done && client.error == Error{} && server.error == Error{};
    }
  };

  Handshake shake(TlsPair& pair) {
    Handshake handshake;
    spawn(shake_hands(pair.client, handshake.client));
    spawn(shake_hands(pair.server, handshake.server));
    scheduler_.run();
    // Frames that still wait would refer to outcomes that are gone.
    if (!handshake.client.done || !handshake.server.done) {
      pair.client_tcp.close();
      pair.server_tcp.close();
      scheduler_.run();
    }
    return handshake;
  }
  // Sends `bytes` one way and returns what arrives.
  std::string carry(TlsTransport& from, TlsTransport& to, std::string_view bytes) {
    Outcome sent;
    Outcome received;
    from.write(bytes);
    spawn(flush_to(from, 0, sent));
    spawn(read_count(to, bytes.size(), received));
    scheduler_.run();
    EXPECT_TRUE(sent.done);
    EXPECT_TRUE(received.done);
    return received.received;
  }

  SimulatedScheduler scheduler_;
};

}  // namespace smtpmark::io::testing

#endif  // SMTPMARK_TESTS_IO_TLS_PAIR_H_
