// What every parser of this folder has in common.
//
// The contract of feed(), for commands, replies and bodies alike:
//
//   FeedResult r = parser.feed(bytes, out);
//
//   `bytes` begins with the first octet that no earlier call consumed. The caller drops
//   `r.consumed` leading octets and presents the rest again, with more behind it, at any address:
//   the parser keeps offsets, not pointers, and looks for a line end where it has not looked yet
//   (octets of a line below 64 may be looked at again).
//   Any split of the same octets gives the same sequence of events, and one call returns at most
//   one event, so `consumed` is exact at each of them: what follows a STARTTLS, a DATA or a BDAT
//   is untouched and the caller decides who reads it.
//
//   Views in `out` point into `bytes` and are valid as long as those octets stay where they are.
#ifndef SMTPMARK_PARSER_STATUS_H_
#define SMTPMARK_PARSER_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace smtpmark::parser {

enum class Status : std::uint8_t {
  kNeedMore,  // no event yet; what is not consumed must be presented again
  kReady,     // `out` holds an event
  kRejected,  // `out` holds an error code and the offset of the octet that is wrong
};

// An object that owns octets, as std::string does, and is gone at the end of the statement: what
// was made of a view of it would dangle. No function that hands out views takes one.
template <typename T>
concept OwningTemporary = !std::is_reference_v<T> && !std::is_trivially_destructible_v<T> &&
                          std::is_convertible_v<T, std::string_view>;

struct FeedResult {
  Status status = Status::kNeedMore;
  std::size_t consumed = 0;  // octets
};

// Why a line was rejected. The offset beside it counts octets from the start of that line.
enum class SyntaxError : std::uint8_t {
  kNone,
  kUnknownCommand,      // the verb is none of those in Verb: reply 500
  kBadSyntax,           // RFC 5321, 4.1.2: an octet that the grammar does not allow there
  kBareCr,              // CR without LF (RFC 5321, 2.3.8)
  kBareLf,              // LF without CR (RFC 5321, 2.3.8)
  kNulOctet,            // NUL in a line
  kNonAscii,            // octet above 127 where the grammar has none
  kBadUtf8,             // not well-formed UTF-8 (RFC 6531, 3.3; RFC 3629)
  kLineTooLong,         // RFC 5321, 4.5.3.1
  kLocalPartTooLong,    // over 64 octets (RFC 5321, 4.5.3.1.1)
  kDomainTooLong,       // over 255 octets (RFC 5321, 4.5.3.1.2)
  kPathTooLong,         // over 256 octets (RFC 5321, 4.5.3.1.3)
  kBadAddressLiteral,   // RFC 5321, 4.1.3
  kNullPathNotAllowed,  // "<>" as forward-path, in RCPT
  kBadParameter,        // a known parameter with a value its RFC does not allow
  kDuplicateParameter,  // given twice; HOLDFOR beside HOLDUNTIL too (RFC 4865, 4.2)
  kNumberOverflow,      // a number beyond its range: SIZE, BDAT, of an EHLO reply
  kTooManyParameters,   // more than kMaxUnknownParameters
  kNeedsSmtpUtf8,       // a path that is not ASCII without SMTPUTF8 (RFC 6531, 3.4)
  kBadReplyCode,        // not [2-5][0-5][0-9] (RFC 5321, 4.2)
  kCodeMismatch,        // lines of one reply with different codes (RFC 5321, 4.2.1)
  kReplyTooLong,        // more octets in one reply than the limit
  kTooManyLines,        // more lines in one reply than the limit
};

// A short phrase for a person, as "bare LF"; static storage.
std::string_view to_string(SyntaxError error) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_STATUS_H_
