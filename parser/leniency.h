// What a command parser takes beyond the grammar of the RFCs, flag by flag.
//
// Strict is the default. Each flag admits one thing that mail programs send against RFC 5321, and
// servers take; nothing else changes with it. A bare CR, a NUL, a control octet and malformed UTF-8
// are admitted by no flag, and a body has none of them (body_framer.h).
#ifndef SMTPMARK_PARSER_LENIENCY_H_
#define SMTPMARK_PARSER_LENIENCY_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace smtpmark::parser {

enum Leniency : std::uint32_t {
  // LF without CR ends a command line. Never set it where a line may have passed another server
  // before: what that server took for one line is two here.
  kAllowBareLf = 1U << 0,
  // More than one SP, or HTAB, between the words of any command, and in front of its verb.
  kAllowExtraSpace = 1U << 1,
  // White space behind the colon of "MAIL FROM: <a@b>" and "RCPT TO: <a@b>".
  kAllowSpaceAfterColon = 1U << 2,
  // "MAIL FROM:a@b": a mailbox without its angle brackets, and without a source route.
  kAllowNoBrackets = 1U << 3,
  // "<a>": a local part alone, as path; no domain.
  kAllowNoDomain = 1U << 4,
  // Dots of a local part at its ends or in a row: "<.a..b.@c>".
  kAllowOddDots = 1U << 5,
  // "_" in the labels of a domain, wherever a letter may be.
  kAllowUnderscore = 1U << 6,
  // One dot behind a domain: "<a@b.example.>", "EHLO b.example.".
  kAllowTrailingDot = 1U << 7,
  // Anything printable, or nothing, between the brackets of an address literal: "[]", "[1.2.3]".
  kAllowAnyLiteral = 1U << 8,
  // A MAIL whose path is not ASCII and that has no SMTPUTF8 parameter (RFC 6531, 3.4).
  kAllowNoSmtpUtf8 = 1U << 9,
  // EHLO, HELO and LHLO with any text for a domain, UTF-8 included.
  kAllowAnyHello = 1U << 10,
  // EHLO, HELO and LHLO without an argument.
  kAllowNoHello = 1U << 11,
  // Text behind DATA, RSET, QUIT, STARTTLS and TURN, which take none; it is ignored.
  kAllowArgument = 1U << 12,
  // Lines of any command up to kMaxLenientLine octets.
  kAllowLongLine = 1U << 13,
  // An address literal behind HELO, for which RFC 5321, 4.1.1.1 has nothing but a domain.
  kAllowHeloLiteral = 1U << 14,
};

// Bits of Leniency.
using Leniencies = std::uint32_t;

inline constexpr std::array kAllLeniencies = {
    kAllowBareLf,   kAllowExtraSpace, kAllowSpaceAfterColon, kAllowNoBrackets, kAllowNoDomain,
    kAllowOddDots,  kAllowUnderscore, kAllowTrailingDot,     kAllowAnyLiteral, kAllowNoSmtpUtf8,
    kAllowAnyHello, kAllowNoHello,    kAllowArgument,        kAllowLongLine,   kAllowHeloLiteral,
};

// A name for options and tables, as "bare-lf"; static storage.
std::string_view to_string(Leniency leniency) noexcept;

enum class Profile : std::uint8_t {
  kStrict,       // nothing but the RFCs
  kPostfixLike,  // what Postfix takes as it is installed (strict_rfc821_envelopes = no), but for
                 // text behind QUIT
  kPermissive,   // every flag
};

inline constexpr std::array kAllProfiles = {Profile::kStrict, Profile::kPostfixLike,
                                            Profile::kPermissive};

// "strict", "postfix-like", "permissive"; static storage.
std::string_view to_string(Profile profile) noexcept;

Leniencies leniencies_of(Profile profile) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_LENIENCY_H_
