// TLS settings shared by the connections of one thread.
#ifndef SMTPMARK_IO_TLS_CONTEXT_H_
#define SMTPMARK_IO_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <deque>
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
  bool resume = false;  // offer the server a session that it gave before
};

struct TlsServerOptions {
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::string groups = "X25519:P-256";
  std::uint32_t tickets = 0;  // session tickets sent after a TLS 1.3 handshake; 0: no resumption
  // Of make_ticket_keys(), for contexts that are to resume each other's sessions; empty: its own.
  std::string ticket_keys;
};

// Random keys that session tickets are sealed with (RFC 5077, 4).
std::string make_ticket_keys();

// Sessions that a server has given; belongs to one context.
class TlsSessions {
 public:
  static constexpr std::size_t kMost = 1024;  // then the oldest are dropped

  // Takes over the caller's reference.
  void put(SSL_SESSION* session);
  // Offers the latest to the server of `ssl`, if there is one. A TLS 1.3 session is offered once
  // (RFC 8446, C.4) as long as there is another: servers as Postfix give none when one is resumed.
  void offer(SSL* ssl);
  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  struct Free {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
  };
  std::deque<std::unique_ptr<SSL_SESSION, Free>> sessions_;
  bool only_one_is_used_ = false;  // and goes when there is another
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
  // Null unless the client is to resume.
  TlsSessions* sessions() const noexcept { return sessions_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  TlsContext(SSL_CTX* context, bool is_server) : context_(context), is_server_(is_server) {}

  std::unique_ptr<TlsSessions> sessions_;  // outlives the context, which refers to it
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string host_name_;
  bool is_server_;
  bool verify_ = false;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TLS_CONTEXT_H_
