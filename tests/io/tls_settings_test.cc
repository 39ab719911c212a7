// What both sides may be told about TLS, and what they agree on.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/io/tls_pair.h"

namespace smtpmark::io::testing {
namespace {

class TlsSettingsTest : public TlsTest {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("smtpmark-tls-settings-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << content;
    return path;
  }

  // What is wrong with `options`.
  static std::string refusal(const TlsClientOptions& options) {
    const auto made = TlsContext::for_client(options);
    return made ? "" : made.error();
  }

  std::filesystem::path folder_;
};

TEST_F(TlsSettingsTest, VersionsAreAgreedOn) {
  for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsClientOptions options;
    options.min_version = options.max_version = version;
    TlsPair pair(scheduler_, client_context(options));
    ASSERT_TRUE(shake(pair).good());
    const char* const name = version == TlsVersion::kTls12 ? "TLSv1.2" : "TLSv1.3";
    EXPECT_EQ(pair.client.agreement().version, name);
    EXPECT_EQ(pair.server.agreement().version, name);
  }
}

TEST_F(TlsSettingsTest, GroupsAreAgreedOnInBothVersions) {
  for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    for (const char* group : {"X25519", "P-256", "P-384", "P-521"}) {
      TlsClientOptions options;
      options.max_version = version;
      options.groups = std::string(group) + ":P-256";
      if (group == std::string("P-256")) options.groups = "P-256";
      TlsServerOptions any;
      any.groups = "X25519:P-256:P-384:P-521";
      TlsPair pair(scheduler_, client_context(options), server_context(any));
      ASSERT_TRUE(shake(pair).good()) << group;
      EXPECT_EQ(pair.client.agreement().group, group);
    }
  }
}

TEST_F(TlsSettingsTest, CiphersAndSuitesAreAgreedOn) {
  TlsClientOptions old;
  old.max_version = TlsVersion::kTls12;
  old.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";
  TlsPair tls12(scheduler_, client_context(old));
  ASSERT_TRUE(shake(tls12).good());
  EXPECT_EQ(tls12.client.agreement().cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
  TlsServerOptions strict;
  strict.suites = "TLS_AES_128_GCM_SHA256";
  TlsPair tls13(scheduler_, client_context(), server_context(strict));
  ASSERT_TRUE(shake(tls13).good());
  EXPECT_EQ(tls13.client.agreement().cipher, "TLS_AES_128_GCM_SHA256");
}

TEST_F(TlsSettingsTest, ASignatureAlgorithmThatTheKeyCannotMakeEndsTheHandshake) {
  TlsClientOptions options;
  options.signatures = "ECDSA+SHA256";
  TlsPair good(scheduler_, client_context(options));
  EXPECT_TRUE(shake(good).good());
  options.signatures = "RSA-PSS+SHA256";
  TlsPair bad(scheduler_, client_context(options));
  EXPECT_EQ(shake(bad).client.error.kind, ErrorKind::kTlsAlert);
}

TEST_F(TlsSettingsTest, NamesThatOpensslDoesNotHaveAreNamed) {
  TlsClientOptions options;
  options.groups = "X25519:no-such";
  EXPECT_NE(refusal(options).find("group \"no-such\""), std::string::npos) << refusal(options);
  options.groups = "X25519:X25519";
  EXPECT_NE(refusal(options).find("twice"), std::string::npos) << refusal(options);
  options = {};
  options.ciphers = "ECDHE+AESGCM:!SHA:NO-SUCH";
  EXPECT_NE(refusal(options).find("\"NO-SUCH\""), std::string::npos) << refusal(options);
  options.ciphers = "ECDHE+AESGCM:!SHA";
  EXPECT_EQ(refusal(options), "");
  options.ciphers = "ECDHE-RSA-AES128-GCM-SHA256:!ALL";
  EXPECT_NE(refusal(options).find("nothing is left"), std::string::npos) << refusal(options);
  options = {};
  options.suites = "TLS_AES_128_GCM_SHA256:TLS_NO_SUCH";
  EXPECT_NE(refusal(options).find("\"TLS_NO_SUCH\""), std::string::npos) << refusal(options);
  options = {};
  options.signatures = "ed25519::";
  EXPECT_NE(refusal(options).find("\"\""), std::string::npos) << refusal(options);
  options = {};
  options.alpn = {std::string(256, 'a')};
  EXPECT_NE(refusal(options).find("ALPN"), std::string::npos) << refusal(options);
  EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next call to stumble over";
}

// OpenSSL has the hybrid groups since 3.5.
TEST_F(TlsSettingsTest, HybridGroupsAreUsedOrRefusedWithASentence) {
  TlsClientOptions options;
  options.groups = "X25519MLKEM768";
  if (const std::string sentence = refusal(options); !sentence.empty()) {
    EXPECT_NE(sentence.find("has no TLS group \"X25519MLKEM768\""), std::string::npos) << sentence;
    return;
  }
  TlsServerOptions server;
  server.groups = options.groups;
  TlsPair pair(scheduler_, client_context(options), server_context(server));
  EXPECT_TRUE(shake(pair).good());
  EXPECT_EQ(pair.client.agreement().group, options.groups);
}

TEST_F(TlsSettingsTest, SniIsTheHostsNameAnotherOrNone) {
  TlsClientOptions options;
  options.host_name = "mx.example.com";
  EXPECT_EQ(client_context(options).sni(), "mx.example.com");
  options.sni = "other.example.com";
  EXPECT_EQ(client_context(options).sni(), "other.example.com");
  options.sni = "";
  EXPECT_EQ(client_context(options).sni(), "");
  options.sni.reset();
  options.host_name = "127.0.0.1";
  EXPECT_EQ(client_context(options).sni(), "") << "a name, never an address";
}

TEST_F(TlsSettingsTest, AlpnIsAgreedOnOrEndsTheHandshake) {
  TlsClientOptions client;
  client.alpn = {"other", "smtp"};
  TlsServerOptions server;
  server.alpn = {"smtp"};
  const TlsContext pair_client = client_context(client);
  const TlsContext pair_server = server_context(server);
  TlsPair pair(scheduler_, pair_client, pair_server);
  ASSERT_TRUE(shake(pair).good());
  EXPECT_EQ(pair.client.agreement().alpn, "smtp");
  const TlsContext silent_client = client_context();
  const TlsContext silent_server = server_context(server);
  TlsPair silent(scheduler_, silent_client, silent_server);
  ASSERT_TRUE(shake(silent).good());
  EXPECT_EQ(silent.client.agreement().alpn, "");
  client.alpn = {"other"};
  const TlsContext bad_client = client_context(client);
  const TlsContext bad_server = server_context(server);
  TlsPair bad(scheduler_, bad_client, bad_server);
  const Error error = shake(bad).client.error;
  EXPECT_EQ(error.kind, ErrorKind::kTlsAlert);
  EXPECT_EQ(error.alert(), SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(TlsSettingsTest, KeysOfEveryKindSignHandshakesOfBothVersions) {
  for (const KeyKind kind : {KeyKind::kEcdsaP256, KeyKind::kEcdsaP384, KeyKind::kRsa2048,
                             KeyKind::kRsa4096, KeyKind::kEd25519}) {
    const Certificate certificate = Certificate::make(kind).value();
    for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
      TlsClientOptions options;
      options.max_version = version;
      options.groups = "X25519:P-256:P-384";
      TlsPair pair(scheduler_, client_context(options),
                   TlsContext::for_server({}, certificate).value());
      ASSERT_TRUE(shake(pair).good()) << to_string(kind);
      EXPECT_EQ(describe_key(pair.client.agreement().peer_key), to_string(kind));
      EXPECT_EQ(pair.server.agreement().peer_key, nullptr);
    }
  }
}

TEST_F(TlsSettingsTest, AChainIsSentWholeAndVerifiedWithItsLastCertificate) {
  for (const std::size_t length : {1, 2, 5}) {
    const Certificate chain = Certificate::make(KeyKind::kEcdsaP256, length).value();
    ASSERT_EQ(chain.chain_length(), length);
    TlsClientOptions options;
    options.verify = true;
    options.host_name = "mx.example.com";
    options.ca_file = write("root.pem", chain.root_to_pem());
    TlsPair pair(scheduler_, client_context(options), TlsContext::for_server({}, chain).value());
    EXPECT_TRUE(shake(pair).good()) << length;
    TlsPair other(scheduler_, client_context(options));
    EXPECT_EQ(shake(other).client.error.kind, ErrorKind::kCertificate);
  }
}

TEST_F(TlsSettingsTest, ThePinnedKeyIsTakenAndAnotherIsNot) {
  const SpkiPin pin = spki_pin_of(certificate().leaf());
  TlsClientOptions options;
  options.pin = parse_spki_pin(to_base64(pin));
  ASSERT_TRUE(options.pin == pin);
  for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    options.max_version = version;
    const TlsContext good_client = client_context(options);
    TlsPair good(scheduler_, good_client);
    EXPECT_TRUE(shake(good).good());
    (*options.pin)[31] ^= 1;
    const TlsContext bad_client = client_context(options);
    TlsPair bad(scheduler_, bad_client);
    const Handshake handshake = shake(bad);
    EXPECT_EQ(handshake.client.error.kind, ErrorKind::kPin);
    EXPECT_EQ(handshake.server.error.kind, ErrorKind::kTlsAlert);
    EXPECT_NE(describe(handshake.client.error).find("pinned"), std::string::npos);
    options.pin = pin;
  }
}

TEST_F(TlsSettingsTest, APinDoesNotTakeThePlaceOfVerification) {
  TlsClientOptions options;
  options.pin = spki_pin_of(certificate().leaf());
  options.verify = true;
  options.host_name = "localhost";
  options.ca_file = write("other.pem", Certificate::self_signed()->to_pem());
  const TlsContext unknown_client = client_context(options);
  TlsPair unknown(scheduler_, unknown_client);
  EXPECT_EQ(shake(unknown).client.error.kind, ErrorKind::kCertificate);
  options.ca_file = write("ca.pem", certificate().to_pem());
  const TlsContext good_client = client_context(options);
  TlsPair good(scheduler_, good_client);
  EXPECT_TRUE(shake(good).good());
  options.host_name = "other.example.com";
  const TlsContext misnamed_client = client_context(options);
  TlsPair misnamed(scheduler_, misnamed_client);
  EXPECT_EQ(shake(misnamed).client.error.kind, ErrorKind::kCertificate);
}

TEST_F(TlsSettingsTest, PinsAreBase64OrHexadecimal) {
  SpkiPin pin{};
  pin[0] = 0xab;
  pin[31] = 0x01;
  EXPECT_TRUE(parse_spki_pin("aB" + std::string(60, '0') + "01") == pin);
  EXPECT_TRUE(parse_spki_pin(to_base64(pin)) == pin);
  for (const std::string& text :
       {std::string(), std::string(63, 'a'), std::string(63, 'a') + "g", std::string(44, 'A'),
        std::string(43, '*') + "=", std::string(42, 'A') + "=="}) {
    EXPECT_FALSE(parse_spki_pin(text)) << text;
  }
}

// The handshake of a server that wants client certificates, as far as both sides have got.
TEST_F(TlsSettingsTest, AClientShowsItsCertificateWhenItIsAskedFor) {
  const Certificate own = Certificate::make(KeyKind::kRsa2048).value();
  TlsClientOptions with;
  with.certificate_file = write("own.pem", own.to_pem());
  with.key_file = write("own.key", own.key_to_pem());
  TlsServerOptions asks;
  asks.client_certificates = ClientCertificates::kAsked;
  TlsServerOptions requires_one;
  requires_one.client_certificates = ClientCertificates::kRequired;
  for (const TlsServerOptions& server : {asks, requires_one}) {
    TlsPair pair(scheduler_, client_context(with), server_context(server));
    ASSERT_TRUE(shake(pair).good());
    EXPECT_EQ(describe_key(pair.server.agreement().peer_key), "rsa-2048");
  }
  TlsPair unasked(scheduler_, client_context(with));
  ASSERT_TRUE(shake(unasked).good());
  EXPECT_FALSE(unasked.server.peer_has_certificate());
  TlsPair without(scheduler_, client_context(), server_context(asks));
  ASSERT_TRUE(shake(without).good());
  EXPECT_FALSE(without.server.peer_has_certificate());
  TlsPair refused(scheduler_, client_context(), server_context(requires_one));
  EXPECT_EQ(shake(refused).server.error.kind, ErrorKind::kTlsProtocol);
}

TEST_F(TlsSettingsTest, AClientsCertificateIsVerifiedWithTheServersCa) {
  const Certificate own = Certificate::make(KeyKind::kEcdsaP256, 2).value();
  TlsClientOptions with;
  with.certificate_file = write("own.pem", own.to_pem());
  with.key_file = write("own.key", own.key_to_pem());
  TlsServerOptions server;
  server.client_certificates = ClientCertificates::kRequired;
  server.client_ca_file = write("ca.pem", own.root_to_pem());
  TlsPair good(scheduler_, client_context(with), server_context(server));
  EXPECT_TRUE(shake(good).good());
  server.client_ca_file = write("other.pem", certificate().to_pem());
  TlsPair bad(scheduler_, client_context(with), server_context(server));
  EXPECT_EQ(shake(bad).server.error.kind, ErrorKind::kCertificate);
}

TEST_F(TlsSettingsTest, ResumedHandshakesAgreeOnTheSame) {
  for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsClientOptions options;
    options.max_version = version;
    options.resume = true;
    TlsServerOptions tickets;
    tickets.tickets = 1;
    tickets.client_certificates = ClientCertificates::kAsked;
    const TlsContext client = client_context(options);
    const TlsContext server = server_context(tickets);
    for (const bool again : {false, true}) {
      TlsPair pair(scheduler_, client, server);
      ASSERT_TRUE(shake(pair).good());
      carry(pair.server, pair.client, "tickets come first");
      EXPECT_EQ(pair.client.resumed(), again);
      EXPECT_FALSE(pair.client.refused_session());
      EXPECT_EQ(pair.client.agreement().group, "X25519");
      EXPECT_EQ(describe_key(pair.client.agreement().peer_key), "ecdsa-p256");
    }
  }
}

TEST_F(TlsSettingsTest, ATicketOfAnotherServerIsStale) {
  for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsClientOptions options;
    options.max_version = version;
    options.resume = true;
    TlsServerOptions tickets;
    tickets.tickets = 1;
    const TlsContext client = client_context(options);
    TlsPair first(scheduler_, client, server_context(tickets));
    ASSERT_TRUE(shake(first).good());
    carry(first.server, first.client, "tickets come first");
    TlsPair second(scheduler_, client, server_context(tickets));
    ASSERT_TRUE(shake(second).good());
    EXPECT_FALSE(second.client.resumed());
    EXPECT_TRUE(second.client.refused_session());
  }
}

TEST_F(TlsSettingsTest, RenegotiationIsOffOnBothSides) {
  EXPECT_NE(SSL_CTX_get_options(client_context().get()) & SSL_OP_NO_RENEGOTIATION, 0U);
  EXPECT_NE(SSL_CTX_get_options(server_context().get()) & SSL_OP_NO_RENEGOTIATION, 0U);
}

}  // namespace
}  // namespace smtpmark::io::testing
