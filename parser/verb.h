// Which command a line holds. Private to this folder.
#ifndef SMTPMARK_PARSER_VERB_H_
#define SMTPMARK_PARSER_VERB_H_

#include <cstddef>
#include <string_view>

#include "parser/command_parser.h"

namespace smtpmark::parser {

// Octets; of a known verb.
constexpr std::size_t length_of(Verb verb) noexcept {
  if (verb == Verb::kStarttls || verb == Verb::kXforward) [[unlikely]]
    return 8;
  return verb == Verb::kXclient ? 7 : 4;
}

// The verb that `line` begins with: a whole word, ended by white space or a control octet, so that
// a line without its end must hold at least one octet more than the verb.
Verb find_verb(std::string_view line) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_VERB_H_
