// Base64 (RFC 4648, 4) for AUTH.
#ifndef SMTPMARK_LOADGEN_BASE64_H_
#define SMTPMARK_LOADGEN_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace smtpmark::loadgen {

std::string base64_encode(std::string_view bytes);
// Nothing when `text` is not canonical base64 with its padding.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_BASE64_H_
