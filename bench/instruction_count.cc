// Runs the parsers over fixed inputs, so that callgrind can count their instructions
// (instruction_count.py). Each input is first parsed in view of its expected events; measured() is
// what is counted, once a case.
#include <gnu/libc-version.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace {

using smtpmark::parser::BodyOptions;
using smtpmark::parser::Capabilities;
using smtpmark::parser::Command;
using smtpmark::parser::CommandParser;
using smtpmark::parser::DataFramer;
using smtpmark::parser::FeedResult;
using smtpmark::parser::ReplyLine;
using smtpmark::parser::ReplyParser;
using smtpmark::parser::ScanPath;
using smtpmark::parser::Status;
using smtpmark::parser::Verb;

using Events = std::vector<std::string>;

// An event that must be described costs the time of a string: nullptr when only counting.
struct Outcome {
  std::size_t events = 0;
  std::size_t octets = 0;  // consumed
  Events* seen = nullptr;
};

struct Case {
  const char* name;
  void (*run)(std::string_view input, std::size_t piece, Outcome& outcome);
  std::string input;
  std::size_t piece;  // octets that arrive at a time
  Events expected;
};

std::string text_of(const Command& command) {
  const bool has_path = command.verb == Verb::kMail || command.verb == Verb::kRcpt;
  return std::string(to_string(command.verb)) + " " +
         std::string(has_path ? command.path.mailbox : command.argument) + " " +
         std::to_string(command.parameters_present);
}

std::string text_of(const ReplyLine& line) {
  return std::to_string(line.code) + (line.last ? ' ' : '-') + std::string(line.text);
}

// Feeds `input` as it would arrive, `piece` octets at a time.
template <typename Parser, typename Event>
void run_lines(std::string_view input, std::size_t piece, Outcome& outcome) {
  Parser parser;
  Event event;
  for (std::size_t arrived = 0; arrived < input.size();) {
    arrived = std::min(arrived + piece, input.size());
    while (outcome.octets < arrived) {
      const FeedResult result =
          parser.feed(input.substr(outcome.octets, arrived - outcome.octets), event);
      outcome.octets += result.consumed;
      if (result.status == Status::kRejected) return;
      if (result.status == Status::kNeedMore) break;
      ++outcome.events;
      if (outcome.seen != nullptr) outcome.seen->push_back(text_of(event));
    }
  }
}

void run_body(std::string_view input, std::size_t piece, Outcome& outcome) {
  DataFramer framer(BodyOptions{.path = ScanPath::kPortable});  // whatever the processor has
  std::string body;
  while (outcome.octets < input.size()) {
    std::string_view part;
    const FeedResult result = framer.feed(input.substr(outcome.octets, piece), part);
    outcome.octets += result.consumed;
    if (outcome.seen != nullptr) body += part;
    if (result.status != Status::kReady) continue;
    ++outcome.events;
    if (outcome.seen != nullptr) outcome.seen->push_back(body);
    return;
  }
}

// An EHLO reply and what it offers, again and again.
void run_ehlo(std::string_view input, std::size_t piece, Outcome& outcome) {
  ReplyParser parser;
  ReplyLine line;
  Capabilities capabilities;
  while (outcome.octets < input.size()) {
    const FeedResult result = parser.feed(input.substr(outcome.octets, piece), line);
    outcome.octets += result.consumed;
    if (result.status != Status::kReady) return;
    if (line.first) {
      capabilities = {};
    } else {
      capabilities.add(line.text);
    }
    if (!line.last) continue;
    ++outcome.events;
    if (outcome.seen == nullptr) continue;
    outcome.seen->push_back(std::to_string(capabilities.offered) + " " +
                            std::to_string(capabilities.size_limit) + " " +
                            std::to_string(capabilities.mechanisms));
  }
}

constexpr int kSessions = 100;

// Eight commands a session, of about 30 octets, no two sessions alike.
void add_commands(Case& made) {
  const auto add = [&](const std::string& line, const std::string& event) {
    made.input += line + "\r\n";
    made.expected.push_back(event);
  };
  for (int i = 0; i < kSessions; ++i) {
    const std::string number = std::to_string(i * 7919);
    const std::string sender = "sender-" + number + "@mail.example";
    const std::string first = "first.recipient." + number + "@dest.example";
    const std::string second = "r" + number + "@[IPv6:2001:db8::25]";
    add("EHLO client-" + number + ".mail.example", "EHLO client-" + number + ".mail.example 0");
    add("MAIL FROM:<" + sender + "> SIZE=" + number + " BODY=8BITMIME", "MAIL " + sender + " 3");
    add("RCPT TO:<" + first + ">", "RCPT " + first + " 0");
    add("RCPT TO:<" + second + "> NOTIFY=SUCCESS,FAILURE", "RCPT " + second + " 32");
    add("BDAT " + number + " LAST", "BDAT  0");
    add("NOOP", "NOOP  0");
    add("RSET", "RSET  0");
    add("QUIT", "QUIT  0");
  }
}

void add_replies(Case& made) {
  for (int i = 0; i < kSessions; ++i) {
    for (const std::string& line :
         {std::string("220 mx.example ESMTP"), std::string("250 2.1.0 Ok"),
          std::string("250 2.1.5 Ok"), std::string("354 End data with <CR><LF>.<CR><LF>"),
          "250 2.0.0 Ok: queued as " + std::to_string(i * 7919),
          std::string("450-4.2.0 Greylisted,"), std::string("450 4.2.0 come back later"),
          std::string("221 2.0.0 Bye")}) {
      made.input += line + "\r\n";
      made.expected.push_back(line);
    }
  }
}

void add_ehlo(Case& made) {
  for (int i = 0; i < kSessions; ++i) {
    const std::string limit = std::to_string(10'000'000 + i);
    made.input += "250-mx.example greets you\r\n250-PIPELINING\r\n250-SIZE " + limit +
                  "\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n"
                  "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
                  "250 CHUNKING\r\n";
    made.expected.push_back("991 " + limit + " 19");
  }
}

// Lines of 1 to 76 octets; one of `dotted` begins with a dot, none when that is 0.
void add_body(Case& made, int dotted) {
  constexpr int kLines = 1000;
  std::string plain;
  for (int i = 1; i <= kLines; ++i) {
    const bool with_dot = dotted != 0 && i % dotted == 0;
    const std::string line = (with_dot ? "." : "") + std::string(1 + i * 31 % 76, 'x') + "\r\n";
    plain += line;
    made.input += (with_dot ? "." : "") + line;
  }
  made.input += ".\r\n";
  made.expected.push_back(plain);
}

std::vector<Case> cases() {
  constexpr std::size_t kWhole = 1 << 20;
  constexpr std::size_t kSegment = 1460;
  constexpr std::size_t kCrumb = 16;
  using Lines = void (*)(std::string_view, std::size_t, Outcome&);
  const Lines run_commands = run_lines<CommandParser, Command>;
  const Lines run_replies = run_lines<ReplyParser, ReplyLine>;
  std::vector<Case> all{
      {"commands", run_commands, {}, kWhole, {}},
      {"commands in pieces of 16", run_commands, {}, kCrumb, {}},
      {"replies", run_replies, {}, kWhole, {}},
      {"replies in pieces of 16", run_replies, {}, kCrumb, {}},
      {"EHLO replies, decoded", run_ehlo, {}, kWhole, {}},
      {"body", run_body, {}, kWhole, {}},
      {"body in pieces of 1460", run_body, {}, kSegment, {}},
      {"body in pieces of 16", run_body, {}, kCrumb, {}},
      {"body with dots", run_body, {}, kWhole, {}},
  };
  for (Case& made : all) {
    const std::string_view name = made.name;
    if (made.run == run_commands) add_commands(made);
    if (made.run == run_replies) add_replies(made);
    if (made.run == run_ehlo) add_ehlo(made);
    if (made.run == run_body) add_body(made, name.ends_with("dots") ? 10 : 0);
  }
  return all;
}

bool is_right(const Case& wanted) {
  Events seen;
  Outcome outcome{0, 0, &seen};
  wanted.run(wanted.input, wanted.piece, outcome);
  return seen == wanted.expected && outcome.octets == wanted.input.size();
}

}  // namespace

// Known to callgrind by this name.
extern "C" [[gnu::noinline]] void measured(const Case* counted, Outcome* outcome) {
  counted->run(counted->input, counted->piece, *outcome);
}

// Prints what the counts depend on, then a line for each case in the order they are run.
int main() {
  std::printf("compiler\t%s\nflags\t%s\nlibc\t%s\n", SMTPMARK_COMPILER, SMTPMARK_FLAGS,
              gnu_get_libc_version());
  for (const Case& counted : cases()) {
    if (!is_right(counted)) {
      std::fprintf(stderr, "%s: wrong events\n", counted.name);
      return 1;
    }
    Outcome outcome;
    measured(&counted, &outcome);
    if (outcome.events != counted.expected.size()) {
      std::fprintf(stderr, "%s: wrong number of events\n", counted.name);
      return 1;
    }
    std::printf("case\t%s\t%zu\t%zu\n", counted.name, outcome.octets, outcome.events);
  }
  return 0;
}
