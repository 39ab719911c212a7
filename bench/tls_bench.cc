// What a TLS handshake costs in memory, without any socket: the limit for sessions a second. Both
// sides run on the settings that `smtpmark` uses, over OpenSSL's own memory BIOs.
#include <benchmark/benchmark.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>

#include "io/certificate.h"
#include "io/tls_context.h"

namespace {

using smtpmark::io::Certificate;
using smtpmark::io::TlsClientOptions;
using smtpmark::io::TlsContext;
using smtpmark::io::TlsServerOptions;
using smtpmark::io::TlsVersion;
using Clock = std::chrono::steady_clock;

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

// A client and a server that write into each other's memory.
struct Pair {
  SslPtr client;
  SslPtr server;
  double client_s = 0.0;
  double server_s = 0.0;

  Pair(const TlsContext& client_context, const TlsContext& server_context) {
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    const auto begun = Clock::now();
    client.reset(SSL_new(client_context.get()));
    SSL_set_bio(client.get(), to_client, to_server);
    SSL_set_connect_state(client.get());
    const auto between = Clock::now();
    server.reset(SSL_new(server_context.get()));
    SSL_set_bio(server.get(), to_server, to_client);
    SSL_set_accept_state(server.get());
    client_s += std::chrono::duration<double>(between - begun).count();
    server_s += std::chrono::duration<double>(Clock::now() - between).count();
  }

  bool shake_hands() {
    bool client_done = false;
    bool server_done = false;
    for (int step = 0; step < 10 && !(client_done && server_done); ++step) {
      const auto begun = Clock::now();
      client_done = SSL_do_handshake(client.get()) == 1;
      const auto between = Clock::now();
      server_done = SSL_do_handshake(server.get()) == 1;
      client_s += std::chrono::duration<double>(between - begun).count();
      server_s += std::chrono::duration<double>(Clock::now() - between).count();
    }
    return client_done && server_done;
  }
};

struct Contexts {
  TlsContext client;
  TlsContext server;
};

Contexts make_contexts(TlsVersion version) {
  static const Certificate certificate = Certificate::self_signed().value();
  TlsClientOptions client;
  client.min_version = client.max_version = version;
  TlsServerOptions server;
  return {TlsContext::for_client(client).value(),
          TlsContext::for_server(server, certificate).value()};
}

// Both sides of a full handshake, ECDSA P-256 and X25519; client_us and server_us are wall time.
void full_handshake(benchmark::State& state, TlsVersion version, const std::string& expected) {
  const Contexts contexts = make_contexts(version);
  {
    Pair proof(contexts.client, contexts.server);
    if (!proof.shake_hands() || expected != SSL_get_version(proof.client.get()) ||
        SSL_session_reused(proof.client.get()) != 0 ||
        SSL_get_negotiated_group(proof.client.get()) != NID_X25519) {
      state.SkipWithError("this is not the handshake that is meant");
      return;
    }
  }
  double client_s = 0.0;
  double server_s = 0.0;
  for (auto _ : state) {
    Pair pair(contexts.client, contexts.server);
    if (!pair.shake_hands()) state.SkipWithError("a handshake failed");
    client_s += pair.client_s;
    server_s += pair.server_s;
  }
  const auto each = [&state](double seconds) {
    return seconds * 1e6 / static_cast<double>(state.iterations());
  };
  state.counters["client_us"] = each(client_s);
  state.counters["server_us"] = each(server_s);
}

BENCHMARK_CAPTURE(full_handshake, tls13, TlsVersion::kTls13, "TLSv1.3")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(full_handshake, tls12, TlsVersion::kTls12, "TLSv1.2")
    ->Unit(benchmark::kMicrosecond);

}  // namespace
