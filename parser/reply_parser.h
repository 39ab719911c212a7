// The client's side of RFC 5321: octets in, reply lines out. What an EHLO reply offers is decoded
// by capabilities.h.
#ifndef SMTPMARK_PARSER_REPLY_PARSER_H_
#define SMTPMARK_PARSER_REPLY_PARSER_H_

#include <cstdint>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// RFC 3463; present when class_digit is not 0.
struct EnhancedCode {
  std::uint8_t class_digit = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
};

// Whether somebody asked for the reply a line belongs to; see ReplyParser::expect().
enum class ReplyOrigin : std::uint8_t {
  kNotCounted,  // expect() was never called
  kExpected,
  kUnsolicited,  // nothing was asked: whoever sent it speaks out of turn
  kShutdown,     // a 421 that nothing asked for, which a server may send (RFC 5321, 3.8)
};

// One line of a reply (RFC 5321, 4.2.1). Views: see status.h.
struct ReplyLine {
  std::uint16_t code = 0;          // 200 to 559
  bool first = false;              // of its reply
  bool last = false;               // of its reply: "250 " or a bare "250"
  bool enhanced_mismatch = false;  // the text begins as with an enhanced code, but its class is not
                                   // the first digit of `code` (RFC 2034, 4): it is not taken
  ReplyOrigin origin = ReplyOrigin::kNotCounted;
  EnhancedCode enhanced;  // RFC 2034; its class always equals the first digit of `code`
  std::string_view text;  // behind the code and its separator, enhanced code included
  SyntaxError error = SyntaxError::kNone;
  std::uint32_t error_offset = 0;  // octets from the start of the line
};

// What a reply may be. The defaults are strict; RFC 5321 has a number for the length of a line
// only.
struct ReplyOptions {
  std::uint32_t max_line = 512;           // octets of a line, CRLF included (4.5.3.1.5)
  std::uint32_t max_lines = 200;          // of one reply
  std::uint32_t max_reply = 64U * 1024U;  // octets of one reply, CRLFs included
  bool bare_lf_ends_line = false;         // LF without CR is a line end too
  bool any_text = false;  // text may hold any octet but NUL, CR and LF: controls, Latin-1; of the
                          // RFCs only the first line of a reply to EHLO may (5321, 4.1.1.1)
};

// A resumable parser of replies, a line an event; no allocation, no copy. Contract: status.h.
//
// A bare LF and a line over its limit are rejected as soon as they are there, everything else at
// the end of its line. An error is final: nothing behind a malformed reply can be trusted, every
// later call returns it again and consumes nothing.
//
// `consumed` ends behind the line end of each event: what follows the 220 to STARTTLS is untouched.
// Plaintext that is already there then was injected (CVE-2021-38371 and its kin): close, or at
// least drop it before the handshake.
class ReplyParser {
 public:
  ReplyParser() = default;
  explicit ReplyParser(const ReplyOptions& options) noexcept : options_(options) {}

  FeedResult feed(std::string_view bytes, ReplyLine& line) noexcept;
  template <OwningTemporary Bytes>
  FeedResult feed(Bytes&&, ReplyLine&) = delete;  // views into a temporary would dangle

  // Says that `replies` more replies are due; call it before the command is sent: 1 for the
  // greeting and for each command, for the data behind a 354, for each answer to a 334; in LMTP
  // the number of accepted recipients for the final dot or BDAT LAST (RFC 2033, 4.2 and 4.3).
  // expect(0) only begins the count. From the first call on, each line says whether its reply was
  // asked for. A reply uses up one with its last line.
  void expect(std::uint32_t replies) noexcept {
    counting_ = true;
    awaited_ += replies;
  }
  std::uint64_t awaited() const noexcept { return awaited_; }  // replies still due

 private:
  // What feed() does not decide alone, which needs no stack.
  [[gnu::noinline]] FeedResult feed_more(std::string_view bytes, ReplyLine& line) noexcept;
  FeedResult feed_rest(std::string_view window, ReplyLine& line) noexcept;
  FeedResult wait(std::size_t octets, ReplyLine& line) noexcept;
  FeedResult parse(std::string_view bytes, ReplyLine& line) noexcept;
  FeedResult finish(std::size_t consumed, ReplyLine& line) noexcept;
  FeedResult fail(SyntaxError error, std::size_t offset, ReplyLine& line) noexcept;
  FeedResult reject(ReplyLine& line) const noexcept;
  ReplyOrigin origin_of(std::uint16_t code) const noexcept;

  ReplyOptions options_;
  std::uint64_t awaited_ = 0;
  std::uint32_t scanned_ = 0;  // octets of the current line that were searched for its end
  std::uint32_t lines_ = 0;    // of the current reply
  std::uint32_t octets_ = 0;   // of the current reply
  std::uint32_t error_offset_ = 0;
  std::uint16_t code_ = 0;  // of the current reply
  SyntaxError error_ = SyntaxError::kNone;
  ReplyOrigin origin_ = ReplyOrigin::kNotCounted;  // of the current reply
  bool counting_ = false;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_REPLY_PARSER_H_
