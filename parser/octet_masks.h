// 64 octets at a time: where the ones are that matter to a body. Private to this folder.
#ifndef SMTPMARK_PARSER_OCTET_MASKS_H_
#define SMTPMARK_PARSER_OCTET_MASKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

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
};

// Looks at kBlock octets.
inline OctetMasks masks_of(const char* block) noexcept {
  OctetMasks masks;
#if defined(__SSE2__)
  constexpr std::size_t kLane = sizeof(__m128i);
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i dot = _mm_set1_epi8('.');
  for (std::size_t i = 0; i < kBlock; i += kLane) {
    __m128i lane;
    std::memcpy(&lane, block + i, kLane);
    const auto bits = [&](__m128i wanted) {
      return std::uint64_t{
                 static_cast<std::uint16_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, wanted)))}
             << i;
    };
    masks.cr |= bits(cr);
    masks.lf |= bits(lf);
    masks.dot |= bits(dot);
  }
#else
  for (std::size_t i = 0; i < kBlock; ++i) {
    masks.cr |= std::uint64_t{block[i] == '\r'} << i;
    masks.lf |= std::uint64_t{block[i] == '\n'} << i;
    masks.dot |= std::uint64_t{block[i] == '.'} << i;
  }
#endif
  return masks;
}

// Looks at fewer than kBlock octets, and at none behind them; the bits behind them are 0.
inline OctetMasks masks_of_rest(std::string_view rest) noexcept {
  std::array<char, kBlock> block{};
  std::memcpy(block.data(), rest.data(), rest.size());
  return masks_of(block.data());
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_OCTET_MASKS_H_
