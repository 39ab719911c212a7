#include "loadgen/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

// Octets of the character that `text` begins with; 0 where it is none of UTF-8 (RFC 3629), overlong
// forms included: some terminals read a control character in them.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length > text.size()) return 0;
  if (length < 2) return length;
  const auto rest = text.substr(1, length - 1);
  const auto second = static_cast<unsigned char>(rest.front());
  if ((first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90)) return 0;
  const bool whole = std::all_of(rest.begin(), rest.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  });
  return whole ? length : 0;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < ' ' || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

std::string escape_controls(std::string_view text, bool lines) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(character.size());
    if ((lines && character == "\n") || (length > 0 && !is_control(character))) {
      safe += character;
      continue;
    }
    for (const char c : character) {
      fmt::format_to(std::back_inserter(safe), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return safe;
}

}  // namespace

std::string printable(std::string_view text) {
  return escape_controls(text, false);
}

std::string printable_lines(std::string_view text) {
  return escape_controls(text, true);
}

json printable_json(const json& value) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  json safe = value.is_array() ? json::array() : json::object();
  for (const auto& [key, member] : value.items()) {
    if (value.is_array()) {
      safe.push_back(printable_json(member));
    } else {
      safe[printable(key)] = printable_json(member);
    }
  }
  return safe;
}

}  // namespace smtpmark::loadgen
