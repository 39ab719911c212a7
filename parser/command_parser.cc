#include "parser/command_parser.h"

#include <bit>

#include "parser/ascii.h"
#include "parser/grammar.h"
#include "parser/line.h"
#include "parser/octet_lanes.h"
#include "parser/verb.h"

namespace smtpmark::parser {
namespace {

// A verb that begins within kMaxCommandLine octets whatever the leniencies, so that the limit of a
// line is known before it is reached.
constexpr std::size_t kMaxIndent = 64;

constexpr std::size_t kFewOctets = 16;  // has_lf()

template <typename Line>
void tell(Fault fault, Line& line) noexcept {
  line.error = fault.error;
  line.error_offset = static_cast<std::uint32_t>(fault.offset);
}

Status status_of(Fault fault) noexcept {
  return fault.error == SyntaxError::kNone ? Status::kReady : Status::kRejected;
}

constexpr bool is_white(char octet) noexcept {
  return octet == ' ' || octet == '\t';
}

std::size_t count_white(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_white(text[count])) ++count;
  return count;
}

std::size_t indent_of(std::string_view line, Leniencies leniencies) noexcept {
  if ((leniencies & kAllowExtraSpace) == 0) return 0;
  return count_white(line.substr(0, kMaxIndent));
}

Verb verb_of(std::string_view line, Leniencies leniencies) noexcept {
  return find_verb(without_prefix(line, indent_of(line, leniencies)));
}

// An octet that no line may hold outranks whatever else is wrong with its line. No grammar takes
// one, so lines that follow theirs need no second look.
Fault outranked(Fault fault, std::string_view line) noexcept {
  const Fault forbidden = find_forbidden_octet(line);
  return forbidden.error == SyntaxError::kNone ? fault : forbidden;
}

std::string_view without_end(std::string_view line) noexcept {
  const bool has_cr = line.size() > 1 && line[line.size() - 2] == '\r';
  return {line.data(), line.size() - (has_cr ? 2 : 1)};
}

void forget_chunk_size(Command& command) noexcept {
  command.chunk_size = 0;
  command.chunk_size_known = false;
}

// How many octets follow a BDAT that is rejected: see Command::chunk_size_known.
void find_chunk_size(std::string_view arguments, Leniencies leniencies, Command& command) noexcept {
  const std::size_t gap =
      (leniencies & kAllowExtraSpace) != 0 ? count_white(arguments) : arguments.starts_with(' ');
  const std::string_view text = without_prefix(arguments, gap);
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (!append_digit(size, static_cast<unsigned char>(text[digits]))) return;
  }
  if (gap == 0 || digits == 0) return;
  if (digits < text.size() && !is_white(text[digits])) return;
  command.chunk_size = size;
  command.chunk_size_known = true;
}

Fault parse_again(std::string_view line, Fault strict, Leniencies leniencies,
                  Command& command) noexcept {
  Fault fault = strict;
  const std::size_t from = indent_of(line, leniencies) + length_of(command.verb);
  if (leniencies != 0) fault = parse_lenient_arguments(line, from, leniencies, command);
  if (fault.error == SyntaxError::kNone) return fault;
  // The grammar may have read a number that other octets than white space go on with.
  forget_chunk_size(command);
  if (command.verb == Verb::kBdat) {
    find_chunk_size(without_prefix(command.line, from), leniencies, command);
  }
  return outranked(fault, command.line);
}

Fault parse(std::string_view bytes, std::size_t end, Verb verb, Leniencies leniencies,
            Command& command) noexcept {
  const std::string_view line = bytes.substr(0, end);
  command.verb = verb;
  command.line = without_end(line);
  command.chunk_size_known = true;
  if (verb == Verb::kUnknown) return outranked({SyntaxError::kUnknownCommand, 0}, command.line);
  const Fault strict = parse_arguments(bytes, command);
  if (strict.error == SyntaxError::kNone) return strict;
  return parse_again(line, strict, leniencies, command);
}

}  // namespace

FeedResult CommandParser::feed(std::string_view bytes, Command& command) noexcept {
  // A few more octets of a line that goes on.
  const std::size_t unseen = bytes.size() - scanned_;
  if (unseen - 1 < kFewOctets && bytes.size() < kMaxCommandLine && !skipping_ &&
      !has_lf(bytes.data() + scanned_, unseen)) {
    scanned_ = static_cast<std::uint32_t>(bytes.size());
    return {Status::kNeedMore, 0};
  }
  return feed_more(bytes, command);
}

FeedResult CommandParser::feed_more(std::string_view bytes, Command& command) noexcept {
  if (skipping_) return skip(bytes, 0, command);
  if (bytes.size() < scanned_) return {Status::kNeedMore, 0};  // fewer octets than were seen
  const std::size_t end = find_end_nearby(bytes);
  if (end == std::string_view::npos) return wait(bytes, command);
  scanned_ = 0;

  const std::string_view line = bytes.substr(0, end);
  const Verb verb = verb_of(line, leniencies_);
  if (end > kMaxCommandLine && end > max_line(verb, leniencies_)) [[unlikely]] {
    reject_too_long(verb, command);
    return {Status::kRejected, end};
  }
  const Fault fault = parse(bytes, end, verb, leniencies_, command);
  tell(fault, command);
  return {status_of(fault), end};
}

FeedResult CommandParser::wait(std::string_view bytes, Command& command) noexcept {
  if (bytes.size() >= kMaxCommandLine) {
    const Verb verb = verb_of(bytes, leniencies_);
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
  if (result.status == Status::kRejected) reject_too_long(verb_, command);
  return result;
}

FeedResult CommandParser::skip(std::string_view bytes, std::size_t from) noexcept {
  const std::size_t end = find_end(bytes, from);
  if (end == std::string_view::npos) {
    // A last CR stays, for it may be half of the line end.
    return {Status::kNeedMore, bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size()};
  }
  scanned_ = 0;
  skipping_ = false;
  return {Status::kRejected, end};
}

// Most lines end within 128 octets of where the search begins.
std::size_t CommandParser::find_end_nearby(std::string_view bytes) const noexcept {
  std::size_t from = scanned_;
  for (int part = 0; part < 2; ++part) {
    const std::size_t unseen = bytes.size() - from;
    const std::uint64_t mask = lf_mask(bytes.data() + from, unseen);
    if (mask != 0) {
      const std::size_t lf = from + static_cast<std::size_t>(std::countr_zero(mask));
      if (lf > 0 && bytes[lf - 1] == '\r' && lf < kMaxAuthLine) return lf + 1;
      break;
    }
    if (unseen <= kMaskOctets) return std::string_view::npos;
    from += kMaskOctets;
  }
  return find_end(bytes.substr(0, kMaxAuthLine), scanned_);
}

std::size_t CommandParser::find_end(std::string_view bytes, std::size_t from) const noexcept {
  if ((leniencies_ & kAllowBareLf) == 0) return find_line_end(bytes, from);
  const std::size_t lf = bytes.find('\n', from);
  return lf == std::string_view::npos ? lf : lf + 1;
}

void CommandParser::reject_too_long(Verb verb, Command& command) const noexcept {
  command.verb = verb;
  command.line = {};
  forget_chunk_size(command);
  tell({SyntaxError::kLineTooLong, max_line(verb, leniencies_)}, command);
}

FeedResult CommandParser::feed_auth_response(std::string_view bytes,
                                             AuthResponse& response) noexcept {
  const std::string_view head = bytes.substr(0, kMaxAuthLine);
  const std::size_t end = skipping_ ? head.npos : find_end(head, scanned_);
  if (end != std::string_view::npos) {
    scanned_ = 0;
    const std::string_view line = bytes.substr(0, end);
    Fault fault = parse_auth_response(line, response);
    if (fault.error != SyntaxError::kNone) fault = outranked(fault, without_end(line));
    tell(fault, response);
    return {status_of(fault), end};
  }
  if (!skipping_ && bytes.size() < kMaxAuthLine) {
    scanned_ = static_cast<std::uint32_t>(bytes.size());
    return {Status::kNeedMore, 0};
  }
  const FeedResult result = skip(bytes, skipping_ ? 0 : kMaxAuthLine);
  skipping_ = result.status == Status::kNeedMore;
  response = {};
  tell({SyntaxError::kLineTooLong, kMaxAuthLine}, response);
  return result;
}

}  // namespace smtpmark::parser
