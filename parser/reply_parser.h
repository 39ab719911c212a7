// The client's side of RFC 5321: octets in, reply lines out.
#ifndef SMTPMARK_PARSER_REPLY_PARSER_H_
#define SMTPMARK_PARSER_REPLY_PARSER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// RFC 3463; present when class_digit is not 0. The class always equals the first digit of the code.
struct EnhancedCode {
  std::uint8_t class_digit = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
};

// One line of a reply (RFC 5321, 4.2.1). Views: see status.h.
struct ReplyLine {
  std::uint16_t code = 0;  // 200 to 559
  bool first = false;      // of its reply
  bool last = false;       // of its reply: "250 " or a bare "250"
  EnhancedCode enhanced;   // RFC 2034
  std::string_view text;   // behind the code and its separator, enhanced code included
  SyntaxError error = SyntaxError::kNone;
  std::uint32_t error_offset = 0;  // octets from the start of the line
};

inline constexpr std::uint32_t kMaxReplyLine = 1000;  // octets with CRLF; RFC 5321 asks for 512
inline constexpr std::uint32_t kMaxReplyLines = 200;  // lines of one reply

// A resumable parser of replies, a line an event; no allocation, no copy. Contract: status.h.
// A bare LF and a line over its limit are rejected as soon as they are there, everything else at
// the end of its line. An error is final: nothing behind a malformed reply can be trusted, every
// later call returns it again and consumes nothing.
class ReplyParser {
 public:
  FeedResult feed(std::string_view bytes, ReplyLine& line) noexcept;
  FeedResult feed(std::string&&, ReplyLine&) = delete;

 private:
  FeedResult fail(SyntaxError error, std::size_t offset, ReplyLine& line) noexcept;
  FeedResult reject(ReplyLine& line) const noexcept;

  std::uint32_t scanned_ = 0;  // octets of the current line that were searched for its end
  std::uint32_t lines_ = 0;    // of the current reply
  std::uint32_t error_offset_ = 0;
  std::uint16_t code_ = 0;  // of the current reply
  SyntaxError error_ = SyntaxError::kNone;
};

// What an EHLO reply offers (RFC 5321, 4.1.1.1).
enum Capability : std::uint32_t {
  kCapPipelining = 1U << 0,           // RFC 2920
  kCapSize = 1U << 1,                 // RFC 1870
  kCap8bitMime = 1U << 2,             // RFC 6152
  kCapSmtpUtf8 = 1U << 3,             // RFC 6531
  kCapChunking = 1U << 4,             // RFC 3030
  kCapBinaryMime = 1U << 5,           // RFC 3030
  kCapEnhancedStatusCodes = 1U << 6,  // RFC 2034
  kCapStarttls = 1U << 7,             // RFC 3207
  kCapAuth = 1U << 8,                 // RFC 4954
  kCapDsn = 1U << 9,                  // RFC 3461
};

enum AuthMechanism : std::uint16_t {
  kAuthPlain = 1U << 0,  // RFC 4616
  kAuthLogin = 1U << 1,
  kAuthCramMd5 = 1U << 2,      // RFC 2195
  kAuthScramSha1 = 1U << 3,    // RFC 5802
  kAuthScramSha256 = 1U << 4,  // RFC 7677
  kAuthXoauth2 = 1U << 5,
  kAuthOauthBearer = 1U << 6,  // RFC 7628
};

struct Capabilities {
  std::uint32_t offered = 0;     // bits of Capability
  std::uint16_t mechanisms = 0;  // bits of AuthMechanism
  std::uint64_t size_limit = 0;  // SIZE value in octets; 0: no limit stated

  bool has(Capability capability) const noexcept { return (offered & capability) != 0; }

  // Takes one line of the EHLO reply that is not its first (that one is the greeting). Keywords are
  // matched without regard to case; unknown ones are ignored, as is the obsolete "AUTH=" form.
  void add(std::string_view text) noexcept;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_REPLY_PARSER_H_
