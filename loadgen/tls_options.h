// What TLS is to be like: of the sessions of a run or a class, and of the sink.
#ifndef SMTPMARK_LOADGEN_TLS_OPTIONS_H_
#define SMTPMARK_LOADGEN_TLS_OPTIONS_H_

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "io/certificate.h"
#include "io/tls_context.h"
#include "loadgen/option_values.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// Of both sides. Lists have colons between names, as OpenSSL writes them; empty: its own.
struct TlsListOptions {
  std::string tls_version = "any";
  std::string tls_ciphers;  // of TLS 1.2
  std::string tls_suites;   // of TLS 1.3
  std::string tls_groups = "X25519:P-256";
  std::string tls_signatures;
  std::string tls_alpn;
};

struct TlsOptions : TlsListOptions {
  bool verify = false;
  std::string ca_file;
  std::string server_name;  // empty: the target's
  std::string tls_sni;      // empty: the server's name; "none"
  std::string tls_pin;
  std::string client_cert;
  std::string client_key;
  bool tls_resume = false;
  bool handshake_only = false;
};

struct SinkTlsOptions : TlsListOptions {
  std::string certificate;  // files; empty: one of `cert_kind` is made
  std::string key;
  std::string cert_kind = "ecdsa-p256";
  std::uint32_t cert_chain = 1;
  std::string ca_out;
  std::string client_certs = "none";
  std::string client_ca;
  std::uint32_t tls_tickets = 0;
  double tls_ticket_lifetime_s = 0.0;  // 0: OpenSSL's
};

// Add the options to a subcommand. `mark` is done to each option of the first.
void define_tls(CLI::App& command, TlsOptions& options, const OptionMark& mark);
void define_sink_tls(CLI::App& command, SinkTlsOptions& options);

// Leaves out the list of ciphers or suites that is for another version than --tls-version.
void forget_other_version(TlsListOptions& options);
// What OpenSSL is to be told, `host` being the target's name. Refuses with a sentence what it does
// not have, what cannot be read, and what belongs together and is not there.
tl::expected<io::TlsClientOptions, std::string> make_client_tls(const TlsOptions& options,
                                                                const std::string& host);
tl::expected<io::TlsServerOptions, std::string> make_server_tls(const SinkTlsOptions& options);

// From the files, or made.
tl::expected<io::Certificate, std::string> make_certificate(const SinkTlsOptions& options);

// The first option that makes no sense without TLS and was given all the same, as "--verify"; empty
// when there is none.
std::string needs_tls(const TlsOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TLS_OPTIONS_H_
