// What a client says while an AUTH goes on (RFC 4954, 4 and 8).
#include <cstddef>
#include <string_view>

#include "parser/grammar.h"

%%{
  machine auth_response;
  alphtype unsigned char;

  action bad_octet { wrong = p; }
  action begin { begin = p; }
  action end { end = p; }
  action cancel { response.cancelled = true; }
  action accept { wrong = p; fbreak; }

  include rfc5321 "rfc5321.rl";

  # A bare LF is the end of the line only where the caller has cut it there.
  main := ( ( base64? >begin %end | "*" @cancel ) WSP* ( CRLF | "\n" ) @accept ) $err(bad_octet);
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror noentry;

}  // namespace

Fault parse_auth_response(std::string_view line, AuthResponse& response) noexcept {
  const auto* const line_begin = reinterpret_cast<const unsigned char*>(line.data());
  const unsigned char* p = line_begin;
  const unsigned char* const eof = nullptr;  // never met: CRLF ends the machine
  const unsigned char* begin = p;
  const unsigned char* end = p;
  const unsigned char* wrong = p;
  int cs = auth_response_start;
  response = {};

  %% write exec noend;

  response.base64 = line.substr(static_cast<std::size_t>(begin - line_begin),
                                static_cast<std::size_t>(end - begin));
  const bool accepted = p == line_begin + line.size();
  if (accepted) return {};
  return {SyntaxError::kBadSyntax, static_cast<std::size_t>(wrong - line_begin)};
}

}  // namespace smtpmark::parser
