// What the two machines that read command lines remember while they do, and what they do where an
// action is more than a mark. Private to this folder.
#ifndef SMTPMARK_PARSER_COMMAND_MARKS_H_
#define SMTPMARK_PARSER_COMMAND_MARKS_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "parser/ascii.h"
#include "parser/command_parser.h"
#include "parser/grammar.h"
#include "parser/octet_set.h"
#include "parser/swar.h"

namespace smtpmark::parser {

using Octet = const unsigned char;

inline std::string_view view(Octet* begin, Octet* end) noexcept {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

inline Octet* view_begin(std::string_view text) noexcept {
  return reinterpret_cast<Octet*>(text.data());
}

inline constexpr OctetSet kLetDig = letters_digits_and("");
inline constexpr OctetSet kAtext = letters_digits_and("!#$%&'*+/=?^_`{|}~-");

inline constexpr std::ptrdiff_t kMaxSizeDigits = 20;  // RFC 1870, 6

struct Number {
  Octet* last = nullptr;  // its last digit, or the one that makes it too large
  std::uint64_t value = 0;
  bool overflows = false;
};

// The number that begins with the digit at `p`, of `most_digits` at most. What is behind it must
// hold an octet that is none.
inline Number read_number(
    Octet* p, std::ptrdiff_t most_digits = std::numeric_limits<std::ptrdiff_t>::max()) noexcept {
  std::uint64_t value = 0;
  for (;; ++p) {
    if (!append_digit(value, *p)) return {p, value, true};
    if (--most_digits == 0 || p[1] < '0' || p[1] > '9') return {p, value, false};
  }
}

struct ShortNumber {
  std::uint64_t value = 0;
  std::size_t digits = 0;  // 8: there may be more
};

// The number of up to eight digits at `p`, from where eight octets may be read.
inline ShortNumber read_short_number(Octet* p) noexcept {
  const std::uint64_t octets = swar::load(reinterpret_cast<const char*>(p));
  constexpr std::uint64_t kEach = 0x0101010101010101;
  const std::uint64_t values = octets ^ kEach * '0';  // a digit becomes its value
  const std::uint64_t others = (values | (values + kEach * (0x7f - 9))) & kEach * 0x80;
  const auto digits = static_cast<std::size_t>(std::countr_zero(others)) / 8;
  if (digits == 0) return {};
  // Leading zeros, then three steps from digits to pairs, fours and all eight.
  std::uint64_t value = values << (8 * (8 - digits));
  value = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
  value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffff;
  return {(value * 10000 + (value >> 32)) & 0xffffffff, digits};
}

// A member function that returns bool returns false when it found a fault: the machine must stop.
struct Marks {
  Marks(Octet* line, Leniencies leniencies, Command& out) noexcept
      : line_begin(line), allowed(leniencies), command(out) {}

  bool fail(SyntaxError error, Octet* at) noexcept {
    wrong = at;
    fault = {error, static_cast<std::size_t>(at - line_begin)};
    return false;
  }

  // Whether `leniency` is granted for what begins at `at`, and nothing in strict grammar does.
  bool grant(Leniency leniency, Octet* at) noexcept {
    const SyntaxError error = *at < 0x80 ? SyntaxError::kBadSyntax : SyntaxError::kNonAscii;
    return (allowed & leniency) != 0 || fail(error, at);
  }

  // The judgement on a line that follows the grammar.
  Fault accept() noexcept { return path_utf8 == nullptr ? Fault{} : check_smtputf8(); }

  // Words
  bool end_host(Octet* end) noexcept;
  bool end_literal(Octet* bracket) noexcept;
  // RFC 5321, 4.1.1.1: HELO takes a domain only.
  bool begin_hello_literal(Octet* bracket) noexcept {
    return command.verb != Verb::kHelo || grant(kAllowHeloLiteral, bracket);
  }
  void fail_literal(Octet* at) noexcept;  // where it has no bracket

  // Paths; `end` is behind the path.
  bool end_path(Octet* end) noexcept {
    return (end - path_begin <= kLeastLimit || check_path_limits(end)) && set_path();
  }
  bool end_domainless(Octet* at, Octet* end) noexcept;
  bool set_path() noexcept;

  // Parameters
  void begin_parameter(Octet* at) noexcept {
    begin = at;
    if (parameters == nullptr) parameters = at;
  }
  bool claim(std::uint32_t bit) noexcept { return claim(bit, bit); }
  bool claim(std::uint32_t bit, std::uint32_t rivals) noexcept {
    if ((command.parameters_present & rivals) != 0) {
      return fail(SyntaxError::kDuplicateParameter, begin);
    }
    command.parameters_present |= bit;
    return true;
  }
  bool claim_unknown(Octet* keyword_end) noexcept;
  bool end_envid(Octet* end) noexcept;
  bool end_orcpt(Octet* end) noexcept;
  void end_by_time(std::uint64_t seconds) noexcept;
  bool set_by_return(Octet* at) noexcept;
  bool end_timestamp(Octet* end, std::int64_t& seconds) noexcept;

  // The gap between two words, for the lenient machine.
  bool end_gap(Octet* word) noexcept;

  // No path this short breaks a limit, for each part of it is within its own.
  static constexpr std::ptrdiff_t kLeastLimit = 64;

  Octet* const line_begin;
  const Leniencies allowed;
  Command& command;
  Fault fault{SyntaxError::kBadSyntax, 0};  // unless the grammar says otherwise
  Octet* wrong = nullptr;

  Octet* route = nullptr;
  Octet* path_utf8 = nullptr;   // the first octet of a path that is not ASCII
  Octet* parameters = nullptr;  // the first one
  Octet* gap = nullptr;         // before a word that may be missing
  DomainKind kind = DomainKind::kNone;
  bool is_quoted = false;
  bool is_escaped = false;
  std::uint32_t unknown_parameters = 0;

  // Each is set before it is looked at.
  Octet* begin;  // of an argument or a parameter
  Octet* value;  // of a parameter
  Octet* host;   // a domain or literal
  Octet* host_end;
  Octet* literal;  // its bracket
  Octet* path_begin;
  Octet* route_end;
  Octet* local;
  Octet* local_end;
  Parameter parameter;

 private:
  Fault check_smtputf8() const noexcept;
  bool check_path_limits(Octet* end) noexcept;
  bool is_within(std::ptrdiff_t limit, Octet* end) noexcept;
};

// What the grammar only sets when it is there, whatever the verb.
inline void forget_texts(Command& command) noexcept {
  command.argument = {};
  command.parameters = {};
  command.parameters_present = 0;
  command.initial_response = {};
}

// And what belongs to some verbs only.
inline void forget_optional_members(Command& command) noexcept {
  forget_texts(command);
  command.path = {};
  command.chunk_last = false;
}

// The states that a machine begins with, by the kind of what follows the verb.
struct Entries {
  int hello, mail, rcpt, bdat, burl, auth, etrn, atrn, attributes, one_text, maybe_text, nothing;
};

using EntryStates = std::array<int, kVerbs>;

constexpr EntryStates entry_states(const Entries& entries) noexcept {
  EntryStates states{};
  states.fill(entries.nothing);
  const auto set = [&](Verb verb, int state) { states[static_cast<std::size_t>(verb)] = state; };
  for (const Verb verb : {Verb::kEhlo, Verb::kHelo, Verb::kLhlo}) set(verb, entries.hello);
  for (const Verb verb : {Verb::kMail, Verb::kSend, Verb::kSoml, Verb::kSaml}) {
    set(verb, entries.mail);
  }
  for (const Verb verb : {Verb::kXclient, Verb::kXforward}) set(verb, entries.attributes);
  for (const Verb verb : {Verb::kVrfy, Verb::kExpn}) set(verb, entries.one_text);
  for (const Verb verb : {Verb::kNoop, Verb::kHelp}) set(verb, entries.maybe_text);
  set(Verb::kRcpt, entries.rcpt);
  set(Verb::kBdat, entries.bdat);
  set(Verb::kBurl, entries.burl);
  set(Verb::kAuth, entries.auth);
  set(Verb::kEtrn, entries.etrn);
  set(Verb::kAtrn, entries.atrn);
  return states;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_COMMAND_MARKS_H_
