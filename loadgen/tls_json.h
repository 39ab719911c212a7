// TLS in results.
#ifndef SMTPMARK_LOADGEN_TLS_JSON_H_
#define SMTPMARK_LOADGEN_TLS_JSON_H_

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>

#include "io/tls_context.h"
#include "loadgen/tls_tally.h"

namespace smtpmark::loadgen {

// What was asked for; lists as they were given, empty ones are OpenSSL's.
nlohmann::json tls_settings_to_json(const io::TlsClientOptions& tls);
// What handshakes agreed on, as one side saw them.
nlohmann::json tls_negotiated_to_json(const TlsTally& tally);
// Alerts by their number, with their names.
nlohmann::json tls_alerts_to_json(const std::map<std::uint8_t, std::uint64_t>& alerts);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TLS_JSON_H_
