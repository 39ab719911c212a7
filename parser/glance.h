// The commonest arguments, found by where their special octets are instead of octet by octet. What
// is anything else is left to the machine, which takes all of these too. Private to this folder.
#ifndef SMTPMARK_PARSER_GLANCE_H_
#define SMTPMARK_PARSER_GLANCE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "parser/octet_lanes.h"

namespace smtpmark::parser {

// Positions in a line; those beyond its first 64 octets are none.
inline constexpr std::size_t kNowhere = 64;

constexpr std::uint64_t bits_below(std::size_t position) noexcept {
  return (std::uint64_t{1} << position) - 1;
}

// The first octet at or behind `from`, which is below 64, that is neither part of a word nor joins
// two.
inline std::size_t first_other(const WordMasks& masks, std::size_t from) noexcept {
  const std::uint64_t others = ~(masks.let_digs | masks.joins) & ~bits_below(from);
  return static_cast<std::size_t>(std::countr_zero(others));
}

// Whether a letter or digit stands on each side of every special octet between `from`, behind one,
// and the one at `end`.
inline bool has_only_words(const WordMasks& masks, std::size_t from, std::size_t end) noexcept {
  const std::uint64_t specials = ~masks.let_digs;
  const std::uint64_t side_by_side = specials & specials >> 1;
  return (side_by_side & bits_below(end) & ~bits_below(from - 1)) == 0;
}

// The ends of "local@domain>", whose words are joined by single dots and hyphens.
struct PathGlance {
  std::size_t at = kNowhere;
  std::size_t bracket = kNowhere;  // kNowhere: the machine must look
};

inline PathGlance glance_at_path(const unsigned char* line, const WordMasks& masks,
                                 std::size_t from) noexcept {
  const std::size_t at = first_other(masks, from);
  if (at >= kNowhere - 1 || line[at] != '@') return {};
  const std::size_t bracket = first_other(masks, at + 1);
  if (bracket == kNowhere || line[bracket] != '>') return {};
  if (!has_only_words(masks, from, bracket)) return {};
  return {at, bracket};
}

// The CR behind a domain of words that are joined by single dots and hyphens.
inline std::size_t glance_at_domain(const unsigned char* line, const WordMasks& masks,
                                    std::size_t from) noexcept {
  const std::size_t end = first_other(masks, from);
  if (end == kNowhere || line[end] != '\r') return kNowhere;
  return has_only_words(masks, from, end) ? end : kNowhere;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_GLANCE_H_
