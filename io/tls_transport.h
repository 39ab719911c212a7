// TLS over any other transport.
#ifndef SMTPMARK_IO_TLS_TRANSPORT_H_
#define SMTPMARK_IO_TLS_TRANSPORT_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/tls_context.h"
#include "io/transport.h"

namespace smtpmark::io {

// What a handshake agreed on. Views are valid as long as the connection.
struct TlsAgreement {
  std::string_view version;            // "TLSv1.3"
  std::string_view cipher;             // "TLS_AES_256_GCM_SHA384"
  std::string_view group;              // "X25519"; empty: none was used
  std::string_view alpn;               // empty: none
  const EVP_PKEY* peer_key = nullptr;  // null: the peer showed no certificate
  // How the server signed, by OpenSSL's numbers; 0: it did not, as where a session was resumed, or
  // the algorithm hashes by itself.
  int signature = 0;
  int signature_hash = 0;
  bool resumed = false;
};

// As --tls-signatures takes it: "ECDSA+SHA256", "RSA-PSS+SHA384", "ed25519"; "" for none.
std::string describe_signature(int signature, int hash);

// OpenSSL reads ciphertext from the layer below where it lies and writes it into that layer's
// output. Plaintext is decrypted into a scratch area that all connections of a thread share: a
// connection that still has octets there when another needs it is given a copy of its own.
//
// Must be destroyed before the layer below, and hands it what was written and not yet encrypted.
class TlsTransport final : public Transport {
 public:
  TlsTransport(Transport& lower, const TlsContext& context);
  ~TlsTransport() override;

  // Runs the handshake to its end. Failures: kTlsAlert, kTlsProtocol, kTlsClosed, kCertificate,
  // kPin, or what the layer below reports.
  // The last flight of this side leaves with the next wait, together with what is written until
  // then.
  class HandshakeAwaiter;
  HandshakeAwaiter handshake() noexcept;

  void stand_by() override { lower_.stand_by(); }
  void go_idle() override;

  // Tells the peer that nothing more will be written (RFC 8446, 6.1). Queued like a write.
  void write_close_notify();

  // After the handshake; static storage or valid as long as the connection.
  TlsAgreement agreement() const;
  std::string_view version() const noexcept { return SSL_get_version(ssl_.get()); }
  std::string_view cipher() const noexcept { return SSL_get_cipher_name(ssl_.get()); }
  bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }
  bool peer_has_certificate() const noexcept {
    return SSL_get0_peer_certificate(ssl_.get()) != nullptr;
  }
  // Client: the server was offered a session, and has not resumed it (or it had expired).
  bool refused_session() const noexcept { return session_offered_ && !resumed(); }

  // What names this connection to both its ends and to nobody else, in octets: tls-exporter (RFC
  // 9266) from TLS 1.3 on, tls-unique (RFC 5929, 3) before it. Empty in the other versions.
  std::string tls_exporter() const;
  std::string tls_unique() const;

  void discard_input() noexcept override;
  void write(std::string_view bytes) override;
  void write_stable(std::string_view bytes) override;
  void set_deadline(TimeNs deadline) override { lower_.set_deadline(deadline); }
  Scheduler& scheduler() noexcept override { return lower_.scheduler(); }
  TimeNs sent_at() const noexcept override {
    return plain_.empty() && stable_.empty() ? lower_.sent_at() : kNever;
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  struct Bio;      // the BIO_METHOD
  struct Scratch;  // of the thread

  Pull pull() override;
  void push() override;
  void watch_sending() noexcept override { lower_.watch_sending(); }
  std::size_t backlog() const noexcept override;
  bool overdue() const noexcept override { return lower_.overdue(); }

  void encrypt(std::string_view& bytes, std::size_t room);
  void encrypt_queued(std::size_t room);
  void stow() noexcept;
  bool step_handshake();
  void fail_tls(int result);

  // Ciphertext that may wait below before encryption pauses, in octets: little enough to be in the
  // processor's cache when it is sent.
  static constexpr std::size_t kHighWater = 48 * 1024;
  // References below this size are copied, to share a record with their neighbours.
  static constexpr std::size_t kCopyBelow = 8192;

  Transport& lower_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string plain_;        // written, not yet encrypted
  std::string_view stable_;  // written by reference behind plain_, not yet encrypted
  std::string carry_;        // input that had to leave the scratch area
  bool in_scratch_ = false;  // input() lies in the scratch area
  bool established_ = false;
  bool session_offered_ = false;
  bool starved_ = false;  // OpenSSL's latest call found no more octets below
};

class [[nodiscard]] TlsTransport::HandshakeAwaiter final : Waiter {
 public:
  explicit HandshakeAwaiter(TlsTransport& transport) noexcept : transport_(transport) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> waiter) { transport_.wait(*this, waiter); }
  Result<void> await_resume() const noexcept {
    if (transport_.failed()) return tl::unexpected(transport_.failure_);
    return {};
  }

 private:
  bool attempt() override { return transport_.step_handshake(); }
  TlsTransport& transport_;
};

inline TlsTransport::HandshakeAwaiter TlsTransport::handshake() noexcept {
  return HandshakeAwaiter(*this);
}

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TLS_TRANSPORT_H_
