#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "parser/command_parser.h"
#include "tests/events/event_text.h"
#include "tests/reference/limits.h"
#include "tests/reference/parameters.h"
#include "tests/reference/path.h"
#include "tests/reference/reference.h"
#include "tests/reference/scanner.h"

namespace smtpmark::reference {
namespace {

using namespace parser;

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> verbs_by_name = [] {
    std::map<std::string, Verb> names;
    for (std::size_t i = 1; i < kVerbs; ++i) {
      names.emplace(to_string(static_cast<Verb>(i)), static_cast<Verb>(i));
    }
    return names;
  }();
  return verbs_by_name;
}

// A word of letters before white space, a control octet or the line end.
Verb verb_of(std::string_view line) {
  const auto is_letter = [](unsigned char c) { return is_let_dig(c) && !is_digit(c); };
  const auto end = std::find_if_not(line.begin(), line.end(), is_letter);
  if (static_cast<unsigned char>(*end) > ' ') return Verb::kUnknown;
  const auto known = verbs().find(in_capitals({line.begin(), end}));
  return known == verbs().end() ? Verb::kUnknown : known->second;
}

// 1*( printable / UTF-8 ), in words; white space at the end is none of it.
bool text(Scanner& scan, std::string_view& argument) {
  const std::size_t begin = scan.at();
  for (;;) {
    if (scan.peek() >= 0x80) {
      if (!scan.utf8()) return false;
    } else if (scan.peek() > ' ' && scan.peek() <= '~') {
      scan.move_to(scan.at() + 1);
    } else if (scan.at() == begin) {
      return scan.fail_here();
    } else {
      argument = scan.from(begin);
      if (skip_gap(scan) == Gap::kEnd) return true;
      if (scan.from(begin) == argument) return scan.fail_here();
    }
  }
}

// ehlo = "EHLO" SP ( Domain / address-literal )    helo = "HELO" SP Domain (RFC 5321, 4.1.1.1)
bool hello(Scanner& scan, Command& command) {
  if (!scan.expect(' ')) return false;
  const std::size_t begin = scan.at();
  if (command.verb == Verb::kHelo && scan.peek() == '[') return scan.fail_here();
  if (!host(scan, command.hello_kind)) return false;
  command.argument = scan.from(begin);
  return scan.end_of_line();
}

// A path that is not ASCII needs SMTPUTF8 (RFC 6531, 3.4).
bool check_smtputf8(Scanner& scan, std::string_view line, const Command& command) {
  if (!command.path.is_utf8 || (command.parameters_present & kParamSmtpUtf8) != 0) return true;
  const auto first = std::find_if(line.begin(), line.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return scan.fail(SyntaxError::kNeedsSmtpUtf8, static_cast<std::size_t>(first - line.begin()));
}

bool mail(Scanner& scan, Command& command) {
  return scan.expect(' ') && scan.keyword("FROM:") && reverse_path(scan, command.path) &&
         parameters(scan, command) && check_smtputf8(scan, command.line, command);
}

bool rcpt(Scanner& scan, Command& command) {
  return scan.expect(' ') && scan.keyword("TO:") && forward_path(scan, command.path) &&
         parameters(scan, command);
}

// [ SP "LAST" ] CRLF
bool maybe_last(Scanner& scan, Command& command) {
  switch (skip_gap(scan)) {
    case Gap::kEnd: return true;
    case Gap::kNone:
    case Gap::kTooWide: return scan.fail_here();
    case Gap::kWord: break;
  }
  command.chunk_last = scan.keyword("LAST");
  return command.chunk_last && scan.end_of_line();
}

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CRLF (RFC 3030, 2)
bool bdat(Scanner& scan, Command& command) {
  if (!scan.expect(' ')) return false;
  const std::size_t begin = scan.at();
  if (!is_digit(scan.peek())) return scan.fail_here();
  std::uint64_t size = 0;
  while (is_digit(scan.peek())) {
    scan.move_to(scan.at() + 1);
    const std::string_view digits = scan.from(begin);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), size).ec != std::errc()) {
      return scan.fail(SyntaxError::kNumberOverflow, scan.at() - 1);
    }
  }
  command.chunk_size = size;
  command.chunk_size_known = scan.is_at_end_of_word();
  return maybe_last(scan, command);
}

// burl-cmd = "BURL" SP absolute-URI [ SP end-marker ] CRLF (RFC 4468, 3.2)
bool burl(Scanner& scan, Command& command) {
  constexpr std::string_view kMarks = "-._~:/?@!$&'()*+,;=[]";
  if (!scan.expect(' ')) return false;
  const std::size_t begin = scan.at();
  if (!is_let_dig(scan.peek()) || is_digit(scan.peek())) return scan.fail_here();
  const auto in_scheme = [&] {
    const unsigned char c = scan.peek();
    return is_let_dig(c) || c == '+' || c == '-' || c == '.';
  };
  while (in_scheme()) scan.move_to(scan.at() + 1);
  if (!scan.expect(':')) return false;
  const std::size_t content = scan.at();
  for (;;) {
    const unsigned char c = scan.peek();
    if (is_let_dig(c) || (c != '\0' && kMarks.find(static_cast<char>(c)) != kMarks.npos)) {
      scan.move_to(scan.at() + 1);
    } else if (scan.take('%')) {
      for (int i = 0; i < 2; ++i) {
        if (std::string_view("0123456789abcdefABCDEF").find(static_cast<char>(scan.peek())) ==
            std::string_view::npos) {
          return scan.fail_here();
        }
        scan.move_to(scan.at() + 1);
      }
    } else {
      break;
    }
  }
  if (scan.at() == content) return scan.fail_here();
  command.argument = scan.from(begin);
  return maybe_last(scan, command);
}

// auth-command = "AUTH" SP sasl-mech [SP initial-response] CRLF (RFC 4954, 8)
bool auth(Scanner& scan, Command& command) {
  if (!scan.expect(' ')) return false;
  const std::size_t begin = scan.at();
  const auto in_mechanism = [&] {
    return is_let_dig(scan.peek()) || scan.peek() == '-' || scan.peek() == '_';
  };
  while (in_mechanism() && scan.at() - begin < 20) scan.move_to(scan.at() + 1);
  command.argument = scan.from(begin);
  if (command.argument.empty()) return scan.fail_here();
  switch (skip_gap(scan)) {
    case Gap::kEnd: return true;
    case Gap::kNone:
    case Gap::kTooWide: return scan.fail_here();
    case Gap::kWord: break;
  }
  const std::size_t response = scan.at();
  if (!scan.take('=') && !base64(scan)) return false;
  command.initial_response = scan.from(response);
  return scan.end_of_line();
}

// "ETRN" SP [ "@" / "#" ] node-name (RFC 1985, 5)
bool etrn(Scanner& scan, Command& command) {
  if (!scan.expect(' ')) return false;
  const std::size_t begin = scan.at();
  if (scan.take('#')) {
    const std::size_t name = scan.at();
    while (scan.peek() > ' ' && scan.peek() <= '~') scan.move_to(scan.at() + 1);
    if (scan.at() == name) return scan.fail_here();
  } else {
    const bool is_domain = scan.take('@');
    if (is_domain && scan.peek() == '[') return scan.fail_here();
    DomainKind kind{};
    if (!host(scan, kind)) return false;
  }
  command.argument = scan.from(begin);
  return scan.end_of_line();
}

// atrn-command = "ATRN" [ SP domain *( "," domain ) ] CRLF (RFC 2645, 5.1)
bool atrn(Scanner& scan, Command& command) {
  constexpr std::size_t kMaxDomain = 255;
  switch (skip_gap(scan)) {
    case Gap::kEnd: return true;
    case Gap::kNone:
    case Gap::kTooWide: return scan.fail_here();
    case Gap::kWord: break;
  }
  const std::size_t list = scan.at();
  do {
    const std::size_t begin = scan.at();
    if (!ascii_domain(scan)) return false;
    if (scan.peek() != ',' && !scan.is_at_end_of_word()) return scan.fail_here();
    if (scan.at() - begin > kMaxDomain) {
      return scan.fail(SyntaxError::kDomainTooLong, begin + kMaxDomain);
    }
  } while (scan.take(','));
  command.argument = scan.from(list);
  return scan.end_of_line();
}

bool needs_text(Scanner& scan, Command& command) {
  return scan.expect(' ') && text(scan, command.argument);
}

bool may_have_text(Scanner& scan, Command& command) {
  switch (skip_gap(scan)) {
    case Gap::kEnd: return true;
    case Gap::kNone:
    case Gap::kTooWide: return scan.fail_here();
    case Gap::kWord: break;
  }
  return text(scan, command.argument);
}

bool arguments(Scanner& scan, Command& command) {
  switch (command.verb) {
    case Verb::kUnknown: return scan.fail(SyntaxError::kUnknownCommand, 0);
    case Verb::kEhlo:
    case Verb::kHelo:
    case Verb::kLhlo: return hello(scan, command);
    case Verb::kMail:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml: return mail(scan, command);
    case Verb::kRcpt: return rcpt(scan, command);
    case Verb::kBdat: return bdat(scan, command);
    case Verb::kBurl: return burl(scan, command);
    case Verb::kAuth: return auth(scan, command);
    case Verb::kVrfy:
    case Verb::kExpn: return needs_text(scan, command);
    case Verb::kNoop:
    case Verb::kHelp: return may_have_text(scan, command);
    case Verb::kEtrn: return etrn(scan, command);
    case Verb::kAtrn: return atrn(scan, command);
    case Verb::kXclient:
    case Verb::kXforward: return attributes(scan, command);
    case Verb::kData:
    case Verb::kRset:
    case Verb::kQuit:
    case Verb::kStarttls:
    case Verb::kTurn: break;
  }
  return scan.end_of_line();
}

// A CR, LF or NUL outranks everything but the length (RFC 5321, 2.3.8 and 4.1.2).
bool find_forbidden_octet(std::string_view text, SyntaxError& error, std::uint32_t& offset) {
  const std::size_t at = text.find_first_of(std::string_view("\r\n\0", 3));
  if (at == std::string_view::npos) return false;
  error = text[at] == '\r'   ? SyntaxError::kBareCr
          : text[at] == '\n' ? SyntaxError::kBareLf
                             : SyntaxError::kNulOctet;
  offset = static_cast<std::uint32_t>(at);
  return true;
}

// `line` with its CRLF.
Command parse_command(std::string_view line) {
  Command command;
  command.verb = verb_of(line);
  const std::size_t limit = line_limit(to_string(command.verb));
  if (line.size() > limit) {
    command.error = SyntaxError::kLineTooLong;
    command.error_offset = static_cast<std::uint32_t>(limit);
    return command;
  }
  command.line = line.substr(0, line.size() - 2);
  Scanner scan(line);
  if (command.verb != Verb::kUnknown) scan.move_to(to_string(command.verb).size());
  arguments(scan, command);
  command.error = scan.error();
  command.error_offset = static_cast<std::uint32_t>(scan.error_offset());
  find_forbidden_octet(command.line, command.error, command.error_offset);
  return command;
}

AuthResponse parse_response(std::string_view line) {
  AuthResponse response;
  if (line.size() > kAuthLineLimit) {
    response.error = SyntaxError::kLineTooLong;
    response.error_offset = kAuthLineLimit;
    return response;
  }
  Scanner scan(line);
  response.cancelled = scan.take('*');
  const bool is_empty = scan.is_at_end_of_word();
  if (!response.cancelled && !is_empty && base64(scan)) response.base64 = scan.from(0);
  if (scan.error() == SyntaxError::kNone) scan.end_of_line();
  response.error =
      scan.error() == SyntaxError::kNone ? SyntaxError::kNone : SyntaxError::kBadSyntax;
  response.error_offset = static_cast<std::uint32_t>(scan.error_offset());
  find_forbidden_octet(line.substr(0, line.size() - 2), response.error, response.error_offset);
  return response;
}

// Only CRLF ends a line (RFC 5321, 2.3.8).
template <typename Parse>
Log log_of_lines(std::string_view input, Parse parse) {
  Log log;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = input.find("\r\n", begin);
    if (end == std::string_view::npos) return log;
    const auto event = parse(input.substr(begin, end + 2 - begin));
    begin = end + 2;
    log.push_back(std::to_string(begin) + ": " + events::describe(event));
  }
}

}  // namespace

Log commands(std::string_view input) {
  return log_of_lines(input, parse_command);
}

Log responses(std::string_view input) {
  return log_of_lines(input, parse_response);
}

}  // namespace smtpmark::reference
