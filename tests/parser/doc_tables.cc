// Prints the tables of docs/parser.md: what the code does, not what somebody remembers
// (doc_tables_test.py). Exits with 1 when an example does not show what it is there for.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "parser/command_parser.h"
#include "parser/leniency.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser.h"

namespace {

using namespace smtpmark::parser;

// A line that one flag lets pass and nothing else.
std::string example_of(Leniency leniency) {
  switch (leniency) {
    case kAllowBareLf: return "NOOP\n";
    case kAllowExtraSpace: return "RCPT  TO:<a@b.example>\r\n";
    case kAllowSpaceAfterColon: return "MAIL FROM: <a@b.example>\r\n";
    case kAllowNoBrackets: return "MAIL FROM:a@b.example\r\n";
    case kAllowNoDomain: return "RCPT TO:<a>\r\n";
    case kAllowOddDots: return "MAIL FROM:<.a..b.@c.example>\r\n";
    case kAllowUnderscore: return "RCPT TO:<a@b_c.example>\r\n";
    case kAllowTrailingDot: return "RCPT TO:<a@b.example.>\r\n";
    case kAllowAnyLiteral: return "RCPT TO:<a@[1.2.3]>\r\n";
    case kAllowNoSmtpUtf8: return "MAIL FROM:<\xc3\xbc@b.example>\r\n";
    case kAllowAnyHello: return "EHLO my host!\r\n";
    case kAllowNoHello: return "EHLO\r\n";
    case kAllowArgument: return "DATA now\r\n";
    case kAllowHeloLiteral: return "HELO [192.0.2.1]\r\n";
    case kAllowLongLine: return "NOOP " + std::string(600, 'x') + "\r\n";
  }
  return {};
}

std::string shown(std::string_view wire) {
  if (wire.size() > 60) return std::string(wire.substr(0, 12)) + "…, 607 octets";
  std::string text;
  for (const char c : wire) {
    if (c == '\n') text += "\\n";
    if (c != '\r' && c != '\n') text += c;
  }
  // That a line ends with CRLF goes without saying.
  return wire.ends_with("\r\n") ? text.substr(0, text.size() - 2) : text;
}

bool accepts(Leniencies leniencies, std::string_view wire) {
  CommandParser parser(leniencies);
  Command command;
  return parser.feed(wire, command).status == Status::kReady;
}

bool print_profiles() {
  std::printf("| flag | example |");
  for (const Profile profile : kAllProfiles) std::printf(" %s |", to_string(profile).data());
  std::printf("\n|---|---|---|---|---|\n");
  bool fine = true;
  for (const Leniency leniency : kAllLeniencies) {
    const std::string wire = example_of(leniency);
    // Any text for a domain holds what other flags admit one by one.
    const Leniencies wide = leniency == kAllowAnyHello ? 0 : Leniencies{kAllowAnyHello};
    const Leniencies others = leniencies_of(Profile::kPermissive) & ~(leniency | wide);
    if (!accepts(leniency, wire) || accepts(others, wire)) {
      std::fprintf(stderr, "%s: the example does not hang on it\n", to_string(leniency).data());
      fine = false;
    }
    std::printf("| `%s` | `%s` |", to_string(leniency).data(), shown(wire).c_str());
    for (const Profile profile : kAllProfiles) {
      std::printf(" %s |", accepts(leniencies_of(profile), wire) ? "yes" : "no");
    }
    std::printf("\n");
  }
  return fine;
}

void print_errors() {
  std::printf("| code | name |\n|---|---|\n");
  for (int i = 0; i <= SMTP_PARSER_ERROR_TOO_MANY_LINES; ++i) {
    std::printf("| %d | %s |\n", i, smtp_parser_error_name(i));
  }
}

// The greatest number for which the strict parser takes what `line_of` makes of it.
template <typename LineOf>
std::size_t greatest(LineOf line_of) {
  constexpr std::size_t kBeyondAll = 600;
  std::size_t found = 0;
  for (std::size_t n = 1; n < kBeyondAll; ++n) {
    if (accepts(0, line_of(n))) found = n;
  }
  return found;
}

std::string domain_of(std::size_t octets) {
  std::string domain(octets, 'x');
  for (std::size_t i = 9; i + 1 < octets; i += 10) domain[i] = '.';
  return domain;
}

std::size_t max_local_part() {
  return greatest([](std::size_t n) { return "MAIL FROM:<" + std::string(n, 'x') + "@b>\r\n"; });
}

std::size_t max_domain() {
  return greatest([](std::size_t n) { return "EHLO " + domain_of(n) + "\r\n"; });
}

std::size_t max_path() {
  constexpr std::size_t kAround = 4;  // "<", "@" and ">", and a local part of one octet
  return kAround + greatest([](std::size_t n) { return "MAIL FROM:<x@" + domain_of(n) + ">\r\n"; });
}

std::size_t max_envid() {
  return greatest(
      [](std::size_t n) { return "MAIL FROM:<a@b> ENVID=" + std::string(n, 'x') + "\r\n"; });
}

std::size_t max_orcpt() {
  const std::string type = "rfc822;";
  return type.size() + greatest([&](std::size_t n) {
           return "RCPT TO:<a@b> ORCPT=" + type + std::string(n, 'x') + "\r\n";
         });
}

void print_limits() {
  std::printf("| what | octets |\n|---|---|\n");
  std::printf("| command line, CRLF included | %u |\n", max_line(Verb::kNoop));
  std::printf("| of MAIL, with what the extensions add | %u |\n", max_line(Verb::kMail));
  std::printf("| of RCPT, with what the extensions add | %u |\n", max_line(Verb::kRcpt));
  std::printf("| of AUTH, and of a response to its challenges | %u |\n", max_line(Verb::kAuth));
  std::printf("| of any other with `long-line` | %u |\n", max_line(Verb::kNoop, kAllowLongLine));
  std::printf("| local part, quotes included | %zu |\n", max_local_part());
  std::printf("| domain | %zu |\n", max_domain());
  std::printf("| path, angle brackets included | %zu |\n", max_path());
  std::printf("| value of ENVID | %zu |\n", max_envid());
  std::printf("| value of ORCPT, its type included | %zu |\n", max_orcpt());
  std::printf("| parameters of one line that are unknown | %zu (a number) |\n",
              kMaxUnknownParameters);
  const ReplyOptions replies;
  std::printf("| reply line, CRLF included | %u (an option) |\n", replies.max_line);
  std::printf("| lines of one reply | %u (a number; an option) |\n", replies.max_lines);
  std::printf("| one reply | %u (an option) |\n", replies.max_reply);
}

}  // namespace

int main() {
  std::printf("== profiles\n");
  const bool fine = print_profiles();
  std::printf("== errors\n");
  print_errors();
  std::printf("== limits\n");
  print_limits();
  return fine ? 0 : 1;
}
