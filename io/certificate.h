// A server's certificate and key.
#ifndef SMTPMARK_IO_CERTIFICATE_H_
#define SMTPMARK_IO_CERTIFICATE_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::io {

// Immutable; may be shared by threads.
class Certificate {
 public:
  // ECDSA P-256, valid from yesterday for a year, for localhost, mx.example.com, 127.0.0.1 and ::1.
  static tl::expected<Certificate, std::string> self_signed();
  // PEM files; `chain_file` begins with the server's own certificate. Failures are sentences.
  static tl::expected<Certificate, std::string> from_files(const std::string& chain_file,
                                                           const std::string& key_file);

  X509* leaf() const noexcept { return chain_.front().get(); }
  EVP_PKEY* key() const noexcept { return key_.get(); }
  std::size_t chain_length() const noexcept { return chain_.size(); }
  X509* chain_at(std::size_t i) const noexcept { return chain_[i].get(); }
  std::string to_pem() const;  // the leaf

 private:
  struct Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };
  std::vector<std::unique_ptr<X509, Free>> chain_;
  std::unique_ptr<EVP_PKEY, Free> key_;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_CERTIFICATE_H_
