// Where octets of one kind are among the first 64 of a text, without a look behind its end. Private
// to this folder.
#ifndef SMTPMARK_PARSER_OCTET_LANES_H_
#define SMTPMARK_PARSER_OCTET_LANES_H_

#include <algorithm>
#include <array>
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
inline __m128i is_within(__m128i octets, char first, int count) noexcept {
  constexpr int kLeast = -128;  // signed comparison is the one there is
  const __m128i distance = _mm_add_epi8(octets, _mm_set1_epi8(static_cast<char>(kLeast - first)));
  return _mm_cmplt_epi8(distance, _mm_set1_epi8(static_cast<char>(kLeast + count)));
}

inline __m128i is_letter_or_digit(__m128i octets) noexcept {
  const __m128i small = _mm_or_si128(octets, _mm_set1_epi8(0x20));
  return _mm_or_si128(is_within(small, 'a', 26), is_within(octets, '0', 10));
}

inline __m128i is_hyphen_or_dot(__m128i octets) noexcept {
  return is_within(octets, '-', 2);
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

// Whether one of the `size` octets, 1 to 16, is LF.
inline bool has_lf(const char* at, std::size_t size) noexcept {
  if (size == 1) return *at == '\n';
#if defined(__SSE2__)
  if (size >= 8) {
    const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
    const __m128i high = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at + size - 8));
    return _mm_movemask_epi8(equals_lf(_mm_unpacklo_epi64(low, high))) != 0;
  }
#endif
  const auto load = [at]<typename Word>(std::size_t from, Word word) {
    std::memcpy(&word, at + from, sizeof(word));
    return std::uint64_t{word};
  };
  // Lanes that may overlap, as in masks.
  std::array<std::uint64_t, 2> lanes{};
  if (size >= 8) {
    lanes = {load(0, std::uint64_t{}), load(size - 8, std::uint64_t{})};
  } else if (size >= 4) {
    lanes = {load(0, std::uint32_t{}), load(size - 4, std::uint32_t{})};
  } else {
    lanes = {load(0, std::uint8_t{}) | load(size / 2, std::uint8_t{}) << 8,
             load(size - 1, std::uint8_t{})};
  }
  constexpr std::uint64_t kEach = 0x0101010101010101;
  const auto zero_octets = [](std::uint64_t word) { return (word - kEach) & ~word & kEach << 7; };
  return (zero_octets(lanes[0] ^ kEach * '\n') | zero_octets(lanes[1] ^ kEach * '\n')) != 0;
}

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

// Octets of a line, as bits. Where there is no fast way to tell there are none of either.
struct WordMasks {
  std::uint64_t let_digs = 0;
  std::uint64_t joins = 0;  // hyphens and dots, which join words of letters and digits
};

// Of the line of `length` octets at `at`; `size` octets may be read.
inline WordMasks word_masks(const char* at, std::size_t size, std::size_t length) noexcept {
#if defined(__SSE2__)
  constexpr std::size_t kLane = sizeof(__m128i);
  if (size < kLane) {
    return {short_mask(at, size, is_letter_or_digit), short_mask(at, size, is_hyphen_or_dot)};
  }
  WordMasks masks;
  const auto look = [&](std::size_t lane) {
    const std::size_t begin = std::min(lane, size - kLane);
    masks.let_digs |= lane_mask<kLane>(at + begin, is_letter_or_digit) << begin;
    masks.joins |= lane_mask<kLane>(at + begin, is_hyphen_or_dot) << begin;
  };
  look(0);
  look(kLane);
  look(2 * kLane);
  if (length > 3 * kLane) look(3 * kLane);
  return masks;
#else
  static_cast<void>(at);
  static_cast<void>(size);
  static_cast<void>(length);
  return {};
#endif
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_OCTET_LANES_H_
