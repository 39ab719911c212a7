#include "io/tls_context.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string_view>

#include "io/client_library.h"
#include "io/openssl_text.h"

namespace smtpmark::io {

namespace {

using Done = tl::expected<void, std::string>;

constexpr std::size_t kTicketKeys = 16 + 32 + 32;  // octets: a name, an HMAC key and an AES key
constexpr std::size_t kLongestProtocol = 255;      // octets of a name (RFC 7301, 3.1)
constexpr std::string_view kSessionsAreOf = "smtpmark";

int protocol_of(TlsVersion version) {
  return version == TlsVersion::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

std::string setup_failed() {
  return "cannot set up TLS: " + take_openssl_error();
}

bool is_ip_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Sets a list with `set`, which returns 1 when it is taken. OpenSSL passes over names that it does
// not know as long as there is one that it knows, so each is tried alone first.
template <class Set>
Done set_list(const char* what, const std::string& list, const Set& set) {
  if (list.empty()) return {};
  for (std::string_view left = list;;) {
    const std::string name(left.substr(0, left.find(':')));
    const bool is_operation = std::string_view("!-+@").find(name[0]) != std::string_view::npos;
    if (name.empty() || (!is_operation && set(name.c_str()) != 1)) {
      ERR_clear_error();
      return tl::unexpected("OpenSSL " + std::string(OpenSSL_version(OPENSSL_VERSION_STRING)) +
                            " has no TLS " + what + " \"" + name + "\"");
    }
    if (name.size() == left.size()) break;
    left.remove_prefix(name.size() + 1);
  }
  if (set(list.c_str()) == 1) return {};
  ERR_clear_error();
  return tl::unexpected(std::string("OpenSSL takes none of the TLS ") + what + "s \"" + list +
                        "\": a name is there twice, or nothing is left");
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<TlsSessions*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->put(session);
  return 1;  // the reference is ours now
}

// Takes the place of OpenSSL's own verification: the pin first, the chain where it is asked for.
int verify_pinned(X509_STORE_CTX* store, void* pointer) {
  const auto& verification = *static_cast<const TlsVerification*>(pointer);
  if (spki_pin_of(X509_STORE_CTX_get0_cert(store)) != verification.pin) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  if (verification.chain) return X509_verify_cert(store);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

int take_unseen(X509_STORE_CTX* /*store*/, void* /*nothing*/) {
  return 1;
}

int take_any(int /*good*/, X509_STORE_CTX* /*store*/) {
  return 1;
}

// RFC 7301, 3.2: nothing in common ends the handshake.
int select_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned int offered_length, void* ours) {
  const auto& own = *static_cast<const std::string*>(ours);
  const int result =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), length,
                            reinterpret_cast<const unsigned char*>(own.data()),
                            static_cast<unsigned int>(own.size()), offered, offered_length);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Done load_ca_file(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return tl::unexpected("cannot read CA certificates from " + file + ": " + take_openssl_error());
}

}  // namespace

std::string sni_of(const TlsClientOptions& options) {
  return options.sni.value_or(is_ip_address(options.host_name) ? "" : options.host_name);
}

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

bool TlsSessions::offer(SSL* ssl) {
  while (!sessions_.empty() && SSL_SESSION_is_resumable(sessions_.back().get()) != 1) {
    sessions_.pop_back();
  }
  if (sessions_.empty()) return false;
  SSL_SESSION* const latest = sessions_.back().get();
  const bool is_tls13 = SSL_SESSION_get_protocol_version(latest) == TLS1_3_VERSION;
  only_one_is_used_ = is_tls13 && sessions_.size() == 1;
  if (only_one_is_used_) {  // OpenSSL takes a TLS 1.3 session that was used for spent
    const std::unique_ptr<SSL_SESSION, Free> copy(SSL_SESSION_dup(latest));
    return SSL_set_session(ssl, copy.get()) == 1;
  }
  const bool offered = SSL_set_session(ssl, latest) == 1;
  if (is_tls13) sessions_.pop_back();
  return offered;
}

Done TlsContext::apply_common(const TlsCommonOptions& options) {
  SSL_CTX* const context = get();
  if (context == nullptr) return tl::unexpected(setup_failed());
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_min_proto_version(context, protocol_of(options.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context, protocol_of(options.max_version)) != 1) {
    return tl::unexpected(setup_failed());
  }
  Done done = set_list("cipher", options.ciphers, [context](const char* list) {
    return SSL_CTX_set_cipher_list(context, list);
  });
  if (!done) return done;
  done = set_list("1.3 cipher suite", options.suites,
                  [context](const char* list) { return SSL_CTX_set_ciphersuites(context, list); });
  if (!done) return done;
  done = set_list("group", options.groups, [context](const char* list) {
    return static_cast<int>(SSL_CTX_set1_groups_list(context, list));
  });
  if (!done) return done;
  done = set_list("signature algorithm", options.signatures, [context](const char* list) {
    return static_cast<int>(SSL_CTX_set1_sigalgs_list(context, list));
  });
  if (!done) return done;
  return apply_alpn(options);
}

Done TlsContext::apply_alpn(const TlsCommonOptions& options) {
  if (options.alpn.empty()) return {};
  alpn_ = std::make_unique<std::string>();
  for (const std::string& name : options.alpn) {
    if (name.empty() || name.size() > kLongestProtocol) {
      return tl::unexpected("\"" + name + "\" is no ALPN protocol: it has 1 to 255 octets");
    }
    *alpn_ += static_cast<char>(name.size());
    *alpn_ += name;
  }
  if (is_server_) {
    SSL_CTX_set_alpn_select_cb(get(), &select_protocol, alpn_.get());
  } else if (SSL_CTX_set_alpn_protos(get(), reinterpret_cast<const unsigned char*>(alpn_->data()),
                                     static_cast<unsigned int>(alpn_->size())) != 0) {
    return tl::unexpected(setup_failed());
  }
  return {};
}

Done TlsContext::use(const Certificate& certificate) {
  if (SSL_CTX_use_certificate(get(), certificate.leaf()) != 1 ||
      SSL_CTX_use_PrivateKey(get(), certificate.key()) != 1) {
    return tl::unexpected(setup_failed());
  }
  for (std::size_t i = 1; i < certificate.chain_length(); ++i) {
    if (SSL_CTX_add1_chain_cert(get(), certificate.chain_at(i)) != 1) {
      return tl::unexpected(setup_failed());
    }
  }
  return {};
}

Done TlsContext::verify_server(const TlsClientOptions& options) {
  verify_ = options.verify;
  if (options.pin) {
    verification_ = std::make_unique<TlsVerification>(TlsVerification{*options.pin, verify_});
    SSL_CTX_set_cert_verify_callback(get(), &verify_pinned, verification_.get());
  }
  if (options.pin || verify_) SSL_CTX_set_verify(get(), SSL_VERIFY_PEER, nullptr);
  if (!options.pin && !verify_) {
    // OpenSSL would build and check the chain even where nobody asks what came of it.
    SSL_CTX_set_cert_verify_callback(get(), &take_unseen, nullptr);
  }
  if (!verify_) return {};
  if (!options.ca_file.empty()) return load_ca_file(get(), options.ca_file);
  if (SSL_CTX_set_default_verify_paths(get()) != 1) return tl::unexpected(setup_failed());
  return {};
}

tl::expected<TlsContext, std::string> TlsContext::for_client(const TlsClientOptions& options) {
  OSSL_LIB_CTX* const library = options.plain_library ? nullptr : client_library();
  TlsContext made(SSL_CTX_new_ex(library, nullptr, TLS_client_method()), false);
  if (auto applied = made.apply_common(options); !applied) return tl::unexpected(applied.error());
  if (options.resume) {
    made.sessions_ = std::make_unique<TlsSessions>();
    SSL_CTX_set_app_data(made.get(), made.sessions_.get());
    SSL_CTX_set_session_cache_mode(made.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(made.get(), &keep_session);
  }
  made.host_name_ = options.host_name;
  made.sni_ = sni_of(options);
  if (!options.certificate_file.empty()) {
    const auto own = Certificate::from_files(options.certificate_file, options.key_file);
    if (!own) return tl::unexpected(own.error());
    if (auto used = made.use(*own); !used) return tl::unexpected(used.error());
  }
  if (auto good = made.verify_server(options); !good) return tl::unexpected(good.error());
  return made;
}

Done TlsContext::ask_clients(const TlsServerOptions& options) {
  if (options.client_certificates == ClientCertificates::kNone) return {};
  int mode = SSL_VERIFY_PEER;
  if (options.client_certificates == ClientCertificates::kRequired) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(get(), mode, options.client_ca_file.empty() ? &take_any : nullptr);
  if (options.client_ca_file.empty()) return {};
  if (auto loaded = load_ca_file(get(), options.client_ca_file); !loaded) return loaded;
  SSL_CTX_set_client_CA_list(get(), SSL_load_client_CA_file(options.client_ca_file.c_str()));
  return {};
}

Done TlsContext::apply_tickets(const TlsServerOptions& options) {
  SSL_CTX_set_num_tickets(get(), options.tickets);
  if (options.tickets == 0) SSL_CTX_set_options(get(), SSL_OP_NO_TICKET);
  if (options.ticket_lifetime_s > 0) {
    SSL_CTX_set_timeout(get(), static_cast<long>(options.ticket_lifetime_s));
  }
  // Sessions of clients that showed a certificate are resumed only within a named context.
  const auto* const name = reinterpret_cast<const unsigned char*>(kSessionsAreOf.data());
  if (SSL_CTX_set_session_id_context(get(), name, kSessionsAreOf.size()) != 1) {
    return tl::unexpected(setup_failed());
  }
  if (options.ticket_keys.empty()) return {};
  std::string keys = options.ticket_keys;
  if (SSL_CTX_set_tlsext_ticket_keys(get(), keys.data(), static_cast<long>(keys.size())) != 1) {
    return tl::unexpected(setup_failed());
  }
  return {};
}

tl::expected<TlsContext, std::string> TlsContext::for_server(const TlsServerOptions& options,
                                                             const Certificate& certificate) {
  TlsContext made(SSL_CTX_new(TLS_server_method()), true);
  if (auto applied = made.apply_common(options); !applied) return tl::unexpected(applied.error());
  if (auto applied = made.apply_tickets(options); !applied) return tl::unexpected(applied.error());
  if (auto used = made.use(certificate); !used) return tl::unexpected(used.error());
  if (auto asked = made.ask_clients(options); !asked) return tl::unexpected(asked.error());
  return made;
}

}  // namespace smtpmark::io
