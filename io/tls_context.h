// TLS settings shared by the connections of one thread.
#ifndef SMTPMARK_IO_TLS_CONTEXT_H_
#define SMTPMARK_IO_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "io/certificate.h"
#include "io/spki_pin.h"

namespace smtpmark::io {

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };

// Lists have colons between names, in OpenSSL's spelling, the favourite first; empty: OpenSSL's
// own.
struct TlsCommonOptions {
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::string ciphers;  // TLS 1.2, as ECDHE-ECDSA-AES128-GCM-SHA256; also ECDHE+AESGCM, !SHA
  std::string suites;   // TLS 1.3, as TLS_AES_128_GCM_SHA256
  std::string groups = "X25519:P-256";
  std::string signatures;         // as ECDSA+SHA256:RSA-PSS+SHA256:ed25519
  std::vector<std::string> alpn;  // protocols (RFC 7301); none: the extension is not used
};

struct TlsClientOptions : TlsCommonOptions {
  bool verify = false;             // chain and name; off, any certificate is taken
  std::string ca_file;             // PEM; empty: the system's store
  std::string host_name;           // for SNI and verification; empty: no SNI, no name check
  std::optional<std::string> sni;  // in place of host_name; empty: no SNI
  std::optional<SpkiPin> pin;      // what the server's key must be, verified or not
  std::string certificate_file;    // of this side, PEM, with key_file; empty: none
  std::string key_file;
  bool resume = false;         // offer the server a session that it gave before
  bool plain_library = false;  // OpenSSL as it comes in place of client_library(), to compare them
};

// The name for SNI: that of the server, unless it is an address (RFC 6066, 3) or another is given.
std::string sni_of(const TlsClientOptions& options);

enum class ClientCertificates : std::uint8_t { kNone, kAsked, kRequired };

struct TlsServerOptions : TlsCommonOptions {
  ClientCertificates client_certificates = ClientCertificates::kNone;
  std::string client_ca_file;  // whose certificates are taken; empty: any
  std::uint32_t tickets = 0;   // session tickets sent after a TLS 1.3 handshake; 0: no resumption
  std::uint32_t ticket_lifetime_s = 0;  // 0: OpenSSL's
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
  // Offers the latest to the server of `ssl`; returns whether there is one. A TLS 1.3 session is
  // offered once (RFC 8446, C.4) as long as there is another: servers as Postfix give none when one
  // is resumed.
  bool offer(SSL* ssl);
  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  struct Free {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
  };
  std::deque<std::unique_ptr<SSL_SESSION, Free>> sessions_;
  bool only_one_is_used_ = false;  // and goes when there is another
};

// What is asked of the server's certificate beyond or in place of its chain.
struct TlsVerification {
  SpkiPin pin{};
  bool chain = false;  // is verified too
};

// Expensive to make (tens of microseconds): one for each thread and configuration. Failures are
// sentences that name the file or option at fault. It outlives its connections.
class TlsContext {
 public:
  static tl::expected<TlsContext, std::string> for_client(const TlsClientOptions& options);
  static tl::expected<TlsContext, std::string> for_server(const TlsServerOptions& options,
                                                          const Certificate& certificate);

  SSL_CTX* get() const noexcept { return context_.get(); }
  bool is_server() const noexcept { return is_server_; }
  const std::string& host_name() const noexcept { return host_name_; }
  const std::string& sni() const noexcept { return sni_; }  // empty: none
  bool verifies() const noexcept { return verify_; }
  // Null unless the client is to resume.
  TlsSessions* sessions() const noexcept { return sessions_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  using Done = tl::expected<void, std::string>;

  TlsContext(SSL_CTX* context, bool is_server) : context_(context), is_server_(is_server) {}
  Done apply_common(const TlsCommonOptions& options);
  Done apply_alpn(const TlsCommonOptions& options);
  Done use(const Certificate& certificate);
  Done verify_server(const TlsClientOptions& options);
  Done ask_clients(const TlsServerOptions& options);
  Done apply_tickets(const TlsServerOptions& options);

  // These outlive the context, which refers to them.
  std::unique_ptr<TlsSessions> sessions_;
  std::unique_ptr<TlsVerification> verification_;
  std::unique_ptr<std::string> alpn_;  // as in the extension
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string host_name_;
  std::string sni_;
  bool is_server_;
  bool verify_ = false;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TLS_CONTEXT_H_
