#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/io/tls_pair.h"

namespace smtpmark::io::testing {
namespace {

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
    EXPECT_EQ(server.error.kind, ErrorKind::kTlsClosed) << cut;
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
