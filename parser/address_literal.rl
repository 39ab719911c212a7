// What stands between the brackets of an address literal (RFC 5321, 4.1.3).
#include <cstddef>
#include <string_view>

#include "parser/grammar.h"

%%{
  machine address_literal;
  alphtype unsigned char;

  action ipv4 { kind = DomainKind::kIpv4; valid = true; fbreak; }
  action ipv6 { kind = DomainKind::kIpv6; valid = true; fbreak; }
  action general { kind = DomainKind::kGeneral; valid = true; fbreak; }
  action bad_octet { wrong = p; }

  include rfc5321 "rfc5321.rl";

  snum = DIGIT | DIGIT{2} | [01] DIGIT{2} | "2" [0-4] DIGIT | "25" [0-5];
  ipv4_address_literal = snum ( "." snum ){3};

  # "::" stands for at least two groups, which leaves six, or four before an IPv4 tail.
  ipv6_hex = xdigit{1,4};
  ipv6_full = ipv6_hex ( ":" ipv6_hex ){7};
  ipv6_comp =
      "::" ( ipv6_hex ( ":" ipv6_hex ){0,5} )? |
      ipv6_hex "::" ( ipv6_hex ( ":" ipv6_hex ){0,4} )? |
      ipv6_hex ( ":" ipv6_hex ){1} "::" ( ipv6_hex ( ":" ipv6_hex ){0,3} )? |
      ipv6_hex ( ":" ipv6_hex ){2} "::" ( ipv6_hex ( ":" ipv6_hex ){0,2} )? |
      ipv6_hex ( ":" ipv6_hex ){3} "::" ( ipv6_hex ( ":" ipv6_hex ){0,1} )? |
      ipv6_hex ( ":" ipv6_hex ){4} "::" ipv6_hex? |
      ipv6_hex ( ":" ipv6_hex ){5} "::";
  ipv6v4_full = ipv6_hex ( ":" ipv6_hex ){5} ":" ipv4_address_literal;
  ipv6v4_comp =
      "::" ( ipv6_hex ":" ){0,4} ipv4_address_literal |
      ipv6_hex "::" ( ipv6_hex ":" ){0,3} ipv4_address_literal |
      ipv6_hex ( ":" ipv6_hex ){1} "::" ( ipv6_hex ":" ){0,2} ipv4_address_literal |
      ipv6_hex ( ":" ipv6_hex ){2} "::" ( ipv6_hex ":" ){0,1} ipv4_address_literal |
      ipv6_hex ( ":" ipv6_hex ){3} "::" ipv4_address_literal;
  ipv6_addr = ipv6_full | ipv6_comp | ipv6v4_full | ipv6v4_comp;
  ipv6_address_literal = "IPv6:"i ipv6_addr;

  standardized_tag = ldh_str - "IPv6"i;
  general_address_literal = standardized_tag ":" dcontent+;

  main := ( ipv4_address_literal "]" @ipv4 | ipv6_address_literal "]" @ipv6 |
            general_address_literal "]" @general ) $err(bad_octet);
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror noentry;

}  // namespace

Fault check_address_literal(std::string_view content, DomainKind& kind) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(content.data());
  const unsigned char* p = begin;
  const unsigned char* wrong = begin;
  const unsigned char* const eof = nullptr;  // never met: "]" ends the machine
  bool valid = false;
  int cs = address_literal_start;

  %% write exec noend;

  if (valid) return {};
  return {SyntaxError::kBadAddressLiteral, static_cast<std::size_t>(wrong - begin)};
}

}  // namespace smtpmark::parser
