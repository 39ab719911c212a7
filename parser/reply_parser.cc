#include "parser/reply_parser.h"

#include "parser/grammar.h"
#include "parser/line.h"
#include "parser/octet_lanes.h"
#include "parser/plain_reply.h"

namespace smtpmark::parser {
namespace {

constexpr std::size_t kTextBegin = 4;  // behind the code and its separator
constexpr std::uint16_t kShutdownCode = 421;
constexpr std::size_t kFewOctets = 16;  // has_lf()

// Takes the text as it is when nothing but the text is wrong.
bool accept_any_text(std::string_view content, const Fault& fault, ReplyLine& reply) noexcept {
  const bool in_text = fault.offset >= kTextBegin && (content[3] == ' ' || content[3] == '-');
  if (in_text) reply.text = without_prefix(content, kTextBegin);
  return in_text;
}

// An octet that no line may hold outranks whatever else is wrong with its line.
Fault find_fault(std::string_view line, std::size_t line_end, bool any_text,
                 ReplyLine& reply) noexcept {
  const Fault fault = parse_reply_line(line, reply);
  if (fault.error == SyntaxError::kNone) return fault;
  const std::string_view content = line.substr(0, line.size() - line_end);
  const Fault forbidden = find_forbidden_octet(content);
  if (forbidden.error != SyntaxError::kNone) return forbidden;
  if (any_text && accept_any_text(content, fault, reply)) return {};
  return fault;
}

// Whether to look at a line from its beginning again, because that takes less than to look for its
// end first.
bool is_worth_a_look(std::size_t scanned) noexcept {
  constexpr std::size_t kShort = 64;
  return scanned <= kShort;
}

// The digit in which two reply codes differ first.
std::size_t first_difference(std::uint16_t a, std::uint16_t b) noexcept {
  if (a / 100 != b / 100) return 0;
  return a / 10 != b / 10 ? 1 : 2;
}

}  // namespace

// A line that is well-formed in itself: does it fit the reply it belongs to?
[[gnu::always_inline]] inline FeedResult ReplyParser::finish(std::size_t consumed,
                                                             ReplyLine& line) noexcept {
  scanned_ = 0;
  line.first = lines_ == 0;
  if (!line.first && line.code != code_) {
    return fail(SyntaxError::kCodeMismatch, first_difference(line.code, code_), line);
  }
  if (lines_ == options_.max_lines) return fail(SyntaxError::kTooManyLines, 0, line);
  const std::uint32_t room = options_.max_reply - octets_;
  if (consumed > room) return fail(SyntaxError::kReplyTooLong, room, line);

  if (line.first) origin_ = origin_of(line.code);
  line.origin = origin_;
  line.error = SyntaxError::kNone;
  line.error_offset = 0;
  code_ = line.code;
  lines_ = line.last ? 0 : lines_ + 1;
  octets_ = line.last ? 0 : octets_ + static_cast<std::uint32_t>(consumed);
  if (line.last && origin_ == ReplyOrigin::kExpected) --awaited_;
  return {Status::kReady, consumed};
}

// Every verdict falls at a line feed or at the limit, so that it never depends on a split.
FeedResult ReplyParser::feed(std::string_view bytes, ReplyLine& line) noexcept {
  // A few more octets of a line that goes on.
  const std::size_t unseen = bytes.size() - scanned_;
  if (unseen - 1 < kFewOctets && bytes.size() < options_.max_line && error_ == SyntaxError::kNone &&
      !has_lf(bytes.data() + scanned_, unseen)) {
    scanned_ = static_cast<std::uint32_t>(bytes.size());
    return {Status::kNeedMore, 0};
  }
  return feed_more(bytes, line);
}

FeedResult ReplyParser::feed_more(std::string_view bytes, ReplyLine& line) noexcept {
  if (error_ != SyntaxError::kNone) return reject(line);
  const std::string_view window = bytes.substr(0, options_.max_line);
  if (!is_worth_a_look(scanned_)) return feed_rest(window, line);
  const std::size_t plain = parse_plain_reply_line(window, line);
  if (plain == kUnended) return wait(window.size(), line);
  if (plain == kNotPlain) return feed_rest(window, line);
  return finish(plain, line);
}

// Goes on with a line, or begins with one that is not plain.
FeedResult ReplyParser::feed_rest(std::string_view window, ReplyLine& line) noexcept {
  const std::size_t lf = window.find('\n', scanned_);
  if (lf == std::string_view::npos) return wait(window.size(), line);
  return parse(window.substr(0, lf + 1), line);
}

// There is no LF in the first `octets`.
FeedResult ReplyParser::wait(std::size_t octets, ReplyLine& line) noexcept {
  scanned_ = static_cast<std::uint32_t>(octets);
  if (octets < options_.max_line) return {Status::kNeedMore, 0};
  return fail(SyntaxError::kLineTooLong, options_.max_line, line);
}

// A complete line, up to its LF.
FeedResult ReplyParser::parse(std::string_view bytes, ReplyLine& line) noexcept {
  const std::size_t lf = bytes.size() - 1;
  const bool crlf = lf > 0 && bytes[lf - 1] == '\r';
  if (!crlf && !options_.bare_lf_ends_line) return fail(SyntaxError::kBareLf, lf, line);
  const bool plain = scanned_ != 0 && parse_plain_reply_line(bytes, line) == bytes.size();
  if (!plain) {
    const Fault fault = find_fault(bytes, crlf ? 2 : 1, options_.any_text, line);
    if (fault.error != SyntaxError::kNone) return fail(fault.error, fault.offset, line);
  }
  return finish(bytes.size(), line);
}

ReplyOrigin ReplyParser::origin_of(std::uint16_t code) const noexcept {
  if (!counting_) return ReplyOrigin::kNotCounted;
  if (awaited_ != 0) return ReplyOrigin::kExpected;
  return code == kShutdownCode ? ReplyOrigin::kShutdown : ReplyOrigin::kUnsolicited;
}

FeedResult ReplyParser::fail(SyntaxError error, std::size_t offset, ReplyLine& line) noexcept {
  error_ = error;
  error_offset_ = static_cast<std::uint32_t>(offset);
  return reject(line);
}

FeedResult ReplyParser::reject(ReplyLine& line) const noexcept {
  line.error = error_;
  line.error_offset = error_offset_;
  return {Status::kRejected, 0};
}

}  // namespace smtpmark::parser
