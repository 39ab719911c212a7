// A certificate with its chain and key, of a server or of a client.
#ifndef SMTPMARK_IO_CERTIFICATE_H_
#define SMTPMARK_IO_CERTIFICATE_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::io {

enum class KeyKind : std::uint8_t { kEcdsaP256, kEcdsaP384, kRsa2048, kRsa4096, kEd25519 };
inline constexpr std::array<std::string_view, 5> kKeyKindNames = {
    "ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096", "ed25519"};
constexpr std::string_view to_string(KeyKind kind) {
  return kKeyKindNames[static_cast<std::size_t>(kind)];
}

// What a key is, in the words above where it is one of these: "ecdsa-p256", "rsa-3072".
std::string describe_key(const EVP_PKEY* key);

// Immutable; may be shared by threads.
class Certificate {
 public:
  static constexpr std::size_t kMostMade = 8;  // in a chain of make()

  // A chain of `length`, all with keys of one kind, made in memory: the first is for localhost,
  // mx.example.com, 127.0.0.1 and ::1, each is signed with the key of the next, the last with its
  // own. Valid from yesterday for a year. RSA keys take a second or more.
  static tl::expected<Certificate, std::string> make(KeyKind kind, std::size_t length = 1);
  // ECDSA P-256, one certificate.
  static tl::expected<Certificate, std::string> self_signed();
  // PEM files; `chain_file` begins with the owner's certificate. Failures are sentences.
  static tl::expected<Certificate, std::string> from_files(const std::string& chain_file,
                                                           const std::string& key_file);

  X509* leaf() const noexcept { return chain_.front().get(); }
  EVP_PKEY* key() const noexcept { return key_.get(); }
  std::size_t chain_length() const noexcept { return chain_.size(); }
  X509* chain_at(std::size_t i) const noexcept { return chain_[i].get(); }
  std::string to_pem() const;       // the leaf
  std::string root_to_pem() const;  // the last of the chain: what a client is to trust
  std::string key_to_pem() const;   // not encrypted

 private:
  struct Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };
  using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

  std::vector<std::unique_ptr<X509, Free>> chain_;
  KeyPtr key_;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_CERTIFICATE_H_
