#include "parser/clean_lines.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The same loop for vectors of 16 and of 32 octets. Each octet is compared together with the one
// before it, which a second load finds: no mask leaves the vector registers, so that a group costs
// two branches whatever its lines are. AVX-512 compares into masks, which have fewer execution
// units; measured on an EPYC it reached two thirds of the speed of AVX2.

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

#endif

}  // namespace

#if defined(__x86_64__)

bool is_supported(ScanPath path) noexcept {
  return path != ScanPath::kAvx2 || __builtin_cpu_supports("avx2") != 0;
}

std::size_t count_clean_groups(ScanPath path, const char* begin, std::size_t groups,
                               const CleanRules& rules) noexcept {
  const bool wide = path != ScanPath::kPortable && is_supported(ScanPath::kAvx2);
  return wide ? count_avx2(begin, groups, rules) : count_portable(begin, groups, rules);
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
