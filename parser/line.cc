#include "parser/line.h"

namespace smtpmark::parser {

std::size_t find_line_end(std::string_view bytes, std::size_t from) noexcept {
  for (;;) {
    const std::size_t lf = bytes.find('\n', from);
    if (lf == std::string_view::npos) return lf;
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
