#include "loadgen/tls_json.h"

#include <nlohmann/json.hpp>

namespace smtpmark::loadgen {

using nlohmann::json;

json tls_settings_to_json(const io::TlsClientOptions& tls) {
  const bool only_12 = tls.max_version == io::TlsVersion::kTls12;
  const bool only_13 = tls.min_version == io::TlsVersion::kTls13;
  return {{"version", only_12   ? "1.2"
                      : only_13 ? "1.3"
                                : "any"},
          {"ciphers", tls.ciphers},
          {"suites", tls.suites},
          {"groups", tls.groups},
          {"signatures", tls.signatures},
          {"alpn", tls.alpn},
          {"sni", io::sni_of(tls)},
          {"server_name", tls.host_name},
          {"ca_file", tls.ca_file},
          {"pin", tls.pin ? io::to_base64(*tls.pin) : ""},
          {"client_certificate", !tls.certificate_file.empty()}};
}

json tls_negotiated_to_json(const TlsTally& tally) {
  json all = json::array();
  for (const TlsKind& kind : tally.kinds()) {
    all.push_back({{"version", kind.version},
                   {"cipher", kind.cipher},
                   {"group", kind.group},
                   {"alpn", kind.alpn},
                   {"peer_key", kind.peer_key},
                   {"signature", kind.signature},
                   {"resumed", kind.resumed},
                   {"count", kind.count}});
  }
  return all;
}

json tls_alerts_to_json(const std::map<std::uint8_t, std::uint64_t>& alerts) {
  json all = json::object();
  for (const auto& [alert, count] : alerts) all[SSL_alert_desc_string_long(alert)] = count;
  return all;
}

}  // namespace smtpmark::loadgen
