#include "parser/command_parser.h"

#include "parser/grammar.h"
#include "parser/line.h"
#include "parser/verb.h"

namespace smtpmark::parser {
namespace {

std::uint32_t longest_line(Verb verb) noexcept {
  return verb == Verb::kAuth ? kMaxAuthLine : kMaxCommandLine;
}

void reject_too_long(Verb verb, Command& command) noexcept {
  command.verb = verb;
  command.line = {};
  command.error = SyntaxError::kLineTooLong;
  command.error_offset = longest_line(verb);
}

// An octet that no line may hold outranks whatever else is wrong with its line. No grammar takes
// one, so lines that follow theirs need no second look.
Fault find_fault(std::string_view line, Command& command) noexcept {
  Fault fault;
  if (command.verb != Verb::kUnknown) {
    fault = parse_arguments(line, command);
    if (fault.error == SyntaxError::kNone) return fault;
  } else {
    fault = {SyntaxError::kUnknownCommand, 0};
  }
  const Fault forbidden = find_forbidden_octet(command.line);
  return forbidden.error == SyntaxError::kNone ? fault : forbidden;
}

}  // namespace

FeedResult CommandParser::feed(std::string_view bytes, Command& command) noexcept {
  if (skipping_) return skip(bytes, 0, command);
  const std::size_t end = find_line_end(bytes.substr(0, kMaxAuthLine), scanned_);
  if (end == std::string_view::npos) return wait(bytes, command);
  scanned_ = 0;

  const std::string_view line = bytes.substr(0, end);
  const Verb verb = find_verb(line);
  if (end > longest_line(verb)) [[unlikely]] {
    reject_too_long(verb, command);
    return {Status::kRejected, end};
  }
  command.verb = verb;
  command.line = line.substr(0, end - 2);
  const Fault fault = find_fault(line, command);
  command.error = fault.error;
  command.error_offset = static_cast<std::uint32_t>(fault.offset);
  return {fault.error == SyntaxError::kNone ? Status::kReady : Status::kRejected, end};
}

FeedResult CommandParser::wait(std::string_view bytes, Command& command) noexcept {
  if (bytes.size() >= kMaxCommandLine) {
    const Verb verb = find_verb(bytes);
    if (bytes.size() >= longest_line(verb)) {
      verb_ = verb;
      skipping_ = true;
      return skip(bytes, longest_line(verb), command);
    }
  }
  scanned_ = static_cast<std::uint32_t>(bytes.size());
  return {Status::kNeedMore, 0};
}

FeedResult CommandParser::skip(std::string_view bytes, std::size_t from,
                               Command& command) noexcept {
  const std::size_t end = find_line_end(bytes, from);
  if (end == std::string_view::npos) {
    // A last CR stays, for it may be half of the line end.
    return {Status::kNeedMore, bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size()};
  }
  scanned_ = 0;
  skipping_ = false;
  reject_too_long(verb_, command);
  return {Status::kRejected, end};
}

}  // namespace smtpmark::parser
