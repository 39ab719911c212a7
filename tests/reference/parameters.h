// The parameters of MAIL and RCPT, and what else is written "keyword=value".
#ifndef SMTPMARK_TESTS_REFERENCE_PARAMETERS_H_
#define SMTPMARK_TESTS_REFERENCE_PARAMETERS_H_

#include "parser/command_parser.h"
#include "tests/reference/scanner.h"

namespace smtpmark::reference {

// *( SP parameter ) WSP* CRLF; MAIL or RCPT according to command.verb.
bool parameters(Scanner& scan, parser::Command& command);

// 1*( SP attribute ) WSP* CRLF of XCLIENT and XFORWARD.
bool attributes(Scanner& scan, parser::Command& command);

// base64 (RFC 4954, 8), not empty.
bool base64(Scanner& scan);

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_PARAMETERS_H_
