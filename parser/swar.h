// Eight octets at a time in a word, for any processor. Private to this folder.
#ifndef SMTPMARK_PARSER_SWAR_H_
#define SMTPMARK_PARSER_SWAR_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace smtpmark::parser::swar {

inline constexpr std::size_t kOctets = 8;
inline constexpr std::uint64_t kOnes = 0x0101010101010101;
inline constexpr std::uint64_t kLow = 0x7f * kOnes;
inline constexpr std::uint64_t kHigh = 0x80 * kOnes;

// The first octet is the lowest one.
inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

inline std::uint64_t load_half(const char* at) noexcept {
  std::uint32_t half;
  std::memcpy(&half, at, sizeof(half));
  return std::endian::native == std::endian::little ? half : __builtin_bswap32(half);
}

constexpr std::uint64_t load_slowly(std::string_view octets) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
  }
  return word;
}

// The octets of `text` from `offset`, which is 0 or lies behind eight of them, and 0 behind its
// end.
constexpr std::uint64_t load(std::string_view text, std::size_t offset) noexcept {
  const std::size_t count = text.size() - offset;
  if (std::is_constant_evaluated()) return load_slowly(text.substr(offset, kOctets));
  if (count >= kOctets) return load(text.data() + offset);
  if (count == 0) return 0;
  const char* const end = text.data() + text.size();
  if (offset != 0) return load(end - kOctets) >> (8 * (kOctets - count));
  if (count >= 4) return load_half(text.data()) | load_half(end - 4) << (8 * (count - 4));
  return load_slowly(text);
}

// The highest bit of each octet, as eight bits.
constexpr std::uint64_t high_bits(std::uint64_t word) noexcept {
  return ((word >> 7 & kOnes) * 0x0102040810204080) >> 56;
}

// Eight bits: which octets are `wanted`.
constexpr std::uint64_t equal_to(std::uint64_t word, unsigned char wanted) noexcept {
  const std::uint64_t differing = word ^ wanted * kOnes;
  return high_bits(~(((differing & kLow) + kLow) | differing));
}

// 0 when no octet is below `limit` (128 at most); else its lowest bit is the highest one of the
// first octet that is.
constexpr std::uint64_t first_below(std::uint64_t word, unsigned char limit) noexcept {
  return (word - limit * kOnes) & ~word & kHigh;
}

// 0 when all octets are printable ASCII (32 to 126); else its lowest bit lies in the first octet
// that is not: what is carried or borrowed goes upward, and out of such octets only.
constexpr std::uint64_t not_printable(std::uint64_t word) noexcept {
  return ((word - 0x20 * kOnes) | (word + kOnes) | word) & kHigh;
}

}  // namespace smtpmark::parser::swar

#endif  // SMTPMARK_PARSER_SWAR_H_
