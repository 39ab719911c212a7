// The reply lines that nearly all are, in one pass. Private to this folder.
#ifndef SMTPMARK_PARSER_PLAIN_REPLY_H_
#define SMTPMARK_PARSER_PLAIN_REPLY_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/octet_lanes.h"
#include "parser/reply_parser.h"
#include "parser/swar.h"

namespace smtpmark::parser {

// What parse_plain_reply_line() returns when it has no line.
inline constexpr std::size_t kNotPlain = 0;  // ask the grammar; nothing is known of the line end
inline constexpr std::size_t kUnended = ~std::size_t{0};  // there is no LF in `bytes`

namespace plain_reply {

inline constexpr std::size_t kTextBegin = 4;  // behind the code and its separator
inline constexpr std::size_t kShortest = kTextBegin + 2;

inline unsigned digit(char c) noexcept {
  return static_cast<unsigned char>(c) - unsigned{'0'};
}

#if defined(__SSE2__)

// Octets above 127 are negative here.
inline __m128i is_not_printable(__m128i octets) noexcept {
  return _mm_or_si128(_mm_cmplt_epi8(octets, _mm_set1_epi8(' ')),
                      _mm_cmpeq_epi8(octets, _mm_set1_epi8('\x7f')));
}

#endif

// The first octet that is not printable ASCII.
inline const char* skip_printable(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  constexpr std::size_t kLane = sizeof(__m128i);
  for (; static_cast<std::size_t>(end - at) >= kLane; at += kLane) {
    const std::uint64_t hits = lane_mask<kLane>(at, is_not_printable);
    if (hits != 0) return at + std::countr_zero(hits);
  }
#endif
  for (; static_cast<std::size_t>(end - at) >= swar::kOctets; at += swar::kOctets) {
    const std::uint64_t hits = swar::not_printable(swar::load(at));
    if (hits != 0) return at + std::countr_zero(hits) / 8;
  }
  while (at != end && *at >= ' ' && *at <= '~') ++at;
  return at;
}

// "0" or up to three digits without a leading zero (RFC 3463, 2); nullptr for anything else. What
// is behind the digits must hold an octet that is none.
inline const char* take_number(const char* at, std::uint16_t& number) noexcept {
  const unsigned first = digit(*at);
  if (first > 9) return nullptr;
  number = static_cast<std::uint16_t>(first);
  ++at;
  if (first == 0) return at;
  for (int more = 0; more < 2 && digit(*at) <= 9; ++more, ++at) {
    number = static_cast<std::uint16_t>(number * 10 + digit(*at));
  }
  return at;
}

// Looks at `text`, which a CR follows, for an enhanced code and an SP or the end behind it.
inline EnhancedCode enhanced_code_of(const char* text) noexcept {
  EnhancedCode code;
  const unsigned class_digit = digit(text[0]);
  if ((class_digit != 2 && class_digit != 4 && class_digit != 5) || text[1] != '.') return {};
  const char* at = take_number(text + 2, code.subject);
  if (at == nullptr || *at != '.') return {};
  at = take_number(at + 1, code.detail);
  if (at == nullptr || (*at != ' ' && *at != '\r')) return {};
  code.class_digit = static_cast<std::uint8_t>(class_digit);
  return code;
}

}  // namespace plain_reply

// Parses the line that `bytes` begin with when it is a plain one: code, separator, printable ASCII,
// CRLF. Fills in what parse_reply_line() would (grammar.h) and returns the octets of the line.
[[gnu::always_inline]] inline std::size_t parse_plain_reply_line(std::string_view bytes,
                                                                 ReplyLine& reply) noexcept {
  using namespace plain_reply;
  if (bytes.size() < kShortest) return kNotPlain;
  const char* const begin = bytes.data();
  const unsigned first = digit(begin[0]);
  const unsigned second = digit(begin[1]);
  const unsigned third = digit(begin[2]);
  if (first - 2 > 3 || second > 5 || third > 9) return kNotPlain;
  if (begin[3] != ' ' && begin[3] != '-') return kNotPlain;
  const char* const text = begin + kTextBegin;
  const char* const end = begin + bytes.size();
  const char* const text_end = skip_printable(text, end);
  if (text_end == end) return kUnended;
  if (*text_end != '\r') return kNotPlain;
  if (text_end + 1 == end) return kUnended;
  if (text_end[1] != '\n') return kNotPlain;

  reply.code = static_cast<std::uint16_t>(first * 100 + second * 10 + third);
  reply.last = begin[3] == ' ';
  reply.text = {text, static_cast<std::size_t>(text_end - text)};
  reply.enhanced = enhanced_code_of(text);
  reply.enhanced_mismatch = reply.enhanced.class_digit != 0 && reply.enhanced.class_digit != first;
  if (reply.enhanced_mismatch) reply.enhanced = {};
  return static_cast<std::size_t>(text_end - begin) + 2;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_PLAIN_REPLY_H_
