#include "parser/reply_parser.h"

#include "parser/grammar.h"
#include "parser/line.h"

namespace smtpmark::parser {
namespace {

constexpr std::size_t kTextBegin = 4;  // behind the code and its separator
constexpr std::uint16_t kShutdownCode = 421;

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

// The digit in which two reply codes differ first.
std::size_t first_difference(std::uint16_t a, std::uint16_t b) noexcept {
  if (a / 100 != b / 100) return 0;
  return a / 10 != b / 10 ? 1 : 2;
}

}  // namespace

FeedResult ReplyParser::feed(std::string_view bytes, ReplyLine& line) noexcept {
  if (error_ != SyntaxError::kNone) return reject(line);
  // Every verdict falls at a line feed or at the limit, so that it never depends on a split.
  const std::string_view window = bytes.substr(0, options_.max_line);
  const std::size_t lf = window.find('\n', scanned_);
  if (lf == std::string_view::npos) {
    scanned_ = static_cast<std::uint32_t>(window.size());
    if (window.size() < options_.max_line) return {Status::kNeedMore, 0};
    return fail(SyntaxError::kLineTooLong, options_.max_line, line);
  }
  scanned_ = 0;
  const bool crlf = lf > 0 && bytes[lf - 1] == '\r';
  if (!crlf && !options_.bare_lf_ends_line) return fail(SyntaxError::kBareLf, lf, line);

  const std::size_t end = lf + 1;
  const Fault fault = find_fault(bytes.substr(0, end), crlf ? 2 : 1, options_.any_text, line);
  if (fault.error != SyntaxError::kNone) return fail(fault.error, fault.offset, line);
  return finish(end, line);
}

// A line that is well-formed in itself: does it fit the reply it belongs to?
FeedResult ReplyParser::finish(std::size_t consumed, ReplyLine& line) noexcept {
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
