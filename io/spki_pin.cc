#include "io/spki_pin.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

namespace smtpmark::io {

namespace {

constexpr std::size_t kHexDigits = 2 * SpkiPin{}.size();
constexpr std::size_t kBase64 = 44;  // octets, the last of them padding

std::optional<SpkiPin> from_hex(std::string_view text) {
  SpkiPin pin;
  for (std::size_t i = 0; i < pin.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, pin[i], 16).ptr != digits + 2) return std::nullopt;
  }
  return pin;
}

std::optional<SpkiPin> from_base64(std::string_view text) {
  std::array<unsigned char, kBase64> decoded{};
  const auto* const octets = reinterpret_cast<const unsigned char*>(text.data());
  if (!text.ends_with('=') || text.ends_with("==")) return std::nullopt;
  if (EVP_DecodeBlock(decoded.data(), octets, kBase64) < 0) return std::nullopt;
  SpkiPin pin;
  std::copy_n(decoded.begin(), pin.size(), pin.begin());
  return pin;
}

}  // namespace

std::optional<SpkiPin> parse_spki_pin(std::string_view text) {
  if (text.size() == kHexDigits) return from_hex(text);
  if (text.size() == kBase64) return from_base64(text);
  return std::nullopt;
}

SpkiPin spki_pin_of(const X509* certificate) {
  unsigned char* encoded = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  SpkiPin pin{};
  if (length > 0) {
    EVP_Digest(encoded, static_cast<std::size_t>(length), pin.data(), nullptr, EVP_sha256(),
               nullptr);
  }
  OPENSSL_free(encoded);
  return pin;
}

std::string to_base64(const SpkiPin& pin) {
  std::array<unsigned char, kBase64 + 1> text{};
  EVP_EncodeBlock(text.data(), pin.data(), static_cast<int>(pin.size()));
  return {text.begin(), text.begin() + kBase64};
}

}  // namespace smtpmark::io
