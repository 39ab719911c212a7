#include "io/tls_transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace smtpmark::io {

namespace {

constexpr std::size_t kMaxRecord = 16384;  // octets of plaintext in a record (RFC 8446, 5.1)
// What a reader may leave unconsumed when it asks for more: more than the longest line.
constexpr std::size_t kMaxLeft = 16384;

// As people write it, and as lists of groups take it.
std::string_view group_name(SSL* ssl) {
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* const known = group == 0 ? nullptr : SSL_group_to_name(ssl, group);
  const std::string_view name = known == nullptr ? "" : known;
  if (name == "x25519") return "X25519";
  if (name == "secp256r1") return "P-256";
  if (name == "secp384r1") return "P-384";
  if (name == "secp521r1") return "P-521";
  return name;
}

// SSL_get_error() needs a queue without older errors; ERR_clear_error() walks through an empty one
// too.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

// One a thread. Invariant: at most one connection's input() lies in it, that of `owner`.
struct TlsTransport::Scratch {
  TlsTransport* owner = nullptr;
  std::unique_ptr<char[]> memory{new char[kMaxLeft + kMaxRecord]};

  static Scratch& of_thread() {
    thread_local Scratch scratch;
    return scratch;
  }
};

// A BIO whose two ends are the input and the output of the transport below.
struct TlsTransport::Bio {
  static TlsTransport& transport(BIO* bio) {
    return *static_cast<TlsTransport*>(BIO_get_data(bio));
  }

  static int read(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    Transport& lower = transport(bio).lower_;
    if (lower.input().empty()) {
      switch (lower.pull()) {
        case Pull::kGrew: break;
        case Pull::kNothing:
          transport(bio).starved_ = true;
          BIO_set_retry_read(bio);
          return -1;
        case Pull::kFailed: return lower.failure_.kind == ErrorKind::kClosed ? 0 : -1;
      }
    }
    const std::string_view input = lower.input();
    const std::size_t count = std::min(input.size(), static_cast<std::size_t>(size));
    std::memcpy(to, input.data(), count);
    lower.consume(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    transport(bio).lower_.write({from, static_cast<std::size_t>(size)});
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
      BIO_meth_set_read(m, &Bio::read);
      BIO_meth_set_write(m, &Bio::write);
      BIO_meth_set_ctrl(m, &Bio::control);
      return m;
    }();
    return made;
  }
};

TlsTransport::TlsTransport(Transport& lower, const TlsContext& context)
    : lower_(lower), ssl_(SSL_new(context.get())) {
  BIO* bio = BIO_new(Bio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (context.is_server()) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
    if (context.sessions() != nullptr) session_offered_ = context.sessions()->offer(ssl_.get());
    if (!context.sni().empty()) SSL_set_tlsext_host_name(ssl_.get(), context.sni().c_str());
    if (context.verifies() && !context.host_name().empty()) {
      SSL_set1_host(ssl_.get(), context.host_name().c_str());
    }
  }
  lower_.upper_ = this;
}

TlsTransport::~TlsTransport() {
  if (established_) encrypt_queued(SIZE_MAX);
  // OpenSSL takes a connection that ends without a close_notify for one that was cut and resumes
  // its session no more (RFC 2246, 7.2.1; no longer asked for since RFC 4346).
  if (established_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  lower_.upper_ = nullptr;
  Scratch& scratch = Scratch::of_thread();
  if (scratch.owner == this) scratch.owner = nullptr;
}

TlsAgreement TlsTransport::agreement() const {
  const unsigned char* protocol = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &length);
  X509* const peer = SSL_get0_peer_certificate(ssl_.get());
  TlsAgreement agreed{version(),
                      cipher(),
                      group_name(ssl_.get()),
                      {reinterpret_cast<const char*>(protocol), length},
                      peer == nullptr ? nullptr : X509_get0_pubkey(peer)};
  agreed.resumed = resumed();
  // A server of TLS 1.3 has chosen one behind which nothing was signed.
  if (agreed.resumed) return agreed;
  if (SSL_is_server(ssl_.get()) != 0) {
    SSL_get_signature_type_nid(ssl_.get(), &agreed.signature);
    SSL_get_signature_nid(ssl_.get(), &agreed.signature_hash);
  } else {
    SSL_get_peer_signature_type_nid(ssl_.get(), &agreed.signature);
    SSL_get_peer_signature_nid(ssl_.get(), &agreed.signature_hash);
  }
  return agreed;
}

std::string describe_signature(int signature, int hash) {
  if (signature == NID_undef) return {};
  const auto name = [signature]() -> std::string {
    switch (signature) {
      case NID_X9_62_id_ecPublicKey: return "ECDSA";
      case NID_rsassaPss: return "RSA-PSS";
      case NID_rsaEncryption: return "RSA";
      case NID_ED25519: return "ed25519";
      case NID_ED448: return "ed448";
      default: break;
    }
    const char* const known = OBJ_nid2sn(signature);
    return known == nullptr ? "unknown" : known;
  }();
  return hash == NID_undef ? name : name + "+" + OBJ_nid2sn(hash);
}

bool TlsTransport::step_handshake() {
  if (failed()) return true;
  forget_errors();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    established_ = true;
  } else {
    fail_tls(result);
  }
  // The last flight of a side that speaks next travels with what it says: it leaves with the next
  // wait. Everything else, an alert too, leaves now.
  if (!established_) lower_.push();
  if (established_ && SSL_is_server(ssl_.get()) == 0) lower_.acknowledge_soon();
  return established_ || failed();
}

// Turns a failed SSL call into an error; wanting more octets is none.
void TlsTransport::fail_tls(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: fail({ErrorKind::kClosed, 0, 0}); return;
    default: break;
  }
  const unsigned long code = ERR_peek_error();
  forget_errors();
  const long verified = SSL_get_verify_result(ssl_.get());
  if (code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    const Error below = lower_.failed() ? lower_.failure_ : Error{ErrorKind::kClosed, 0, 0};
    const bool cut = !established_ && below.kind == ErrorKind::kClosed;
    fail(cut ? Error{ErrorKind::kTlsClosed, 0, 0} : below);
  } else if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
             ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    fail({verified == X509_V_ERR_APPLICATION_VERIFICATION ? ErrorKind::kPin
                                                          : ErrorKind::kCertificate,
          0, static_cast<unsigned long>(verified)});
  } else if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET) {
    fail({ErrorKind::kTlsAlert, 0, code});
  } else {
    fail({ErrorKind::kTlsProtocol, 0, code});
  }
}

Transport::Pull TlsTransport::pull() {
  if (failed()) return Pull::kFailed;
  if (!established_) return Pull::kNothing;
  Scratch& scratch = Scratch::of_thread();
  if (scratch.owner != this) {
    if (scratch.owner != nullptr) scratch.owner->stow();
    scratch.owner = this;
  }
  // What is left goes to the front of the scratch area, the next record behind it.
  const std::string_view left = input();
  if (left.size() > kMaxLeft) {
    fail({ErrorKind::kOther, EMSGSIZE, 0});
    return Pull::kFailed;
  }
  if (!left.empty()) std::memmove(scratch.memory.get(), left.data(), left.size());
  input_begin_ = scratch.memory.get();
  input_end_ = input_begin_ + left.size();
  in_scratch_ = true;
  // A record that OpenSSL drops, as behind a close_notify of this side, is not the last.
  int result = 0;
  do {
    forget_errors();
    starved_ = false;
    result = SSL_read(ssl_.get(), scratch.memory.get() + left.size(), kMaxRecord);
    if (result > 0) {
      input_end_ += result;
      return Pull::kGrew;
    }
    fail_tls(result);
  } while (!failed() && !starved_);
  return failed() ? Pull::kFailed : Pull::kNothing;
}

// Another connection needs the scratch area.
void TlsTransport::stow() noexcept {
  if (!in_scratch_) return;
  carry_.assign(input());
  input_begin_ = carry_.data();
  input_end_ = carry_.data() + carry_.size();
  in_scratch_ = false;
}

void TlsTransport::discard_input() noexcept {
  do {
    consume(input().size());
  } while (pull() == Pull::kGrew);
}

void TlsTransport::write(std::string_view bytes) {
  if (!stable_.empty()) encrypt_queued(SIZE_MAX);  // a reference that still waits goes first
  plain_.append(bytes);
}

void TlsTransport::write_stable(std::string_view bytes) {
  if (!stable_.empty()) encrypt_queued(SIZE_MAX);
  if (bytes.size() < kCopyBelow || !established_) {
    plain_.append(bytes);
  } else {
    stable_ = bytes;
  }
}

// OpenSSL has a buffer of a record and more in each direction; it takes new ones when it needs
// them.
void TlsTransport::go_idle() {
  if (established_) SSL_free_buffers(ssl_.get());
  lower_.go_idle();
}

// Encrypts from the front of `bytes` until the layer below holds `room` octets.
void TlsTransport::encrypt(std::string_view& bytes, std::size_t room) {
  while (!bytes.empty() && lower_.backlog() < room && !send_failed()) {
    forget_errors();
    const int result =
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), kMaxRecord)));
    if (result <= 0) {
      fail_tls(result);
      if (!send_failed()) fail({ErrorKind::kTlsProtocol, 0, 0});
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(result));
  }
}

void TlsTransport::encrypt_queued(std::size_t room) {
  if (!plain_.empty()) {
    std::string_view plain = plain_;
    encrypt(plain, room);
    plain_.erase(0, plain_.size() - plain.size());
  }
  if (plain_.empty() && !stable_.empty()) encrypt(stable_, room);
}

void TlsTransport::push() {
  if (lower_.send_failed() && !send_failed()) send_failure_ = lower_.send_failure_;
  // More than once where the layer below takes all at once and will not report it later.
  do {
    if (established_) encrypt_queued(kHighWater);
    lower_.push();
  } while (established_ && !(plain_.empty() && stable_.empty()) && !send_failed() &&
           lower_.backlog() < kHighWater);
}

std::size_t TlsTransport::backlog() const noexcept {
  return plain_.size() + stable_.size() + lower_.backlog();
}

void TlsTransport::write_close_notify() {
  if (!established_ || send_failed()) return;
  encrypt_queued(SIZE_MAX);
  if (send_failed()) return;
  forget_errors();
  SSL_shutdown(ssl_.get());
  forget_errors();
}

std::string TlsTransport::tls_exporter() const {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  constexpr std::size_t kOctets = 32;
  if (SSL_version(ssl_.get()) < TLS1_3_VERSION) return {};
  std::string binding(kOctets, '\0');
  const int done =
      SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(binding.data()),
                                 binding.size(), kLabel.data(), kLabel.size(), nullptr, 0, 1);
  return done == 1 ? binding : std::string();
}

// The first Finished: the client's in a full handshake, the server's in one that resumes.
std::string TlsTransport::tls_unique() const {
  if (SSL_version(ssl_.get()) >= TLS1_3_VERSION) return {};
  const bool own = (SSL_is_server(ssl_.get()) == 1) == resumed();
  std::string finished(EVP_MAX_MD_SIZE, '\0');
  const std::size_t length =
      own ? SSL_get_finished(ssl_.get(), finished.data(), finished.size())
          : SSL_get_peer_finished(ssl_.get(), finished.data(), finished.size());
  finished.resize(std::min(length, finished.size()));
  return finished;
}

}  // namespace smtpmark::io
