#include <array>
#include <cstddef>
#include <string_view>

#include "parser/ascii.h"
#include "parser/command_parser.h"
#include "parser/line.h"

namespace smtpmark::parser {
namespace {

constexpr std::string_view kWhiteSpace = " \t";

constexpr unsigned hex_value(char digit) noexcept {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

constexpr bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

constexpr std::string_view kEscape = "\\x{";

struct Escaped {
  char32_t character = 0;
  std::size_t size = 0;  // octets of the escape; 0: there is none
};

// The character that "\x{20AC}" at the beginning of `text` stands for.
constexpr Escaped escaped_at(std::string_view text) noexcept {
  constexpr char32_t kLastCharacter = 0x10ffff;
  if (!text.starts_with(kEscape)) return {};
  char32_t character = 0;
  std::size_t end = kEscape.size();
  for (; end < text.size() && is_hex(text[end]); ++end) {
    character = character << 4 | hex_value(text[end]);
    if (character > kLastCharacter) return {};
  }
  const bool is_closed = end > kEscape.size() && end < text.size() && text[end] == '}';
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  if (!is_closed || is_surrogate) return {};
  return {character, end + 1};
}

// Returns how many octets it wrote: fewer than the escape had.
constexpr std::size_t write_utf8(char32_t character, char* out) noexcept {
  if (character < 0x80) {
    out[0] = static_cast<char>(character);
    return 1;
  }
  const std::size_t tails = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  constexpr std::array<unsigned, 4> kLeads = {0, 0xc0, 0xe0, 0xf0};
  out[0] = static_cast<char>(kLeads[tails] | character >> (6 * tails));
  for (std::size_t i = 1; i <= tails; ++i) {
    out[i] = static_cast<char>(0x80 | (character >> (6 * (tails - i)) & 0x3f));
  }
  return tails + 1;
}

}  // namespace

std::size_t decode_local_part(const Path& path, char* out) noexcept {
  const std::string_view from = path.unquoted();
  std::size_t size = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (path.is_quoted && from[i] == '\\' && i + 1 < from.size()) ++i;
    out[size++] = from[i];
  }
  return size;
}

std::size_t decode_xtext(std::string_view xtext, char* out) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < xtext.size(); ++i) {
    if (xtext[i] == '+' && i + 2 < xtext.size()) {
      out[size++] = static_cast<char>(hex_value(xtext[i + 1]) << 4 | hex_value(xtext[i + 2]));
      i += 2;
    } else {
      out[size++] = xtext[i];
    }
  }
  return size;
}

std::size_t decode_orcpt(std::string_view type, std::string_view address, char* out) noexcept {
  if (!equals_ignoring_case(type, "utf-8")) return decode_xtext(address, out);
  std::size_t size = 0;
  for (std::size_t i = 0; i < address.size();) {
    const Escaped escaped = escaped_at(address.substr(i));
    if (escaped.size == 0) {
      out[size++] = address[i++];
    } else {
      size += write_utf8(escaped.character, out + size);
      i += escaped.size;
    }
  }
  return size;
}

bool pauses(const Command& command) noexcept {
  if (command.error != SyntaxError::kNone) return command.verb == Verb::kBdat;
  switch (command.verb) {
    case Verb::kStarttls:
    case Verb::kData:
    case Verb::kBdat:
    case Verb::kAuth:
    case Verb::kBurl:
    case Verb::kXclient:
    case Verb::kAtrn:
    case Verb::kQuit: return true;
    default: return false;
  }
}

void RawParameters::Iterator::advance() noexcept {
  parameter_ = {};
  const std::size_t begin = rest_.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return;
  rest_.remove_prefix(begin);
  const std::string_view whole = rest_.substr(0, rest_.find_first_of(kWhiteSpace));
  rest_.remove_prefix(whole.size());
  const std::size_t equals = whole.find('=');
  parameter_.keyword = whole.substr(0, equals);
  if (equals != std::string_view::npos) parameter_.value = without_prefix(whole, equals + 1);
}

std::uint32_t max_line(Verb verb, Leniencies leniencies) noexcept {
  if (verb == Verb::kAuth) return kMaxAuthLine;
  if ((leniencies & kAllowLongLine) != 0) return kMaxLenientLine;
  switch (verb) {
    case Verb::kMail:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml: return kMaxMailLine;
    case Verb::kRcpt: return kMaxRcptLine;
    default: return kMaxCommandLine;
  }
}

}  // namespace smtpmark::parser
