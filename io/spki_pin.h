// The fingerprint of a public key, as DANE has it: SHA-256 of the SubjectPublicKeyInfo (RFC 6698,
// 2.1: selector 1, matching type 1; RFC 7469, 2.4).
#ifndef SMTPMARK_IO_SPKI_PIN_H_
#define SMTPMARK_IO_SPKI_PIN_H_

#include <openssl/x509.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace smtpmark::io {

using SpkiPin = std::array<unsigned char, 32>;

// From 64 hexadecimal digits or 44 octets of base64; nothing when it is neither.
std::optional<SpkiPin> parse_spki_pin(std::string_view text);

// Of the key in `certificate`.
SpkiPin spki_pin_of(const X509* certificate);

std::string to_base64(const SpkiPin& pin);

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_SPKI_PIN_H_
