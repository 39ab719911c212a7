// The functions behind the Ragel grammars. Each takes one complete line, so that the machine needs
// no state between calls and no test for the end of its input. Private to this folder.
#ifndef SMTPMARK_PARSER_GRAMMAR_H_
#define SMTPMARK_PARSER_GRAMMAR_H_

#include <string_view>

#include "parser/command_parser.h"
#include "parser/line.h"
#include "parser/reply_parser.h"

namespace smtpmark::parser {

// Parses what follows command.verb, which must be known, in the line that `bytes` begin with; what
// is behind the line may be looked at. Fills in the members of `command` that belong to the verb.
// (command.rl)
Fault parse_arguments(std::string_view bytes, Command& command) noexcept;

// The same with `leniencies`; the verb ends at `from`, and `line` at its only LF when that may end
// a line. With no leniency it gives the same fault as the above, but for an octet above 127 that is
// kNonAscii there and may be kBadUtf8 here. (lenient_command.rl)
Fault parse_lenient_arguments(std::string_view line, std::size_t from, Leniencies leniencies,
                              Command& command) noexcept;

// Parses `line`, which ends with its only CRLF, as a client's response to a 334. (auth_response.rl)
Fault parse_auth_response(std::string_view line, AuthResponse& response) noexcept;

// Parses `line`, which ends with its only LF, with or without a CR before it: code, last, enhanced,
// enhanced_mismatch and text. (reply.rl)
Fault parse_reply_line(std::string_view line, ReplyLine& reply) noexcept;

// Checks what stands between the brackets of an address literal (RFC 5321, 4.1.3); `content` must
// be followed by the closing one. Sets `kind` when it is in order. (address_literal.rl)
Fault check_address_literal(std::string_view content, DomainKind& kind) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_GRAMMAR_H_
