#include "loadgen/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace smtpmark::loadgen {

std::string base64_encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a NUL
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  const bool only_base64 = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
  if (text.size() % 4 != 0 || !only_base64) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  const std::size_t padding =
      text.empty() ? 0 : (text.back() == '=' ? 1 : 0) + (text.ends_with("==") ? 1 : 0);
  bytes.resize(static_cast<std::size_t>(length) - padding);
  if (base64_encode(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace smtpmark::loadgen
