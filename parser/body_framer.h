// Where a message body ends: dot-stuffed DATA (RFC 5321, 4.5.2) and BDAT chunks (RFC 3030); and
// what is wrong with its lines.
#ifndef SMTPMARK_PARSER_BODY_FRAMER_H_
#define SMTPMARK_PARSER_BODY_FRAMER_H_

#include <cstdint>
#include <limits>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// What is wrong with the lines of a body: the offset of the first octet of each kind, in octets
// from the start of the stream as it came (dots still stuffed), or kNowhere.
struct BodyFaults {
  static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t first_bare_cr = kNowhere;    // RFC 5321, 2.3.8
  std::uint64_t first_bare_lf = kNowhere;    // RFC 5321, 2.3.8
  std::uint64_t first_nul = kNowhere;        // RFC 2045, 2.7 and 2.8: neither in 7bit nor in 8bit
  std::uint64_t first_overlong = kNowhere;   // the first octet beyond the limit of its line
  std::uint64_t first_non_ascii = kNowhere;  // above 127: wrong unless BODY=8BITMIME or SMTPUTF8

  bool bare() const noexcept { return first_bare_cr != kNowhere || first_bare_lf != kNowhere; }
  // Any of them that no extension allows: all but first_non_ascii.
  bool any() const noexcept {
    return bare() || first_nul != kNowhere || first_overlong != kNowhere;
  }
};

// Which code looks at the octets. All of them give the same results; only a test or a benchmark has
// a reason to choose.
enum class ScanPath : std::uint8_t {
  kBest,      // the fastest that this processor has
  kPortable,  // no more than the compiler's own vectors
  kAvx2,
};
bool is_supported(ScanPath path) noexcept;  // by this processor and this build

struct BodyOptions {
  std::uint32_t max_line = 1000;   // octets of a line, CRLF included, a stuffed dot not (RFC 5321,
                                   // 4.5.3.1.6); 64 at least
  bool bare_lf_ends_line = false;  // LF without CR is a line end too, so that "LF.LF" ends the data
                                   // and "LF." is a stuffed dot. Still a fault. This is what SMTP
                                   // smuggling lives on (CVE-2023-51764)
  ScanPath path = ScanPath::kBest;  // an unsupported one is kPortable
};

// Looks for the faults of a body that is not stuffed, as the chunks of BDAT are, in one pass.
// Binary bodies (BODY=BINARYMIME) have no lines, hence no faults: do not check them.
class BodyChecker {
 public:
  BodyChecker() = default;
  explicit BodyChecker(const BodyOptions& options) noexcept : options_(options) {
    if (options_.max_line < kLeastMaxLine) options_.max_line = kLeastMaxLine;
  }

  // The next octets of the body, wherever they were cut.
  void check(std::string_view octets) noexcept { scan(octets, false); }
  // The body is complete: a CR at its end has become a bare one.
  void finish() noexcept;

  std::uint64_t octets() const noexcept { return octets_; }  // checked so far
  const BodyFaults& faults() const noexcept { return faults_; }

 private:
  friend class DataFramer;
  static constexpr std::uint32_t kLeastMaxLine = 64;

  std::size_t scan(std::string_view bytes, bool to_line_dot) noexcept;
  std::size_t skip_clean(std::string_view bytes, bool to_line_dot) noexcept;
  std::size_t scan_block(std::string_view block, bool to_line_dot) noexcept;
  void skip_dot() noexcept;

  std::uint64_t octets_ = 0;
  std::uint64_t line_begin_ = 0;  // where the current line begins, behind a stuffed dot
  BodyFaults faults_;
  BodyOptions options_;
  bool behind_cr_ = false;  // the next octet is
  bool line_start_ = true;  // the next octet is at
};

// Finds CRLF.CRLF (or .CRLF at the very start), and nothing else, as the end of data, and takes the
// stuffed dots out. No copy: each call hands out a view of body octets that lie together. One
// object a message.
class DataFramer {
 public:
  DataFramer() = default;
  explicit DataFramer(const BodyOptions& options) noexcept : checker_(options) {}

  // kNeedMore: `piece` holds body octets (perhaps none); go on with the octets not consumed, or
  //            with the next ones when all were. At least one octet is consumed of a non-empty
  //            `bytes`.
  // kReady:    the end of data; `piece` holds the last body octets; consumed ends behind its CRLF.
  // Never kRejected: faults() is for the caller to judge, once the end has been reached.
  // `piece` points into `bytes` or into static storage (a CR held back from an earlier call, and
  // the octet behind it).
  FeedResult feed(std::string_view bytes, std::string_view& piece) noexcept;
  template <OwningTemporary Bytes>
  FeedResult feed(Bytes&&, std::string_view&) = delete;  // views would dangle

  std::uint64_t octets() const noexcept { return octets_; }  // of the body handed out so far
  const BodyFaults& faults() const noexcept { return checker_.faults(); }

 private:
  enum class State : std::uint8_t {
    kText,
    kBehindDot,    // a dot at the start of a line: consumed, never handed out
    kBehindDotCr,  // and a CR: consumed, withheld until it is known whether it ends the data
  };

  FeedResult advance(std::string_view bytes, std::string_view& piece) noexcept;
  FeedResult advance_behind_dot(std::string_view bytes) noexcept;
  FeedResult advance_behind_dot_cr(char octet, std::string_view& piece) noexcept;

  BodyChecker checker_;
  std::uint64_t octets_ = 0;
  State state_ = State::kText;
};

// The octets of one BDAT chunk, or of a rejected one that has to be skipped (RFC 3030, 2). They are
// opaque: a body that is not BINARYMIME is checked by a BodyChecker that lives as long as the
// message and is given each piece.
class ChunkFramer {
 public:
  explicit ChunkFramer(std::uint64_t chunk_size) noexcept : remaining_(chunk_size) {}

  // kReady with the last octet of the chunk (at once for an empty chunk), kNeedMore before.
  FeedResult feed(std::string_view bytes, std::string_view& piece) noexcept;
  template <OwningTemporary Bytes>
  FeedResult feed(Bytes&&, std::string_view&) = delete;  // views would dangle

  std::uint64_t remaining() const noexcept { return remaining_; }

 private:
  std::uint64_t remaining_;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_BODY_FRAMER_H_
