#include "io/client_library.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/io/tls_pair.h"

namespace smtpmark::io::testing {
namespace {

int decoders_of(OSSL_LIB_CTX* library) {
  int count = 0;
  OSSL_DECODER_do_all_provided(
      library, [](OSSL_DECODER* /*decoder*/, void* to) { ++*static_cast<int*>(to); }, &count);
  return count;
}

TEST(ClientLibrary, ThereIsOneWithFewDecoders) {
  ASSERT_NE(client_library(), nullptr);
  EXPECT_EQ(client_library(), client_library());
  EXPECT_GT(decoders_of(client_library()), 5);
  EXPECT_LT(decoders_of(client_library()) * 2, decoders_of(nullptr));
}

TEST(ClientLibrary, AllElseIsAsInOpenSsl) {
  for (const char* digest : {"SHA256", "SHA512", "MD5", "SHA3-256"}) {
    EVP_MD* const fetched = EVP_MD_fetch(client_library(), digest, nullptr);
    EXPECT_NE(fetched, nullptr) << digest;
    EVP_MD_free(fetched);
  }
  std::array<unsigned char, 32> random{};
  EXPECT_EQ(RAND_bytes_ex(client_library(), random.data(), random.size(), 0), 1);
  const auto ciphers = [](bool plain_library) {
    TlsClientOptions options;
    options.plain_library = plain_library;
    const TlsContext context = client_context(options);
    std::string names;
    const STACK_OF(SSL_CIPHER)* const list = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
      names += SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i)) + std::string(" ");
    }
    return names + std::to_string(SSL_CTX_get_security_level(context.get()));
  };
  EXPECT_EQ(ciphers(false), ciphers(true));
  EXPECT_GT(ciphers(false).size(), 100U);
}

// A public key's encoding in a certificate (RFC 5280, 4.1), read back in the library.
TEST(ClientLibrary, ItReadsPublicKeysOfEveryKind) {
  struct Kind {
    const char* name;
    const char* parameter;
    const char* value;
  };
  for (const Kind& kind :
       {Kind{"RSA", "rsa_keygen_bits", "2048"}, Kind{"RSA-PSS", "rsa_keygen_bits", "2048"},
        Kind{"EC", "ec_paramgen_curve", "P-256"}, Kind{"EC", "ec_paramgen_curve", "P-521"},
        Kind{"ED25519", nullptr, nullptr}, Kind{"ED448", nullptr, nullptr}}) {
    EVP_PKEY_CTX* const maker = EVP_PKEY_CTX_new_from_name(nullptr, kind.name, nullptr);
    EVP_PKEY* key = nullptr;
    ASSERT_EQ(EVP_PKEY_keygen_init(maker), 1);
    if (kind.parameter != nullptr) {
      ASSERT_EQ(EVP_PKEY_CTX_ctrl_str(maker, kind.parameter, kind.value), 1);
    }
    ASSERT_EQ(EVP_PKEY_generate(maker, &key), 1) << kind.name;
    EVP_PKEY_CTX_free(maker);
    unsigned char* encoded = nullptr;
    const int size = i2d_PUBKEY(key, &encoded);
    ASSERT_GT(size, 0);
    const unsigned char* at = encoded;
    EVP_PKEY* const read = d2i_PUBKEY_ex(nullptr, &at, size, client_library(), nullptr);
    ASSERT_NE(read, nullptr) << kind.name;
    EXPECT_EQ(EVP_PKEY_is_a(read, kind.name), 1);
    EXPECT_EQ(EVP_PKEY_eq(read, key), 1) << kind.name;
    EVP_PKEY_free(read);
    OPENSSL_free(encoded);
    EVP_PKEY_free(key);
  }
}

class ClientLibraryTest : public TlsTest {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  std::string write(const std::string& content) {
    std::ofstream(path_) << content;
    return path_.string();
  }

  const std::filesystem::path path_ = std::filesystem::path(::testing::TempDir()) /
                                      ("smtpmark-library-" + std::to_string(getpid()));
};

TEST_F(ClientLibraryTest, ChainsOfEveryKindAreVerified) {
  for (const KeyKind kind :
       {KeyKind::kEcdsaP256, KeyKind::kEcdsaP384, KeyKind::kRsa2048, KeyKind::kEd25519}) {
    const Certificate chain = Certificate::make(kind, 3).value();
    TlsServerOptions server;
    server.groups = "X25519:P-256:P-384";
    for (const TlsVersion version : {TlsVersion::kTls12, TlsVersion::kTls13}) {
      for (const bool known : {true, false}) {
        TlsClientOptions options;
        options.max_version = version;
        options.groups = "X25519:P-256:P-384";  // TLS 1.2 asks it of a certificate's key too
        options.verify = true;
        options.host_name = "localhost";
        options.ca_file = write(known ? chain.root_to_pem() : certificate().to_pem());
        TlsPair pair(scheduler_, client_context(options),
                     TlsContext::for_server(server, chain).value());
        const Handshake handshake = shake(pair);
        EXPECT_EQ(handshake.client.error.kind, known ? ErrorKind::kNone : ErrorKind::kCertificate)
            << to_string(kind);
        if (known) {
          EXPECT_EQ(describe_key(pair.client.agreement().peer_key), to_string(kind));
        }
      }
    }
  }
}

// What a system's administrator has chosen holds: another process, since OpenSSL reads its
// configuration once.
TEST_F(ClientLibraryTest, ThereIsNoneBesideOtherProviders) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string path = write(
      "openssl_conf = all\n[all]\nproviders = providers\n[providers]\ndefault = on\nlegacy = on\n"
      "[on]\nactivate = 1\n");
  EXPECT_EXIT(
      {
        setenv("OPENSSL_CONF", path.c_str(), 1);
        std::exit(client_library() == nullptr && client_context().get() != nullptr ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace smtpmark::io::testing
