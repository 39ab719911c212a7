// Which command a line holds. Private to this folder.
#ifndef SMTPMARK_PARSER_VERB_H_
#define SMTPMARK_PARSER_VERB_H_

#include <string_view>

#include "parser/command_parser.h"

namespace smtpmark::parser {

// The verb that `line` begins with: a whole word, ended by white space or a control octet, so that
// a line without its end must hold at least one octet more than the verb.
Verb find_verb(std::string_view line) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_VERB_H_
