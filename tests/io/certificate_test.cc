#include "io/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace smtpmark::io::testing {
namespace {

class CertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("smtpmark-certificate-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << content;
    return path;
  }
  std::string write_key(const std::string& name, EVP_PKEY* key, const char* passphrase = nullptr) {
    const std::string path = (folder_ / name).string();
    FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, key, passphrase != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0,
                         nullptr, const_cast<char*>(passphrase));
    std::fclose(file);
    return path;
  }
  std::string missing(const std::string& name) { return (folder_ / name).string(); }

  const Certificate made_ = Certificate::self_signed().value();
  std::filesystem::path folder_;
};

void expect_names(const tl::expected<Certificate, std::string>& loaded, const std::string& what) {
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find(what), std::string::npos) << loaded.error();
}

TEST_F(CertificateTest, ASelfSignedOneIsForItsNamesAndValidNow) {
  EXPECT_EQ(X509_check_host(made_.leaf(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(made_.leaf(), "mx.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(made_.leaf(), "other.example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(made_.leaf(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(made_.leaf(), "::1", 0), 1);
  EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(made_.leaf())), 0);
  EXPECT_GT(X509_cmp_current_time(X509_get0_notAfter(made_.leaf())), 0);
  EXPECT_EQ(X509_check_private_key(made_.leaf(), made_.key()), 1);
  EXPECT_EQ(X509_verify(made_.leaf(), made_.key()), 1);
}

TEST_F(CertificateTest, FilesGiveBackWhatWasWritten) {
  const auto loaded = Certificate::from_files(write("chain.pem", made_.to_pem()),
                                              write_key("key.pem", made_.key()));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->to_pem(), made_.to_pem());
  EXPECT_EQ(loaded->chain_length(), 1U);
  EXPECT_EQ(EVP_PKEY_eq(loaded->key(), made_.key()), 1);
}

TEST_F(CertificateTest, AChainKeepsItsOrder) {
  const Certificate issuer = Certificate::self_signed().value();
  const auto loaded = Certificate::from_files(
      write("chain.pem", "words before\n" + made_.to_pem() + "words between\n" + issuer.to_pem()),
      write_key("key.pem", made_.key()));
  ASSERT_TRUE(loaded) << loaded.error();
  ASSERT_EQ(loaded->chain_length(), 2U);
  EXPECT_EQ(X509_cmp(loaded->leaf(), made_.leaf()), 0);
  EXPECT_EQ(X509_cmp(loaded->chain_at(1), issuer.leaf()), 0);
}

TEST_F(CertificateTest, AMissingFileIsNamed) {
  const std::string chain = write("chain.pem", made_.to_pem());
  const std::string key = write_key("key.pem", made_.key());
  expect_names(Certificate::from_files(missing("no.pem"), key), missing("no.pem"));
  expect_names(Certificate::from_files(chain, missing("no.key")), missing("no.key"));
}

TEST_F(CertificateTest, AFileWithoutACertificateIsNamed) {
  const std::string key = write_key("key.pem", made_.key());
  const std::string empty = write("empty.pem", "");
  expect_names(Certificate::from_files(empty, key), empty);
  expect_names(Certificate::from_files(key, key), key);
}

TEST_F(CertificateTest, AFileWithoutAKeyIsNamed) {
  const std::string chain = write("chain.pem", made_.to_pem());
  expect_names(Certificate::from_files(chain, chain), "private key " + chain);
}

TEST_F(CertificateTest, ABrokenCertificateInTheChainIsNotPassedOver) {
  const std::string broken =
      "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
  expect_names(Certificate::from_files(write("chain.pem", made_.to_pem() + broken),
                                       write_key("key.pem", made_.key())),
               "certificate 2");
}

TEST_F(CertificateTest, AKeyThatBelongsToAnotherCertificateIsRefused) {
  const Certificate other = Certificate::self_signed().value();
  expect_names(Certificate::from_files(write("chain.pem", made_.to_pem()),
                                       write_key("other.pem", other.key())),
               "does not belong");
}

TEST_F(CertificateTest, AKeyUnderAPassphraseIsRefusedWithoutAsking) {
  const std::string key = write_key("secret.pem", made_.key(), "secret");
  expect_names(Certificate::from_files(write("chain.pem", made_.to_pem()), key), key);
}

}  // namespace
}  // namespace smtpmark::io::testing
