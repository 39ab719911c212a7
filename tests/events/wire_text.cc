#include "tests/events/wire_text.h"

#include <charconv>
#include <cstddef>

namespace smtpmark::events {
namespace {

constexpr std::size_t kLongRun = 24;  // octets; a shorter run is written out

// Reads one octet off the front of `text`: itself or an escape.
std::optional<char> take_octet(std::string_view& text) {
  const char first = text.front();
  text.remove_prefix(1);
  if (first != '\\') return first;
  if (text.empty()) return std::nullopt;
  const char kind = text.front();
  text.remove_prefix(1);
  switch (kind) {
    case 'r': return '\r';
    case 'n': return '\n';
    case 't': return '\t';
    case '0': return '\0';
    case '\\':
    case '{': return kind;
    case 'x': break;
    default: return std::nullopt;
  }
  unsigned value = 0;
  if (text.size() < 2) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + 2, value, 16);
  if (read.ptr != text.data() + 2) return std::nullopt;
  text.remove_prefix(2);
  return static_cast<char>(value);
}

// Reads "*64}" off the front of `text`.
std::optional<std::size_t> take_count(std::string_view& text) {
  const std::size_t close = text.find('}');
  if (close == std::string_view::npos || !text.starts_with('*')) return std::nullopt;
  std::size_t count = 0;
  const auto read = std::from_chars(text.data() + 1, text.data() + close, count);
  if (read.ec != std::errc() || read.ptr != text.data() + close) return std::nullopt;
  text.remove_prefix(close + 1);
  return count;
}

bool append_repeated(std::string_view& text, std::string& octets) {
  std::string repeated;
  while (!text.empty() && !text.starts_with('*')) {
    const auto octet = take_octet(text);
    if (!octet) return false;
    repeated += *octet;
  }
  const auto count = take_count(text);
  if (!count) return false;
  for (std::size_t i = 0; i < *count; ++i) octets += repeated;
  return true;
}

std::string text_of_octet(char octet) {
  switch (octet) {
    case '\r': return "\\r";
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\0': return "\\0";
    case '\\': return "\\\\";
    case '{': return "\\{";
    default: break;
  }
  if (octet >= ' ' && octet <= '~') return {octet};
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(octet);
  return {'\\', 'x', kHex[value >> 4U], kHex[value & 15U]};
}

}  // namespace

std::optional<std::string> octets_of(std::string_view text) {
  std::string octets;
  while (!text.empty()) {
    if (text.front() == '\n') {
      text.remove_prefix(1);
    } else if (text.front() == '{') {
      text.remove_prefix(1);
      if (!append_repeated(text, octets)) return std::nullopt;
    } else {
      const auto octet = take_octet(text);
      if (!octet) return std::nullopt;
      octets += *octet;
    }
  }
  return octets;
}

std::string text_of(std::string_view octets) {
  std::string text;
  while (!octets.empty()) {
    const char octet = octets.front();
    const std::size_t run = std::min(octets.find_first_not_of(octet), octets.size());
    if (run >= kLongRun) {
      text += "{" + text_of_octet(octet) + "*" + std::to_string(run) + "}";
      octets.remove_prefix(run);
    } else {
      text += text_of_octet(octet);
      octets.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace smtpmark::events
