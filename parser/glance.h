// The commonest arguments, read from one special octet to the next instead of octet by octet. What
// is anything else is left to the machine, which takes all of these too. Private to this folder.
#ifndef SMTPMARK_PARSER_GLANCE_H_
#define SMTPMARK_PARSER_GLANCE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace smtpmark::parser {

// Walks over the octets of a line that are no letters and no digits, as far as `let_digs` goes
// (octet_lanes.h).
class Specials {
 public:
  Specials(const unsigned char* line, std::uint64_t let_digs, std::size_t from) noexcept
      : line_(line), word_(from), specials_(~let_digs & ~std::uint64_t{0} << from) {}

  // To the next one; false when there is none or no letter or digit stands before it.
  bool next() noexcept {
    if (specials_ == 0) return false;
    at_ = static_cast<std::size_t>(std::countr_zero(specials_));
    specials_ &= specials_ - 1;
    const bool after_word = at_ != word_;
    word_ = at_ + 1;
    return after_word;
  }
  const unsigned char* at() const noexcept { return line_ + at_; }

 private:
  const unsigned char* line_;
  std::size_t word_;  // where the one before it ends
  std::size_t at_ = 0;
  std::uint64_t specials_;
};

// The ends of "local@domain>", whose words are joined by single dots and hyphens.
struct PathGlance {
  const unsigned char* at = nullptr;
  const unsigned char* bracket = nullptr;  // null: the machine must look
};

inline PathGlance glance_at_path(Specials specials) noexcept {
  PathGlance path;
  while (specials.next()) {
    const unsigned char octet = *specials.at();
    if (octet == '.' || octet == '-') continue;
    if (octet == '@' && path.at == nullptr) {
      path.at = specials.at();
    } else if (octet == '>' && path.at != nullptr) {
      path.bracket = specials.at();
      return path;
    } else {
      break;
    }
  }
  return path;
}

// The CR behind a domain of words that are joined by single dots and hyphens; else null.
inline const unsigned char* glance_at_domain(Specials specials) noexcept {
  while (specials.next()) {
    const unsigned char octet = *specials.at();
    if (octet == '\r') return specials.at();
    if (octet != '.' && octet != '-') break;
  }
  return nullptr;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_GLANCE_H_
