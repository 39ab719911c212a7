#include "parser/command_parser.h"

#include "parser/grammar.h"
#include "parser/line.h"
#include "parser/verb.h"

namespace smtpmark::parser {
namespace {

template <typename Line>
void reject(Fault fault, Line& line) noexcept {
  line.error = fault.error;
  line.error_offset = static_cast<std::uint32_t>(fault.offset);
}

void reject_too_long(Verb verb, std::uint32_t limit, Command& command) noexcept {
  command.verb = verb;
  command.line = {};
  command.chunk_size_known = false;
  reject({SyntaxError::kLineTooLong, limit}, command);
}

// An octet that no line may hold outranks whatever else is wrong with its line. No grammar takes
// one, so lines that follow theirs need no second look.
Fault outranked(Fault fault, std::string_view line) noexcept {
  if (fault.error == SyntaxError::kNone) return fault;
  const Fault forbidden = find_forbidden_octet(line);
  return forbidden.error == SyntaxError::kNone ? fault : forbidden;
}

Fault find_fault(std::string_view line, Command& command) noexcept {
  if (command.verb == Verb::kUnknown) return {SyntaxError::kUnknownCommand, 0};
  return parse_arguments(line, command);
}

Status status_of(Fault fault) noexcept {
  return fault.error == SyntaxError::kNone ? Status::kReady : Status::kRejected;
}

}  // namespace

FeedResult CommandParser::feed(std::string_view bytes, Command& command) noexcept {
  if (skipping_) return skip(bytes, 0, command);
  const std::size_t end = find_line_end(bytes.substr(0, kMaxAuthLine), scanned_);
  if (end == std::string_view::npos) return wait(bytes, command);
  scanned_ = 0;

  const std::string_view line = bytes.substr(0, end);
  const Verb verb = find_verb(line);
  const std::uint32_t limit = max_line(verb, leniencies_);
  if (end > limit) [[unlikely]] {
    reject_too_long(verb, limit, command);
    return {Status::kRejected, end};
  }
  command.verb = verb;
  command.line = line.substr(0, end - 2);
  const Fault fault = outranked(find_fault(line, command), command.line);
  reject(fault, command);
  return {status_of(fault), end};
}

FeedResult CommandParser::wait(std::string_view bytes, Command& command) noexcept {
  if (bytes.size() >= kMaxCommandLine) {
    const Verb verb = find_verb(bytes);
    const std::uint32_t limit = max_line(verb, leniencies_);
    if (bytes.size() >= limit) {
      verb_ = verb;
      skipping_ = true;
      return skip(bytes, limit, command);
    }
  }
  scanned_ = static_cast<std::uint32_t>(bytes.size());
  return {Status::kNeedMore, 0};
}

FeedResult CommandParser::skip(std::string_view bytes, std::size_t from,
                               Command& command) noexcept {
  const FeedResult result = skip(bytes, from);
  if (result.status == Status::kRejected) {
    reject_too_long(verb_, max_line(verb_, leniencies_), command);
  }
  return result;
}

FeedResult CommandParser::skip(std::string_view bytes, std::size_t from) noexcept {
  const std::size_t end = find_line_end(bytes, from);
  if (end == std::string_view::npos) {
    // A last CR stays, for it may be half of the line end.
    return {Status::kNeedMore, bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size()};
  }
  scanned_ = 0;
  skipping_ = false;
  return {Status::kRejected, end};
}

FeedResult CommandParser::feed_auth_response(std::string_view bytes,
                                             AuthResponse& response) noexcept {
  const std::string_view head = bytes.substr(0, kMaxAuthLine);
  const std::size_t end = skipping_ ? head.npos : find_line_end(head, scanned_);
  if (end != std::string_view::npos) {
    scanned_ = 0;
    const std::string_view line = bytes.substr(0, end);
    const Fault fault = outranked(parse_auth_response(line, response), line.substr(0, end - 2));
    reject(fault, response);
    return {status_of(fault), end};
  }
  if (!skipping_ && bytes.size() < kMaxAuthLine) {
    scanned_ = static_cast<std::uint32_t>(bytes.size());
    return {Status::kNeedMore, 0};
  }
  const FeedResult result = skip(bytes, skipping_ ? 0 : kMaxAuthLine);
  skipping_ = result.status == Status::kNeedMore;
  response = {};
  reject({SyntaxError::kLineTooLong, kMaxAuthLine}, response);
  return result;
}

}  // namespace smtpmark::parser
