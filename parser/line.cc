#include "parser/line.h"

#include <cstring>

namespace smtpmark::parser {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

// npos when there is none from `from` on.
std::size_t find_lf(std::string_view bytes, std::size_t from) noexcept {
  if (from >= bytes.size()) return kNone;
  const void* const lf = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
  return lf == nullptr ? kNone
                       : static_cast<std::size_t>(static_cast<const char*>(lf) - bytes.data());
}

}  // namespace

std::size_t find_line_end(std::string_view bytes, std::size_t from) noexcept {
  for (;;) {
    const std::size_t lf = find_lf(bytes, from);
    if (lf == kNone) return kNone;
    if (lf > 0 && bytes[lf - 1] == '\r') return lf + 1;
    from = lf + 1;
  }
}

Fault find_forbidden_octet(std::string_view line) noexcept {
  for (std::size_t i = 0; i < line.size(); ++i) {
    switch (line[i]) {
      case '\r': return {SyntaxError::kBareCr, i};
      case '\n': return {SyntaxError::kBareLf, i};
      case '\0': return {SyntaxError::kNulOctet, i};
      default: break;
    }
  }
  return {};
}

}  // namespace smtpmark::parser
