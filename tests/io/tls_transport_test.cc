#include "io/tls_transport.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "io/memory_transport.h"
#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

const Certificate& certificate() {
  static const Certificate made = Certificate::self_signed().value();
  return made;
}

TlsContext client_context(const TlsClientOptions& options = {}) {
  return TlsContext::for_client(options).value();
}
TlsContext server_context(const TlsServerOptions& options = {}) {
  return TlsContext::for_server(options, certificate()).value();
}

Task<> shake_hands(TlsTransport& transport, Outcome& outcome) {
  const Result<void> result = co_await transport.handshake();
  if (!result) outcome.error = result.error();
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

class TlsVersionTest : public TlsTest, public ::testing::WithParamInterface<TlsVersion> {
 protected:
  TlsContext client() {
    TlsClientOptions options;
    options.min_version = options.max_version = GetParam();
    return client_context(options);
  }
};

TEST_P(TlsVersionTest, CarriesOctetsBothWaysInPiecesOfOneOctet) {
  TlsPair pair(scheduler_, client());
  pair.set_pieces([] { return 1; });
  ASSERT_TRUE(shake(pair).good());
  EXPECT_EQ(pair.client.version(), GetParam() == TlsVersion::kTls12 ? "TLSv1.2" : "TLSv1.3");
  EXPECT_EQ(pair.server.version(), pair.client.version());
  EXPECT_EQ(pair.server.cipher(), pair.client.cipher());
  EXPECT_FALSE(pair.client.resumed());
  EXPECT_EQ(carry(pair.client, pair.server, "EHLO mx.example.com\r\n"), "EHLO mx.example.com\r\n");
  EXPECT_EQ(carry(pair.server, pair.client, "250 mx.example.com\r\n"), "250 mx.example.com\r\n");
}

TEST_P(TlsVersionTest, CarriesOctetsBothWaysInRandomPieces) {
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round) {
    TlsPair pair(scheduler_, client());
    pair.set_pieces([&random] { return 1 + random() % 700; });
    ASSERT_TRUE(shake(pair).good());
    for (int turn = 0; turn < 5; ++turn) {
      const std::string bytes = pattern(1 + random() % 40'000, static_cast<unsigned>(random()));
      ASSERT_TRUE(carry(pair.client, pair.server, bytes) == bytes);
      ASSERT_TRUE(carry(pair.server, pair.client, bytes) == bytes);
    }
  }
}

TEST_P(TlsVersionTest, CarriesLargeReferencesBothWaysAtOnce) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  const std::string up = pattern(3'000'000, 1);
  const std::string down = pattern(2'000'000, 2);
  Outcome at_client;
  Outcome at_server;
  pair.client.write_stable(up);
  pair.server.write_stable(down);
  spawn(read_count(pair.client, down.size(), at_client));
  spawn(read_count(pair.server, up.size(), at_server));
  scheduler_.run();
  EXPECT_TRUE(at_client.received == down);
  EXPECT_TRUE(at_server.received == up);
}

TEST_P(TlsVersionTest, CloseNotifyIsTheEndOfTheStream) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server.write("221 Bye\r\n");
  pair.server.write_close_notify();
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.received, "221 Bye\r\n");
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_P(TlsVersionTest, AnEndOfTheConnectionBelowIsTheEndOfTheStreamToo) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server_tcp.close();
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_P(TlsVersionTest, DiscardInputDropsWhatHasArrived) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server.write("dropped");
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  scheduler_.run();
  pair.client.discard_input();
  EXPECT_TRUE(pair.client.input().empty());
  EXPECT_EQ(carry(pair.server, pair.client, "wanted"), "wanted");
}

TEST_P(TlsVersionTest, AResetBelowIsNamedToReaderAndWriter) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server_tcp.reset();
  scheduler_.run();
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.error.kind, ErrorKind::kReset);
  Outcome flushed;
  pair.client.write("to nobody");
  spawn(flush_to(pair.client, 0, flushed));
  scheduler_.run();
  EXPECT_EQ(flushed.error.kind, ErrorKind::kReset);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsVersionTest,
                         ::testing::Values(TlsVersion::kTls12, TlsVersion::kTls13),
                         [](const auto& tested) {
                           return tested.param == TlsVersion::kTls12 ? "Tls12" : "Tls13";
                         });

TEST_F(TlsTest, WritesKeepTheirOrderWhetherCopiedOrReferredTo) {
  TlsPair pair(scheduler_);
  ASSERT_TRUE(shake(pair).good());
  std::string expected;
  std::vector<std::string> references;
  for (unsigned i = 0; i < 6; ++i) references.push_back(pattern(i % 2 == 0 ? 20'000 : 100, i));
  for (const std::string& reference : references) {
    pair.client.write("copy ");
    pair.client.write_stable(reference);
    expected += "copy " + reference;
  }
  pair.client.write_stable(references[0]);
  pair.client.write_stable(references[2]);
  expected += references[0] + references[2];
  Outcome received;
  Outcome sent;
  spawn(read_count(pair.server, expected.size(), received));
  spawn(flush_to(pair.client, 0, sent));
  scheduler_.run();
  EXPECT_TRUE(received.received == expected);
  EXPECT_TRUE(sent.done);
}

TEST_F(TlsTest, WhatWasWrittenBeforeTheHandshakeFollowsIt) {
  TlsPair pair(scheduler_);
  const std::string body = pattern(20'000);
  pair.client.write_stable(body);
  pair.client.write("end");
  ASSERT_TRUE(shake(pair).good());
  Outcome sent;
  Outcome received;
  spawn(flush_to(pair.client, 0, sent));
  spawn(read_count(pair.server, body.size() + 3, received));
  scheduler_.run();
  EXPECT_TRUE(received.received == body + "end");
}

TEST_F(TlsTest, WhatWasWrittenIsHandedDownWhenTheLayerEnds) {
  MemoryTransport client_tcp(scheduler_);
  MemoryTransport server_tcp(scheduler_);
  MemoryTransport::join(client_tcp, server_tcp);
  TlsTransport client(client_tcp, client_context());
  Outcome received;
  const std::string body = pattern(600'000);
  {
    TlsTransport server(server_tcp, server_context());
    Outcome one;
    Outcome other;
    spawn(shake_hands(client, one));
    spawn(shake_hands(server, other));
    scheduler_.run();
    spawn(read_to_end(client, received));
    server.write("221 Bye\r\n");
    server.write_stable(body);
  }
  server_tcp.close();
  scheduler_.run();
  EXPECT_TRUE(received.received == "221 Bye\r\n" + body);
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_F(TlsTest, TwoConnectionsKeepTheirUnconsumedInputInTheSharedScratchArea) {
  TlsPair one(scheduler_);
  TlsPair two(scheduler_);
  ASSERT_TRUE(shake(one).good());
  ASSERT_TRUE(shake(two).good());
  Outcome lines_of_one;
  Outcome lines_of_two;
  spawn(read_lines(one.client, lines_of_one));
  spawn(read_lines(two.client, lines_of_two));
  std::string expected_one;
  std::string expected_two;
  const auto say = [&](TlsPair& pair, std::string_view bytes, std::string& expected) {
    expected += bytes;
    pair.server.write(bytes);
    Outcome sent;
    spawn(flush_to(pair.server, 0, sent));
    scheduler_.run();
  };
  for (int i = 0; i < 50; ++i) {
    say(one, "the beginning of one, ", expected_one);
    say(two, "the beginning of two, ", expected_two);
    say(one, "the end\nand more of one ", expected_one);
    say(two, "the end\nand more of two ", expected_two);
  }
  say(one, "\n", expected_one);
  say(two, "\n", expected_two);
  EXPECT_EQ(lines_of_one.received, expected_one);
  EXPECT_EQ(lines_of_two.received, expected_two);
  one.server_tcp.close();
  two.server_tcp.close();
  scheduler_.run();
  EXPECT_TRUE(lines_of_one.done && lines_of_two.done);
}

TEST_F(TlsTest, MoreLeftUnconsumedThanTheScratchAreaHoldsIsAnError) {
  TlsPair pair(scheduler_);
  ASSERT_TRUE(shake(pair).good());
  pair.server.write(std::string(100'000, 'x'));
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  Outcome received;
  spawn(read_lines(pair.client, received));
  scheduler_.run();
  EXPECT_TRUE(received.done);
  EXPECT_EQ(received.error.os_code, EMSGSIZE);
}

class TlsFailureTest : public TlsTest {
 protected:
  void SetUp() override {
    ca_file_ = (std::filesystem::path(::testing::TempDir()) /
                ("smtpmark-ca-" + std::to_string(getpid()) + ".pem"))
                   .string();
    std::ofstream(ca_file_) << certificate().to_pem();
  }
  void TearDown() override { std::filesystem::remove(ca_file_); }

  TlsContext verifying(const std::string& host_name, bool trusting = true) {
    TlsClientOptions options;
    options.verify = true;
    options.host_name = host_name;
    if (trusting) options.ca_file = ca_file_;
    return client_context(options);
  }

  std::string ca_file_;
};

TEST_F(TlsFailureTest, ATrustedCertificateForTheNameIsAccepted) {
  for (const char* name : {"localhost", "mx.example.com", "127.0.0.1", "::1", ""}) {
    TlsPair pair(scheduler_, verifying(name));
    EXPECT_TRUE(shake(pair).good()) << name;
  }
}

TEST_F(TlsFailureTest, ACertificateOfAnUnknownIssuerIsRefusedWithItsReason) {
  TlsPair pair(scheduler_, verifying("localhost", false));
  const Handshake handshake = shake(pair);
  EXPECT_EQ(handshake.client.error.kind, ErrorKind::kCertificate);
  EXPECT_EQ(handshake.client.error.tls_code,
            static_cast<unsigned long>(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
  EXPECT_NE(describe(handshake.client.error).find("self"), std::string::npos)
      << describe(handshake.client.error);
  EXPECT_EQ(handshake.server.error.kind, ErrorKind::kTlsAlert);
}

TEST_F(TlsFailureTest, ACertificateForAnotherNameIsRefused) {
  for (const char* name : {"other.example.com", "127.0.0.2", "::2"}) {
    TlsPair pair(scheduler_, verifying(name));
    const Handshake handshake = shake(pair);
    EXPECT_EQ(handshake.client.error.kind, ErrorKind::kCertificate) << name;
    EXPECT_NE(describe(handshake.client.error).find("mismatch"), std::string::npos)
        << describe(handshake.client.error);
  }
}

TEST_F(TlsFailureTest, AVersionThatTheServerDoesNotSpeakGivesAnAlertToTheClient) {
  TlsClientOptions old;
  old.max_version = TlsVersion::kTls12;
  TlsServerOptions modern;
  modern.min_version = TlsVersion::kTls13;
  TlsPair pair(scheduler_, client_context(old), server_context(modern));
  const Handshake handshake = shake(pair);
  EXPECT_EQ(handshake.client.error.kind, ErrorKind::kTlsAlert);
  EXPECT_NE(describe(handshake.client.error).find("version"), std::string::npos)
      << describe(handshake.client.error);
  EXPECT_EQ(handshake.server.error.kind, ErrorKind::kTlsProtocol);
}

TEST_F(TlsFailureTest, GarbageInPlaceOfTheServersHelloIsNoTls) {
  for (const char* garbage : {"454 4.7.0 TLS not available\r\n", "\x16\x03\x03\x50\x01 too long",
                              "\x17\x03\x03\x00\x05hello"}) {
    MemoryTransport client_tcp(scheduler_);
    MemoryTransport server_tcp(scheduler_);
    MemoryTransport::join(client_tcp, server_tcp);
    TlsTransport client(client_tcp, client_context());
    Outcome outcome;
    spawn(shake_hands(client, outcome));
    Outcome sent;
    server_tcp.write(std::string_view(garbage, garbage[0] == '4' ? 29 : 10));
    spawn(flush_to(server_tcp, 0, sent));
    scheduler_.run();
    server_tcp.close();
    scheduler_.run();
    EXPECT_TRUE(outcome.done);
    EXPECT_EQ(outcome.error.kind, ErrorKind::kTlsProtocol) << garbage;
    EXPECT_NE(outcome.error.tls_code, 0U);
  }
}

TEST_F(TlsFailureTest, AnEndInMidHandshakeIsNamedAtEveryOctet) {
  std::size_t whole = 0;
  {
    TlsPair pair(scheduler_);
    ASSERT_TRUE(shake(pair).good());
    whole = pair.server_tcp.sent().size();
  }
  for (std::size_t cut = 0; cut + 40 < whole; cut += 37) {
    TlsPair pair(scheduler_);
    Outcome outcome;
    spawn(shake_hands(pair.client, outcome));
    Outcome server;
    spawn(shake_hands(pair.server, server));
    // The client's side ends behind `cut` octets of the server's.
    pair.client_tcp.next_piece = [&pair, cut, seen = std::size_t{0}]() mutable {
      if (++seen > cut) pair.server_tcp.reset();
      return 1;
    };
    scheduler_.run();
    EXPECT_TRUE(outcome.done);
    EXPECT_TRUE(outcome.error.kind == ErrorKind::kReset) << cut;
    pair.client_tcp.close();
    scheduler_.run();
    EXPECT_EQ(server.error.kind, ErrorKind::kClosed) << cut;
  }
}

TEST_F(TlsFailureTest, ADeadlineEndsTheHandshake) {
  MemoryTransport silent(scheduler_);
  MemoryTransport client_tcp(scheduler_);
  MemoryTransport::join(silent, client_tcp);
  TlsTransport client(client_tcp, client_context());
  client.set_deadline(scheduler_.now() + kSecond);
  Outcome outcome;
  spawn(shake_hands(client, outcome));
  scheduler_.run();
  EXPECT_EQ(outcome.error.kind, ErrorKind::kTimedOut);
}

TEST_F(TlsFailureTest, BadSettingsAreNamed) {
  TlsClientOptions options;
  options.verify = true;
  options.ca_file = ca_file_ + ".missing";
  const auto no_file = TlsContext::for_client(options);
  ASSERT_FALSE(no_file);
  EXPECT_NE(no_file.error().find(options.ca_file), std::string::npos) << no_file.error();
  options = {};
  options.groups = "no-such-group";
  const auto no_group = TlsContext::for_client(options);
  ASSERT_FALSE(no_group);
  EXPECT_NE(no_group.error().find("no-such-group"), std::string::npos) << no_group.error();
}

}  // namespace
}  // namespace smtpmark::io::testing
