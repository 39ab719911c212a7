// Which command a line holds. Private to this folder.
#ifndef SMTPMARK_PARSER_VERB_H_
#define SMTPMARK_PARSER_VERB_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/command_parser.h"

namespace smtpmark::parser {

// In octets, by verb; of a known one.
inline constexpr std::array<std::uint8_t, kVerbs> kVerbLengths = [] {
  std::array<std::uint8_t, kVerbs> lengths{};
  lengths.fill(4);
  lengths[static_cast<std::size_t>(Verb::kStarttls)] = 8;
  lengths[static_cast<std::size_t>(Verb::kXclient)] = 7;
  lengths[static_cast<std::size_t>(Verb::kXforward)] = 8;
  return lengths;
}();

constexpr std::size_t length_of(Verb verb) noexcept {
  return kVerbLengths[static_cast<std::size_t>(verb)];
}

// The verb that `line` begins with: a whole word, ended by white space or a control octet, so that
// a line without its end must hold at least one octet more than the verb.
Verb find_verb(std::string_view line) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_VERB_H_
