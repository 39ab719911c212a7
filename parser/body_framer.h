// Where a message body ends: dot-stuffed DATA (RFC 5321, 4.5.2) and BDAT chunks (RFC 3030).
#ifndef SMTPMARK_PARSER_BODY_FRAMER_H_
#define SMTPMARK_PARSER_BODY_FRAMER_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// What is wrong with the lines of a body; offsets count octets of the stuffed stream from its
// start.
struct BodyFaults {
  static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t first_bare_cr = kNowhere;
  std::uint64_t first_bare_lf = kNowhere;
  bool any() const noexcept { return first_bare_cr != kNowhere || first_bare_lf != kNowhere; }
};

// Finds CRLF.CRLF (or .CRLF at the very start), and nothing else, as the end of data, and takes the
// stuffed dots out. No copy: each call hands out a view of body octets that lie together.
class DataFramer {
 public:
  // kNeedMore: `piece` holds body octets (perhaps none); go on with the octets not consumed, or
  // with
  //            the next ones when all were. At least one octet is consumed of a non-empty `bytes`.
  // kReady:    the end of data; `piece` holds the last body octets; consumed ends behind its CRLF.
  // Never kRejected: faults() is for the caller to judge, once the end has been reached.
  // `piece` points into `bytes` or into static storage (a CR held back from an earlier call, and
  // the octet behind it).
  FeedResult feed(std::string_view bytes, std::string_view& piece) noexcept;
  FeedResult feed(std::string&&, std::string_view&) = delete;

  std::uint64_t octets() const noexcept { return octets_; }  // of the body handed out so far
  const BodyFaults& faults() const noexcept { return faults_; }

 private:
  enum class State : std::uint8_t {  // named for what lies just before the next octet
    kLineStart,
    kMidLine,
    kBehindCr,
    kBehindDot,    // a dot at the start of a line: consumed, never handed out
    kBehindDotCr,  // and a CR: consumed, withheld until it is known whether it ends the data
  };

  FeedResult advance(std::string_view bytes, std::string_view& piece) noexcept;
  FeedResult advance_behind_dot_cr(char octet, std::string_view& piece) noexcept;
  std::size_t find_line_dot(std::string_view bytes) noexcept;
  void note_faults(std::uint64_t offset, std::uint64_t bare_lf,
                   std::uint64_t behind_bare_cr) noexcept;
  void note_bare_cr(std::uint64_t offset) noexcept;

  std::uint64_t octets_ = 0;
  std::uint64_t stream_offset_ = 0;  // octets consumed
  BodyFaults faults_;
  State state_ = State::kLineStart;
};

// The octets of one BDAT chunk; opaque, so nothing is looked at.
class ChunkFramer {
 public:
  explicit ChunkFramer(std::uint64_t chunk_size) noexcept : remaining_(chunk_size) {}

  // kReady with the last octet of the chunk (at once for an empty chunk), kNeedMore before.
  FeedResult feed(std::string_view bytes, std::string_view& piece) noexcept;
  FeedResult feed(std::string&&, std::string_view&) = delete;

  std::uint64_t remaining() const noexcept { return remaining_; }

 private:
  std::uint64_t remaining_;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_BODY_FRAMER_H_
