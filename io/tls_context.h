// TLS settings shared by the connections of one thread.
#ifndef SMTPMARK_IO_TLS_CONTEXT_H_
#define SMTPMARK_IO_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "io/certificate.h"

namespace smtpmark::io {

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };

struct TlsClientOptions {
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  bool verify = false;    // chain and name; off, any certificate is taken
  std::string ca_file;    // PEM; empty: the system's store
  std::string host_name;  // for SNI and verification; empty: no SNI, no name check
  std::string groups = "X25519:P-256";
};

struct TlsServerOptions {
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::string groups = "X25519:P-256";
  std::uint32_t tickets = 0;  // session tickets sent after a TLS 1.3 handshake; 0: no resumption
};

// Expensive to make (tens of microseconds): one for each thread and configuration. Failures are
// sentences that name the file or option at fault.
class TlsContext {
 public:
  static tl::expected<TlsContext, std::string> for_client(const TlsClientOptions& options);
  static tl::expected<TlsContext, std::string> for_server(const TlsServerOptions& options,
                                                          const Certificate& certificate);

  SSL_CTX* get() const noexcept { return context_.get(); }
  bool is_server() const noexcept { return is_server_; }
  const std::string& host_name() const noexcept { return host_name_; }
  bool verifies() const noexcept { return verify_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  TlsContext(SSL_CTX* context, bool is_server) : context_(context), is_server_(is_server) {}

  std::unique_ptr<SSL_CTX, Free> context_;
  std::string host_name_;
  bool is_server_;
  bool verify_ = false;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TLS_CONTEXT_H_
