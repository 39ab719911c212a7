// Letters without regard to case, whatever the locale. Private to this folder.
#ifndef SMTPMARK_PARSER_ASCII_H_
#define SMTPMARK_PARSER_ASCII_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

namespace smtpmark::parser {

constexpr char to_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_upper(x) == to_upper(y); });
}

// Appends one decimal digit; false, and `number` as it was, when the value would not fit.
constexpr bool append_digit(std::uint64_t& number, unsigned char digit) noexcept {
  const std::uint64_t value = digit - std::uint64_t{'0'};
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (number >= kMax / 10 && (number > kMax / 10 || value > kMax % 10)) return false;
  number = number * 10 + value;
  return true;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_ASCII_H_
