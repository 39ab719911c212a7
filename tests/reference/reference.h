// A second opinion: parsers written straight from the ABNF of the RFCs, slow and obvious, to hold
// the real ones against, with limits of their own (limits.h). They take the whole input at once,
// are strict, and return their events as the case pages show them (tests/cases/README.md).
#ifndef SMTPMARK_TESTS_REFERENCE_REFERENCE_H_
#define SMTPMARK_TESTS_REFERENCE_REFERENCE_H_

#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::reference {

using Log = std::vector<std::string>;

Log commands(std::string_view input);   // command lines, one behind the other
Log responses(std::string_view input);  // what a client says while an AUTH goes on
Log replies(std::string_view input);    // reply lines
Log ehlo(std::string_view input);       // one reply to EHLO
Log data(std::string_view input);       // one body behind the 354 of DATA

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_REFERENCE_H_
