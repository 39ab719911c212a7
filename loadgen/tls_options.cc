#include "loadgen/tls_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

namespace smtpmark::loadgen {

namespace {

using io::TlsVersion;

constexpr const char* kNoSni = "none";
constexpr double kLongestLifetime = 7 * 86400.0;  // seconds (RFC 8446, 4.6.1)

void define_lists(CLI::App& command, TlsListOptions& options, const OptionMark& mark) {
  mark(command.add_option("--tls-version", options.tls_version, "TLS 1.2, 1.3, or any of both")
           ->check(CLI::IsMember({"any", "1.2", "1.3"}))
           ->capture_default_str());
  mark(command.add_option("--tls-ciphers", options.tls_ciphers,
                          "Ciphers of TLS 1.2, as OpenSSL writes lists of them"));
  mark(command.add_option("--tls-suites", options.tls_suites,
                          "Cipher suites of TLS 1.3, as TLS_AES_128_GCM_SHA256, colons between"));
  mark(command
           .add_option("--tls-groups", options.tls_groups,
                       "Groups of the key exchange, the favourite first, colons between")
           ->capture_default_str());
  mark(command.add_option("--tls-signatures", options.tls_signatures,
                          "Signature algorithms, as ECDSA+SHA256:ed25519"));
  mark(command.add_option("--tls-alpn", options.tls_alpn,
                          "Application protocols (ALPN), colons between"));
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names;
  for (std::size_t end = 0; !list.empty(); list.remove_prefix(end)) {
    end = std::min(list.find(':'), list.size());
    names.emplace_back(list.substr(0, end));
    if (end < list.size()) ++end;
  }
  return names;
}

void apply_lists(const TlsListOptions& from, io::TlsCommonOptions& to) {
  if (from.tls_version == "1.2") to.max_version = TlsVersion::kTls12;
  if (from.tls_version == "1.3") to.min_version = TlsVersion::kTls13;
  to.ciphers = from.tls_ciphers;
  to.suites = from.tls_suites;
  to.groups = from.tls_groups;
  to.signatures = from.tls_signatures;
  to.alpn = split(from.tls_alpn);
}

// A list alone for the version that --tls-version leaves out would be passed over; both lists are
// for whichever version there is.
tl::expected<void, std::string> check_lists(const TlsListOptions& options) {
  if (options.tls_suites.empty() == options.tls_ciphers.empty()) return {};
  const char* const list = options.tls_suites.empty() ? "--tls-ciphers" : "--tls-suites";
  const char* const its = options.tls_suites.empty() ? "1.2" : "1.3";
  if (options.tls_version == "any" || options.tls_version == its) return {};
  return tl::unexpected(std::string(list) + " is of TLS " + its + ", which --tls-version " +
                        options.tls_version + " leaves out: leave one of them out");
}

}  // namespace

void define_tls(CLI::App& command, TlsOptions& options, const OptionMark& mark) {
  mark(command.add_flag("--verify", options.verify, "Verify the server's certificate and name"));
  mark(command.add_option("--ca-file", options.ca_file,
                          "CA certificates in PEM (implies --verify)"));
  mark(command.add_option("--server-name", options.server_name,
                          "Name for SNI and verification (default: the target's)"));
  mark(command.add_option("--tls-sni", options.tls_sni,
                          "Name for SNI alone, or none: it is not sent"));
  mark(command.add_option("--tls-pin", options.tls_pin,
                          "SHA-256 of the server's public key (SubjectPublicKeyInfo), in base64 or "
                          "hexadecimal: no other is taken"));
  define_lists(command, options, mark);
  mark(command.add_option("--client-cert", options.client_cert,
                          "Certificate of this side with its chain, PEM"));
  mark(command.add_option("--client-key", options.client_key, "Its private key, PEM"));
  mark(command.add_flag("--tls-resume", options.tls_resume,
                        "Resume the TLS sessions that the server gives tickets for"));
  mark(command.add_flag("--handshake-only", options.handshake_only,
                        "Sessions that end with the TLS handshake"));
}

void define_sink_tls(CLI::App& command, SinkTlsOptions& options) {
  auto* certificate = command.add_option("--cert", options.certificate,
                                         "Certificate chain, PEM (default: one is made)");
  auto* key = command.add_option("--key", options.key, "Private key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  command
      .add_option("--cert-kind", options.cert_kind,
                  "Key of the certificate that is made: ecdsa-p256, ecdsa-p384, rsa-2048, "
                  "rsa-4096 or ed25519")
      ->check(CLI::IsMember(
          std::vector<std::string>(io::kKeyKindNames.begin(), io::kKeyKindNames.end())))
      ->excludes(certificate)
      ->capture_default_str();
  command.add_option("--cert-chain", options.cert_chain, "Certificates in the chain that is made")
      ->check(CLI::Range(std::size_t{1}, io::Certificate::kMostMade))
      ->excludes(certificate)
      ->capture_default_str();
  command.add_option("--ca-out", options.ca_out,
                     "Write the last certificate of the chain, which clients are to trust, to this "
                     "file");
  define_lists(command, options, [](CLI::Option* option) { return option; });
  command
      .add_option("--client-certs", options.client_certs,
                  "Certificates of clients: none, ask (a client may have none) or require")
      ->check(CLI::IsMember({"none", "ask", "require"}))
      ->capture_default_str();
  command.add_option("--client-ca", options.client_ca,
                     "CA certificates in PEM that clients' are verified with (default: any "
                     "certificate is taken)");
  command
      .add_option("--tls-tickets", options.tls_tickets,
                  "Session tickets behind a TLS handshake; 0: no session can be resumed")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  command
      .add_option("--tls-ticket-lifetime", options.tls_ticket_lifetime_s,
                  "How long a ticket is good for (default: OpenSSL's)")
      ->transform(seconds())
      ->check(number_between(1.0, kLongestLifetime));
}

void forget_other_version(TlsListOptions& options) {
  if (options.tls_version == "1.2") options.tls_suites.clear();
  if (options.tls_version == "1.3") options.tls_ciphers.clear();
}

tl::expected<io::TlsClientOptions, std::string> make_client_tls(const TlsOptions& options,
                                                                const std::string& host) {
  if (auto good = check_lists(options); !good) return tl::unexpected(good.error());
  io::TlsClientOptions tls;
  apply_lists(options, tls);
  tls.verify = options.verify || !options.ca_file.empty();
  tls.ca_file = options.ca_file;
  tls.host_name = options.server_name.empty() ? host : options.server_name;
  if (!options.tls_sni.empty()) tls.sni = options.tls_sni == kNoSni ? "" : options.tls_sni;
  tls.resume = options.tls_resume;
  if (options.client_cert.empty() != options.client_key.empty()) {
    return tl::unexpected(std::string("--client-cert and --client-key belong together"));
  }
  tls.certificate_file = options.client_cert;
  tls.key_file = options.client_key;
  if (!options.tls_pin.empty()) {
    tls.pin = io::parse_spki_pin(options.tls_pin);
    if (!tls.pin) {
      return tl::unexpected("--tls-pin " + options.tls_pin +
                            " is no SHA-256: 64 hexadecimal digits or 44 octets of base64");
    }
  }
  // OpenSSL says what it does not have.
  if (const auto tried = io::TlsContext::for_client(tls); !tried) {
    return tl::unexpected(tried.error());
  }
  return tls;
}

tl::expected<io::TlsServerOptions, std::string> make_server_tls(const SinkTlsOptions& options) {
  if (auto good = check_lists(options); !good) return tl::unexpected(good.error());
  io::TlsServerOptions tls;
  apply_lists(options, tls);
  if (options.client_certs == "ask") tls.client_certificates = io::ClientCertificates::kAsked;
  if (options.client_certs == "require") {
    tls.client_certificates = io::ClientCertificates::kRequired;
  }
  if (!options.client_ca.empty() && options.client_certs == "none") {
    return tl::unexpected(std::string("--client-ca needs --client-certs ask or require"));
  }
  tls.client_ca_file = options.client_ca;
  tls.tickets = options.tls_tickets;
  tls.ticket_lifetime_s = static_cast<std::uint32_t>(options.tls_ticket_lifetime_s);
  return tls;
}

tl::expected<io::Certificate, std::string> make_certificate(const SinkTlsOptions& options) {
  if (!options.certificate.empty()) {
    return io::Certificate::from_files(options.certificate, options.key);
  }
  const auto kind =
      std::find(io::kKeyKindNames.begin(), io::kKeyKindNames.end(), options.cert_kind);
  return io::Certificate::make(static_cast<io::KeyKind>(kind - io::kKeyKindNames.begin()),
                               options.cert_chain);
}

std::string needs_tls(const TlsOptions& options) {
  const TlsOptions standard;
  const std::pair<const char*, bool> given[] = {
      {"--verify", options.verify},
      {"--ca-file", !options.ca_file.empty()},
      {"--server-name", !options.server_name.empty()},
      {"--tls-sni", !options.tls_sni.empty()},
      {"--tls-pin", !options.tls_pin.empty()},
      {"--tls-version", options.tls_version != standard.tls_version},
      {"--tls-ciphers", !options.tls_ciphers.empty()},
      {"--tls-suites", !options.tls_suites.empty()},
      {"--tls-groups", options.tls_groups != standard.tls_groups},
      {"--tls-signatures", !options.tls_signatures.empty()},
      {"--tls-alpn", !options.tls_alpn.empty()},
      {"--client-cert", !options.client_cert.empty()},
      {"--client-key", !options.client_key.empty()},
      {"--tls-resume", options.tls_resume},
      {"--handshake-only", options.handshake_only}};
  for (const auto& [name, is_given] : given) {
    if (is_given) return name;
  }
  return {};
}

}  // namespace smtpmark::loadgen
