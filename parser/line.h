// Where a line ends, and the octets that no line may hold. Private to this folder.
#ifndef SMTPMARK_PARSER_LINE_H_
#define SMTPMARK_PARSER_LINE_H_

#include <cstddef>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// The offset behind the first CRLF whose LF lies at or behind `from`; npos when there is none.
// A caller that found none goes on with `from = bytes.size()`: the CR may be an octet seen before.
std::size_t find_line_end(std::string_view bytes, std::size_t from) noexcept;

// substr() that cannot throw, for a library without libstdc++; `count` octets must be there.
constexpr std::string_view without_prefix(std::string_view text, std::size_t count) noexcept {
  text.remove_prefix(count);
  return text;
}

struct Fault {
  SyntaxError error = SyntaxError::kNone;
  std::size_t offset = 0;  // octets from the start of the line
};

// The first CR, LF or NUL of a line that was given without its CRLF (RFC 5321, 2.3.8 and 4.1.2).
Fault find_forbidden_octet(std::string_view line) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_LINE_H_
