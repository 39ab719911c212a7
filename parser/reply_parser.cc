#include "parser/reply_parser.h"

#include "parser/grammar.h"
#include "parser/line.h"

namespace smtpmark::parser {
namespace {

// An octet that no line may hold outranks whatever else is wrong with its line.
Fault find_fault(std::string_view line, ReplyLine& reply) noexcept {
  const Fault fault = parse_reply_line(line, reply);
  if (fault.error == SyntaxError::kNone) return fault;
  const Fault forbidden = find_forbidden_octet(line.substr(0, line.size() - 2));
  return forbidden.error == SyntaxError::kNone ? fault : forbidden;
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
  const std::string_view window = bytes.substr(0, kMaxReplyLine);
  const std::size_t lf = window.find('\n', scanned_);
  if (lf == std::string_view::npos) {
    scanned_ = static_cast<std::uint32_t>(window.size());
    if (window.size() < kMaxReplyLine) return {Status::kNeedMore, 0};
    return fail(SyntaxError::kLineTooLong, kMaxReplyLine, line);
  }
  scanned_ = 0;
  if (lf == 0 || bytes[lf - 1] != '\r') return fail(SyntaxError::kBareLf, lf, line);

  const Fault fault = find_fault(bytes.substr(0, lf + 1), line);
  if (fault.error != SyntaxError::kNone) return fail(fault.error, fault.offset, line);
  if (lines_ != 0 && line.code != code_) {
    return fail(SyntaxError::kCodeMismatch, first_difference(line.code, code_), line);
  }
  if (lines_ == kMaxReplyLines) return fail(SyntaxError::kTooManyLines, 0, line);

  line.first = lines_ == 0;
  line.error = SyntaxError::kNone;
  line.error_offset = 0;
  code_ = line.code;
  lines_ = line.last ? 0 : lines_ + 1;
  return {Status::kReady, lf + 1};
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
