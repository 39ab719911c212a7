#include "loadgen/markup.h"

#include <nlohmann/json.hpp>

namespace smtpmark::loadgen {

namespace {

// What is no UTF-8 becomes U+FFFD.
std::string as_utf8(std::string_view text) {
  using nlohmann::json;
  const json quoted = std::string(text);
  return json::parse(quoted.dump(-1, ' ', false, json::error_handler_t::replace))
      .get<std::string>();
}

}  // namespace

std::string escape_markup(std::string_view text) {
  std::string safe;
  for (const char c : as_utf8(text)) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '|': safe += "&#124;"; break;
      default: safe += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return safe;
}

std::string escape_csv(std::string_view text) {
  const std::string whole = as_utf8(text);
  if (whole.find_first_of(",\"\r\n") == std::string::npos) return whole;
  std::string quoted = "\"";
  for (const char c : whole) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string escape_label(std::string_view text) {
  std::string safe;
  for (const char c : as_utf8(text)) {
    switch (c) {
      case '\\': safe += "\\\\"; break;
      case '"': safe += "\\\""; break;
      case '\n': safe += "\\n"; break;
      default: safe += c;
    }
  }
  return safe;
}

}  // namespace smtpmark::loadgen
