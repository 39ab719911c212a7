// Sets of octets, to run over the long middle of a word faster than a state machine does. Private
// to this folder.
#ifndef SMTPMARK_PARSER_OCTET_SET_H_
#define SMTPMARK_PARSER_OCTET_SET_H_

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace smtpmark::parser {

using OctetSet = std::array<bool, 256>;

constexpr OctetSet letters_digits_and(std::string_view others) noexcept {
  OctetSet set{};
  for (unsigned char c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) set[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) set[c] = true;
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

// The last octet of the run that begins with the one at `p`. What is behind the run must hold an
// octet outside of the set.
inline const unsigned char* last_of_run(const OctetSet& set, const unsigned char* p) noexcept {
  while (set[p[1]]) ++p;
  return p;
}

// The same for a set that holds all letters and digits; those among the first 64 octets of `line`
// have their bit in `let_digs`, or none has.
inline const unsigned char* last_of_run(const OctetSet& set, const unsigned char* p,
                                        const unsigned char* line,
                                        std::uint64_t let_digs) noexcept {
  const auto offset = static_cast<std::uint64_t>(p - line);
  if (offset < 64) {
    const int run = std::countr_one(let_digs >> offset);
    p += run - (run != 0 ? 1 : 0);
  }
  return last_of_run(set, p);
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_OCTET_SET_H_
