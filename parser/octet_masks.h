// 64 octets at a time: where the ones are that matter to a body. Private to this folder.
#ifndef SMTPMARK_PARSER_OCTET_MASKS_H_
#define SMTPMARK_PARSER_OCTET_MASKS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "parser/swar.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace smtpmark::parser {

inline constexpr std::size_t kBlock = 64;  // octets: one a bit

// Bit i stands for octet i.
struct OctetMasks {
  std::uint64_t cr = 0;
  std::uint64_t lf = 0;
  std::uint64_t dot = 0;
  std::uint64_t nul = 0;
  std::uint64_t non_ascii = 0;
};

namespace swar {

inline OctetMasks masks_of(const char* block) noexcept {
  OctetMasks masks;
  for (std::size_t i = 0; i < kBlock; i += kOctets) {
    const std::uint64_t word = load(block + i);
    masks.cr |= equal_to(word, '\r') << i;
    masks.lf |= equal_to(word, '\n') << i;
    masks.dot |= equal_to(word, '.') << i;
    masks.nul |= equal_to(word, '\0') << i;
    masks.non_ascii |= high_bits(word) << i;
  }
  return masks;
}

}  // namespace swar

// Looks at kBlock octets.
#if defined(__SSE2__)
inline OctetMasks masks_of(const char* block) noexcept {
  OctetMasks masks;
  constexpr std::size_t kLane = sizeof(__m128i);
  for (std::size_t i = 0; i < kBlock; i += kLane) {
    __m128i lane;
    std::memcpy(&lane, block + i, kLane);
    const auto high_bits = [&](__m128i of) {
      return std::uint64_t{static_cast<std::uint16_t>(_mm_movemask_epi8(of))} << i;
    };
    const auto equal_to = [&](char wanted) {
      return high_bits(_mm_cmpeq_epi8(lane, _mm_set1_epi8(wanted)));
    };
    masks.cr |= equal_to('\r');
    masks.lf |= equal_to('\n');
    masks.dot |= equal_to('.');
    masks.nul |= equal_to('\0');
    masks.non_ascii |= high_bits(lane);
  }
  return masks;
}
#else
inline OctetMasks masks_of(const char* block) noexcept {
  return swar::masks_of(block);
}
#endif

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_OCTET_MASKS_H_
