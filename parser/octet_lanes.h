// Where octets of one kind are among the first 64 of a text, without a look behind its end. Private
// to this folder.
#ifndef SMTPMARK_PARSER_OCTET_LANES_H_
#define SMTPMARK_PARSER_OCTET_LANES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace smtpmark::parser {

inline constexpr std::size_t kMaskOctets = 64;

#if defined(__SSE2__)

inline __m128i equals_lf(__m128i octets) noexcept {
  return _mm_cmpeq_epi8(octets, _mm_set1_epi8('\n'));
}

// Whether an octet is one of the `count` that begin with `first`.
inline __m128i is_within(__m128i octets, char first, char count) noexcept {
  const __m128i distance = _mm_sub_epi8(octets, _mm_set1_epi8(first));
  const __m128i last = _mm_set1_epi8(static_cast<char>(count - 1));
  return _mm_cmpeq_epi8(_mm_min_epu8(distance, last), distance);
}

inline __m128i is_letter_or_digit(__m128i octets) noexcept {
  const __m128i small = _mm_or_si128(octets, _mm_set1_epi8(0x20));
  return _mm_or_si128(is_within(small, 'a', 26), is_within(octets, '0', 10));
}

// `Octets` octets from `at` on, as bits.
template <std::size_t Octets, typename Test>
std::uint64_t lane_mask(const char* at, Test test) noexcept {
  __m128i lane = _mm_setzero_si128();
  std::memcpy(&lane, at, Octets);
  const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(test(lane)));
  if constexpr (Octets == sizeof(lane)) return bits;
  return bits & ((std::uint64_t{1} << Octets) - 1);
}

// Two lanes that may overlap cover a text that is longer than one.
template <std::size_t Octets, typename Test>
std::uint64_t two_lanes(const char* at, std::size_t size, Test test) noexcept {
  const std::size_t second = size - Octets;
  return lane_mask<Octets>(at, test) | lane_mask<Octets>(at + second, test) << second;
}

template <typename Test>
std::uint64_t short_mask(const char* at, std::size_t size, Test test) noexcept {
  if (size >= 8) return two_lanes<8>(at, size, test);
  if (size >= 4) return two_lanes<4>(at, size, test);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < size; ++i) mask |= lane_mask<1>(at + i, test) << i;
  return mask;
}

// Bit i stands for octet i; `size` octets may be read, and those from 64 on are not looked at.
template <typename Test>
std::uint64_t mask_of(const char* at, std::size_t size, Test test) noexcept {
  constexpr std::size_t kLane = sizeof(__m128i);
  if (size < kLane) return short_mask(at, size, test);
  std::uint64_t mask = lane_mask<kLane>(at, test);
  if (size >= kMaskOctets) {
    for (std::size_t lane = kLane; lane < kMaskOctets; lane += kLane) {
      mask |= lane_mask<kLane>(at + lane, test) << lane;
    }
    return mask;
  }
  for (std::size_t lane = kLane; lane < kMaskOctets; lane += kLane) {
    const std::size_t begin = std::min(lane, size - kLane);
    mask |= lane_mask<kLane>(at + begin, test) << begin;
  }
  return mask;
}

#endif

// The octets that are LF.
inline std::uint64_t lf_mask(const char* at, std::size_t size) noexcept {
#if defined(__SSE2__)
  return mask_of(at, size, equals_lf);
#else
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < std::min(size, kMaskOctets); ++i) {
    mask |= std::uint64_t{at[i] == '\n'} << i;
  }
  return mask;
#endif
}

// The octets that are letters or digits. Without a fast way to tell it claims none.
inline std::uint64_t let_dig_mask(const char* at, std::size_t size) noexcept {
#if defined(__SSE2__)
  return mask_of(at, size, is_letter_or_digit);
#else
  static_cast<void>(at);
  static_cast<void>(size);
  return 0;
#endif
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_OCTET_LANES_H_
