#include "parser/clean_lines.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The same loop for vectors of 16, 32 and 64 octets. Each octet is compared together with the one
// before it, which a second load finds: no mask leaves the vector registers, so that a group costs
// one branch whatever its lines are.

namespace smtpmark::parser {
namespace {

using Octets = unsigned char __attribute__((vector_size(16)));

Octets load(const char* at) noexcept {
  Octets octets;
  std::memcpy(&octets, at, sizeof(octets));
  return octets;
}

Octets all(char value) noexcept {
  return Octets{} + static_cast<unsigned char>(value);
}

bool has_any(Octets octets) noexcept {
  std::uint64_t halves[2];
  std::memcpy(halves, &octets, sizeof(halves));
  return (halves[0] | halves[1]) != 0;
}

std::size_t count_portable(const char* at, std::size_t groups, const CleanRules& rules) noexcept {
  const Octets line_start = all(rules.line_start);
  const Octets high_bits = all(rules.high_bits);
  std::uint32_t quiet = rules.quiet;
  for (std::size_t group = 0; group < groups; ++group, at += kGroup) {
    Octets wrong{};
    Octets high{};
    Octets line_feeds{};
    for (std::size_t i = 0; i < kGroup; i += sizeof(Octets)) {
      const Octets octets = load(at + i);
      const Octets before = load(at + i - 1);
      const Octets line_feed = octets == '\n';
      wrong |= line_feed ^ (before == '\r');
      wrong |= (octets == line_start) & (before == '\n');
      wrong |= octets == '\0';
      high |= octets;
      line_feeds |= line_feed;
    }
    quiet = has_any(line_feeds) ? 0 : quiet + 1;
    if (has_any(wrong | (high & high_bits)) || quiet > rules.quiet_most) return group;
  }
  return groups;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) std::size_t count_avx2(const char* at, std::size_t groups,
                                                       const CleanRules& rules) noexcept {
  const __m256i cr = _mm256_set1_epi8('\r');
  const __m256i lf = _mm256_set1_epi8('\n');
  const __m256i line_start = _mm256_set1_epi8(rules.line_start);
  const __m256i high_bits = _mm256_set1_epi8(rules.high_bits);
  const __m256i zero = _mm256_setzero_si256();
  std::uint32_t quiet = rules.quiet;
  for (std::size_t group = 0; group < groups; ++group, at += kGroup) {
    __m256i wrong = zero;
    __m256i high = zero;
    __m256i line_feeds = zero;
    for (std::size_t i = 0; i < kGroup; i += sizeof(__m256i)) {
      const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(at + i));
      const __m256i before = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(at + i - 1));
      const __m256i line_feed = _mm256_cmpeq_epi8(octets, lf);
      const __m256i behind_cr = _mm256_cmpeq_epi8(before, cr);
      const __m256i started =
          _mm256_and_si256(_mm256_cmpeq_epi8(octets, line_start), _mm256_cmpeq_epi8(before, lf));
      wrong = _mm256_or_si256(wrong, _mm256_xor_si256(line_feed, behind_cr));
      wrong = _mm256_or_si256(wrong, started);
      wrong = _mm256_or_si256(wrong, _mm256_cmpeq_epi8(octets, zero));
      high = _mm256_or_si256(high, octets);
      line_feeds = _mm256_or_si256(line_feeds, line_feed);
    }
    wrong = _mm256_or_si256(wrong, _mm256_and_si256(high, high_bits));
    quiet = _mm256_movemask_epi8(line_feeds) != 0 ? 0 : quiet + 1;
    if (_mm256_movemask_epi8(wrong) != 0 || quiet > rules.quiet_most) return group;
  }
  return groups;
}

__attribute__((target("avx512bw"))) std::size_t count_avx512(const char* at, std::size_t groups,
                                                             const CleanRules& rules) noexcept {
  const __m512i cr = _mm512_set1_epi8('\r');
  const __m512i lf = _mm512_set1_epi8('\n');
  const __m512i line_start = _mm512_set1_epi8(rules.line_start);
  const __m512i high_bits = _mm512_set1_epi8(rules.high_bits);
  std::uint32_t quiet = rules.quiet;
  for (std::size_t group = 0; group < groups; ++group, at += kGroup) {
    __mmask64 wrong = 0;
    __mmask64 line_feeds = 0;
    for (std::size_t i = 0; i < kGroup; i += sizeof(__m512i)) {
      const __m512i octets = _mm512_loadu_si512(at + i);
      const __m512i before = _mm512_loadu_si512(at + i - 1);
      const __mmask64 line_feed = _mm512_cmpeq_epi8_mask(octets, lf);
      wrong |= line_feed ^ _mm512_cmpeq_epi8_mask(before, cr);
      wrong |= _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(before, lf), octets, line_start);
      wrong |= _mm512_testn_epi8_mask(octets, octets);
      wrong |= _mm512_test_epi8_mask(octets, high_bits);
      line_feeds |= line_feed;
    }
    quiet = line_feeds != 0 ? 0 : quiet + 1;
    if (wrong != 0 || quiet > rules.quiet_most) return group;
  }
  return groups;
}

#endif

}  // namespace

#if defined(__x86_64__)

bool is_supported(ScanPath path) noexcept {
  switch (path) {
    case ScanPath::kAvx2: return __builtin_cpu_supports("avx2") != 0;
    case ScanPath::kAvx512: return __builtin_cpu_supports("avx512bw") != 0;
    default: return true;
  }
}

std::size_t count_clean_groups(ScanPath path, const char* begin, std::size_t groups,
                               const CleanRules& rules) noexcept {
  if (path == ScanPath::kBest) path = ScanPath::kAvx2;
  if (!is_supported(path)) path = ScanPath::kPortable;
  switch (path) {
    case ScanPath::kAvx2: return count_avx2(begin, groups, rules);
    case ScanPath::kAvx512: return count_avx512(begin, groups, rules);
    default: return count_portable(begin, groups, rules);
  }
}

#else

bool is_supported(ScanPath path) noexcept {
  return path == ScanPath::kBest || path == ScanPath::kPortable;
}

std::size_t count_clean_groups(ScanPath, const char* begin, std::size_t groups,
                               const CleanRules& rules) noexcept {
  return count_portable(begin, groups, rules);
}

#endif

}  // namespace smtpmark::parser
