// The limits, written down a second time: were they taken from the parser, a wrong one would be
// right here too. In octets, CRLF included, unless said otherwise.
#ifndef SMTPMARK_TESTS_REFERENCE_LIMITS_H_
#define SMTPMARK_TESTS_REFERENCE_LIMITS_H_

#include <cstddef>
#include <string_view>

namespace smtpmark::reference {

inline constexpr std::size_t kCommandLineLimit = 512;  // RFC 5321, 4.5.3.1.4
// What each extension adds to MAIL: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), SMTPUTF8 10 (RFC 6531),
// RET 9 and ENVID 107 (RFC 3461), AUTH 500 (RFC 4954), BY 17 (RFC 2852), HOLDFOR or HOLDUNTIL 34
// (RFC 4865), MTRK 40 (RFC 3885), MT-PRIORITY 15 (RFC 6710), REQUIRETLS 11 (RFC 8689).
inline constexpr std::size_t kMailLineLimit = 1298;
// And to RCPT: NOTIFY 29 and ORCPT 507 (RFC 3461), RRVS 33 (RFC 7293).
inline constexpr std::size_t kRcptLineLimit = 1081;
// What is behind "ENVID=" and "ORCPT=", not decoded (RFC 3461, 4.4 and 4.2).
inline constexpr std::size_t kEnvidLimit = 100;
inline constexpr std::size_t kOrcptLimit = 500;
inline constexpr std::size_t kAuthLineLimit = 12288;  // RFC 4954, 4

inline constexpr std::size_t kReplyLineLimit = 512;      // RFC 5321, 4.5.3.1.5
inline constexpr std::size_t kReplyLinesLimit = 200;     // a number of lines; the project's own
inline constexpr std::size_t kReplyOctetsLimit = 65536;  // the project's own

inline constexpr std::size_t kUnknownParametersLimit = 32;  // a number; the project's own

// Of a line that begins with this verb, in capitals.
constexpr std::size_t line_limit(std::string_view verb) {
  if (verb == "MAIL" || verb == "SEND" || verb == "SOML" || verb == "SAML") return kMailLineLimit;
  if (verb == "RCPT") return kRcptLineLimit;
  return verb == "AUTH" ? kAuthLineLimit : kCommandLineLimit;
}

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_LIMITS_H_
