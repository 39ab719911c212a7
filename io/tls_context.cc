#include "io/tls_context.h"

#include <openssl/rand.h>

#include "io/openssl_text.h"

namespace smtpmark::io {

namespace {

constexpr std::size_t kTicketKeys = 16 + 32 + 32;  // octets: a name, an HMAC key and an AES key

int protocol_of(TlsVersion version) {
  return version == TlsVersion::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

std::string setup_failed() {
  return "cannot set up TLS: " + take_openssl_error();
}

template <class Options>
tl::expected<void, std::string> apply_common(SSL_CTX* context, const Options& options) {
  if (context == nullptr) return tl::unexpected(setup_failed());
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_set_min_proto_version(context, protocol_of(options.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context, protocol_of(options.max_version)) != 1) {
    return tl::unexpected(setup_failed());
  }
  if (SSL_CTX_set1_groups_list(context, options.groups.c_str()) != 1) {
    ERR_clear_error();
    return tl::unexpected("OpenSSL does not know the TLS groups '" + options.groups +
                          "' (as X25519:P-256)");
  }
  return {};
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<TlsSessions*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->put(session);
  return 1;  // the reference is ours now
}

}  // namespace

std::string make_ticket_keys() {
  std::string keys(kTicketKeys, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(keys.data()), static_cast<int>(keys.size()));
  return keys;
}

void TlsSessions::put(SSL_SESSION* session) {
  if (std::exchange(only_one_is_used_, false)) sessions_.clear();
  sessions_.emplace_back(session);
  if (sessions_.size() > kMost) sessions_.pop_front();
}

void TlsSessions::offer(SSL* ssl) {
  while (!sessions_.empty() && SSL_SESSION_is_resumable(sessions_.back().get()) != 1) {
    sessions_.pop_back();
  }
  if (sessions_.empty()) return;
  SSL_SESSION* const latest = sessions_.back().get();
  const bool is_tls13 = SSL_SESSION_get_protocol_version(latest) == TLS1_3_VERSION;
  only_one_is_used_ = is_tls13 && sessions_.size() == 1;
  if (only_one_is_used_) {  // OpenSSL takes a TLS 1.3 session that was used for spent
    const std::unique_ptr<SSL_SESSION, Free> copy(SSL_SESSION_dup(latest));
    SSL_set_session(ssl, copy.get());
    return;
  }
  SSL_set_session(ssl, latest);
  if (is_tls13) sessions_.pop_back();
}

tl::expected<TlsContext, std::string> TlsContext::for_client(const TlsClientOptions& options) {
  TlsContext made(SSL_CTX_new(TLS_client_method()), false);
  SSL_CTX* context = made.get();
  if (auto applied = apply_common(context, options); !applied) {
    return tl::unexpected(applied.error());
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (options.resume) {
    made.sessions_ = std::make_unique<TlsSessions>();
    SSL_CTX_set_app_data(context, made.sessions_.get());
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, &keep_session);
  }
  made.host_name_ = options.host_name;
  made.verify_ = options.verify;
  if (!options.verify) return made;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return tl::unexpected(setup_failed());
  } else if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    return tl::unexpected("cannot read CA certificates from " + options.ca_file + ": " +
                          take_openssl_error());
  }
  return made;
}

tl::expected<TlsContext, std::string> TlsContext::for_server(const TlsServerOptions& options,
                                                             const Certificate& certificate) {
  TlsContext made(SSL_CTX_new(TLS_server_method()), true);
  SSL_CTX* context = made.get();
  if (auto applied = apply_common(context, options); !applied) {
    return tl::unexpected(applied.error());
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, options.tickets);
  if (options.tickets == 0) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  if (!options.ticket_keys.empty()) {
    std::string keys = options.ticket_keys;
    if (SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), static_cast<long>(keys.size())) != 1) {
      return tl::unexpected(setup_failed());
    }
  }
  if (SSL_CTX_use_certificate(context, certificate.leaf()) != 1 ||
      SSL_CTX_use_PrivateKey(context, certificate.key()) != 1) {
    return tl::unexpected(setup_failed());
  }
  for (std::size_t i = 1; i < certificate.chain_length(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, certificate.chain_at(i)) != 1) {
      return tl::unexpected(setup_failed());
    }
  }
  return made;
}

}  // namespace smtpmark::io
