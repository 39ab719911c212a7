// What TLS handshakes and records cost in memory, without any socket: the limit for sessions and
// octets a second. Both sides run on the settings and with the allocator that `smtpmark` uses, over
// OpenSSL's own memory BIOs.
#include <benchmark/benchmark.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <ctime>
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

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

struct Kind {
  TlsVersion version;
  bool resumed = false;
  bool plain_library = false;  // OpenSSL as it comes, with all its decoders
};

struct Contexts {
  TlsContext client;
  TlsContext server;
};

double thread_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Adds the CPU time that a call takes to `sum_s`.
template <class Call>
auto timed(double& sum_s, Call call) {
  const double begun_s = thread_cpu_s();
  auto result = call();
  sum_s += thread_cpu_s() - begun_s;
  return result;
}

SslPtr make_side(const TlsContext& context, BIO* incoming, BIO* outgoing) {
  SslPtr side(SSL_new(context.get()));
  SSL_set_bio(side.get(), incoming, outgoing);
  if (context.is_server()) {
    SSL_set_accept_state(side.get());
  } else {
    SSL_set_connect_state(side.get());
    if (context.sessions() != nullptr) context.sessions()->offer(side.get());
  }
  return side;
}

// A client and a server that write into each other's memory, from the first call to the last.
class Pair {
 public:
  explicit Pair(const Contexts& contexts) {
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    client_ = timed(client_s_, [&] { return make_side(contexts.client, to_client, to_server); });
    server_ = timed(server_s_, [&] { return make_side(contexts.server, to_server, to_client); });
  }

  bool shake_hands() {
    bool client_done = false;
    bool server_done = false;
    for (int step = 0; step < 10 && !(client_done && server_done); ++step) {
      client_done = timed(client_s_, [&] { return SSL_do_handshake(client_.get()) == 1; });
      server_done = timed(server_s_, [&] { return SSL_do_handshake(server_.get()) == 1; });
    }
    return client_done && server_done;
  }

  // The client takes in the tickets that follow a handshake of TLS 1.3; nothing else has been sent.
  bool take_tickets() {
    char octet = 0;
    return timed(client_s_, [&] { return SSL_peek(client_.get(), &octet, 1) == -1; });
  }

  void drop() {
    const auto end = [](SslPtr& side) {
      SSL_set_shutdown(side.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
      side.reset();
      return true;
    };
    timed(client_s_, [&] { return end(client_); });
    timed(server_s_, [&] { return end(server_); });
  }

  bool is(const Kind& kind, bool has_session) const {
    const bool resumed = kind.resumed && has_session;
    const int version = kind.version == TlsVersion::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    return SSL_version(client_.get()) == version &&
           (SSL_session_reused(client_.get()) == 1) == resumed &&
           (resumed || SSL_get_negotiated_group(client_.get()) == NID_X25519);
  }
  SSL* client() const noexcept { return client_.get(); }
  SSL* server() const noexcept { return server_.get(); }
  double client_s() const noexcept { return client_s_; }
  double server_s() const noexcept { return server_s_; }

 private:
  SslPtr client_;
  SslPtr server_;
  double client_s_ = 0.0;
  double server_s_ = 0.0;
};

Contexts make_contexts(const Kind& kind) {
  static const Certificate certificate = Certificate::self_signed().value();
  TlsClientOptions client;
  client.min_version = client.max_version = kind.version;
  client.resume = kind.resumed;
  client.plain_library = kind.plain_library;
  TlsServerOptions server;
  server.tickets = kind.resumed ? 2 : 0;
  return {TlsContext::for_client(client).value(),
          TlsContext::for_server(server, certificate).value()};
}

// Both sides of a connection that only shakes hands, ECDSA P-256 and X25519: made, handshake,
// tickets, freed. client_us and server_us are CPU time.
void handshake(benchmark::State& state, const Kind& kind) {
  const Contexts contexts = make_contexts(kind);
  for (const bool warm : {false, true}) {  // the first gives what the second resumes
    Pair proof(contexts);
    if (!proof.shake_hands() || !proof.take_tickets() || !proof.is(kind, warm)) {
      state.SkipWithError("this is not the handshake that is meant");
      return;
    }
    proof.drop();
  }
  double client_s = 0.0;
  double server_s = 0.0;
  for (auto _ : state) {
    Pair pair(contexts);
    if (!pair.shake_hands() || !pair.take_tickets() || !pair.is(kind, true)) {
      state.SkipWithError("a handshake failed");
      break;
    }
    pair.drop();
    client_s += pair.client_s();
    server_s += pair.server_s();
  }
  const auto each = [&state](double seconds) {
    return seconds * 1e6 / static_cast<double>(state.iterations());
  };
  state.counters["client_us"] = each(client_s);
  state.counters["server_us"] = each(server_s);
}

// 1 MiB from the client to the server in records of 16 KiB, encrypted and decrypted, four in turn:
// reading the clock takes a good part of the time of one.
void records(benchmark::State& state, const std::string& suite) {
  constexpr int kRecord = 16384;
  constexpr int kInTurn = 4;
  constexpr int kTurns = 16;
  TlsClientOptions client;
  client.suites = suite;
  static const Certificate certificate = Certificate::self_signed().value();
  const Contexts contexts{TlsContext::for_client(client).value(),
                          TlsContext::for_server({}, certificate).value()};
  Pair pair(contexts);
  if (!pair.shake_hands() || suite != SSL_get_cipher_name(pair.client())) {
    state.SkipWithError("this is not the cipher that is meant");
    return;
  }
  const std::string plain(kRecord, 'x');
  std::string seen(kRecord, ' ');
  const auto in_turn = [](const auto& one) {
    bool good = true;
    for (int i = 0; i < kInTurn; ++i) good = good && one() == kRecord;
    return good;
  };
  double client_s = 0.0;
  double server_s = 0.0;
  for (auto _ : state) {
    for (int i = 0; i < kTurns; ++i) {
      const bool sent = timed(client_s, [&] {
        return in_turn([&] { return SSL_write(pair.client(), plain.data(), kRecord); });
      });
      const bool read = timed(server_s, [&] {
        return in_turn([&] { return SSL_read(pair.server(), seen.data(), kRecord); });
      });
      if (!sent || !read) state.SkipWithError("a record was lost");
    }
  }
  if (seen != plain) state.SkipWithError("the octets are others");
  const auto each = [&state](double seconds) {
    return seconds * 1e6 / static_cast<double>(state.iterations());
  };
  state.counters["client_us"] = each(client_s);
  state.counters["server_us"] = each(server_s);
  state.SetBytesProcessed(state.iterations() * kRecord * kInTurn * kTurns);
}

BENCHMARK_CAPTURE(records, tls13_aes128, "TLS_AES_128_GCM_SHA256")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, full_tls13, {TlsVersion::kTls13})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, full_tls12, {TlsVersion::kTls12})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, plain_tls13, {TlsVersion::kTls13, false, true})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, plain_tls12, {TlsVersion::kTls12, false, true})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, resumed_tls13, {TlsVersion::kTls13, true})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, resumed_tls12, {TlsVersion::kTls12, true})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
