// Paths and hosts (RFC 5321, 4.1.2 and 4.1.3; RFC 6531, 3.3).
#ifndef SMTPMARK_TESTS_REFERENCE_PATH_H_
#define SMTPMARK_TESTS_REFERENCE_PATH_H_

#include "parser/command_parser.h"
#include "tests/reference/scanner.h"

namespace smtpmark::reference {

bool reverse_path(Scanner& scan, parser::Path& path);
bool forward_path(Scanner& scan, parser::Path& path);

// Domain or address literal of EHLO and its kind, and Domain alone; without U-labels.
bool host(Scanner& scan, parser::DomainKind& kind);
bool ascii_domain(Scanner& scan);

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_PATH_H_
