// What stands between the brackets of an address literal (RFC 5321, 4.1.3).
#ifndef SMTPMARK_TESTS_REFERENCE_ADDRESS_LITERAL_H_
#define SMTPMARK_TESTS_REFERENCE_ADDRESS_LITERAL_H_

#include <cstddef>
#include <string_view>

#include "parser/command_parser.h"

namespace smtpmark::reference {

struct Literal {
  parser::DomainKind kind = parser::DomainKind::kNone;  // kNone: there is none
  std::size_t length = 0;  // octets up to the "]"; without one, to where it cannot go on
};

// `text` begins behind the "[".
Literal address_literal_in(std::string_view text);

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_ADDRESS_LITERAL_H_
