// How far a body is without anything remarkable, at the speed of memory. Private to this folder.
#ifndef SMTPMARK_PARSER_CLEAN_LINES_H_
#define SMTPMARK_PARSER_CLEAN_LINES_H_

#include <cstddef>
#include <cstdint>

#include "parser/body_framer.h"

namespace smtpmark::parser {

inline constexpr std::size_t kGroup = 128;  // octets that are judged together

// What is remarkable, beside a CR without LF, an LF without CR and a NUL.
struct CleanRules {
  char line_start;           // behind an LF: '.'; or '\n', which is remarkable anyway
  char high_bits;            // octets with one of these bits: '\x80' or '\0'
  std::uint32_t quiet;       // groups without LF that came before
  std::uint32_t quiet_most;  // as many in a row are not remarkable yet
};

// How many of the `groups` groups at `begin` come before the first remarkable one. The octet before
// `begin` is read too: it tells what the first one is behind.
std::size_t count_clean_groups(ScanPath path, const char* begin, std::size_t groups,
                               const CleanRules& rules) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_CLEAN_LINES_H_
