// What each leniency admits, and that it admits nothing else.
#include "parser/leniency.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parser/grammar.h"
#include "parser/verb.h"
#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

// Lines that are wrong in one way each, and the event when that is allowed.
struct Liberty {
  Leniency leniency;
  std::string line;
  std::string event;
};

const std::vector<Liberty>& liberties() {
  static const std::vector<Liberty> all = {
      {kAllowExtraSpace, "MAIL  FROM:<a@b>", "MAIL local=[a] domain=[b]"},
      {kAllowExtraSpace, " \tNOOP", "NOOP"},
      {kAllowExtraSpace, "EHLO\ta", "EHLO [a]"},
      {kAllowExtraSpace, "MAIL FROM:<a@b>  SIZE=1\tX",
       "MAIL local=[a] domain=[b] size=1 unknown raw=[SIZE=1\tX]"},
      {kAllowExtraSpace, "BDAT  5  LAST", "BDAT 5 last"},
      {kAllowSpaceAfterColon, "MAIL FROM: <a@b>", "MAIL local=[a] domain=[b]"},
      {kAllowSpaceAfterColon, "RCPT TO:\t <a@b>", "RCPT local=[a] domain=[b]"},
      {kAllowSpaceAfterColon, "MAIL FROM: <>", "MAIL local=[] domain=[]"},
      {kAllowNoBrackets, "MAIL FROM:a@b", "MAIL local=[a] domain=[b]"},
      {kAllowNoBrackets, "RCPT TO:a@[1.2.3.4] NOTIFY=NEVER",
       "RCPT local=[a] domain=[[1.2.3.4]] kind=ipv4 notify=N raw=[NOTIFY=NEVER]"},
      {kAllowNoDomain, "MAIL FROM:<a>", "MAIL local=[a] domain=[]"},
      {kAllowNoDomain, "RCPT TO:<\"a b\">", "RCPT local=[\"a b\"] domain=[] quoted"},
      {kAllowOddDots, "MAIL FROM:<.a..b.@c>", "MAIL local=[.a..b.] domain=[c]"},
      {kAllowUnderscore, "MAIL FROM:<a@_b_c.d>", "MAIL local=[a] domain=[_b_c.d]"},
      {kAllowUnderscore, "EHLO a_b", "EHLO [a_b]"},
      {kAllowTrailingDot, "MAIL FROM:<a@b.c.>", "MAIL local=[a] domain=[b.c.]"},
      {kAllowTrailingDot, "EHLO a.", "EHLO [a.]"},
      {kAllowAnyLiteral, "EHLO []", "EHLO [[]] kind=general"},
      {kAllowAnyLiteral, "MAIL FROM:<a@[1.2.3]>", "MAIL local=[a] domain=[[1.2.3]] kind=general"},
      {kAllowNoSmtpUtf8, "MAIL FROM:<\xc3\xa4@b>", "MAIL local=[\xc3\xa4] domain=[b] utf8"},
      {kAllowAnyHello, "EHLO my host!", "EHLO [my host!] kind=none"},
      {kAllowAnyHello, "HELO \xc3\xa4", "HELO [\xc3\xa4] kind=none"},
      {kAllowHeloLiteral, "HELO [192.0.2.1]", "HELO [[192.0.2.1]] kind=ipv4"},
      {kAllowHeloLiteral, "HELO [IPv6:::1] ", "HELO [[IPv6:::1]] kind=ipv6"},
      {kAllowNoHello, "EHLO", "EHLO kind=none"},
      {kAllowNoHello, "HELO ", "HELO kind=none"},
      {kAllowArgument, "DATA now", "DATA [now]"},
      {kAllowArgument, "QUIT  x y ", "QUIT [x y]"},
      {kAllowLongLine, "NOOP " + std::string(kMaxLenientLine - 7, 'a'),
       "NOOP [" + std::string(kMaxLenientLine - 7, 'a') + "]"},
  };
  return all;
}

constexpr Leniencies all_but(Leniency leniency) {
  Leniencies others = 0;
  for (const Leniency each : kAllLeniencies) {
    if (each != leniency) others |= each;
  }
  return others;
}

TEST(Leniencies, EachAdmitItsLinesAlone) {
  for (const Liberty& liberty : liberties()) {
    EXPECT_EQ(command_of(liberty.line, liberty.leniency), liberty.event) << liberty.line;
    EXPECT_NE(command_of(liberty.line).find("rejected"), std::string::npos) << liberty.line;
  }
}

TEST(Leniencies, AdmitNoLineOfAnother) {
  for (const Liberty& liberty : liberties()) {
    // Any text for a domain holds what other flags admit one by one.
    const Leniencies others = all_but(liberty.leniency) & ~Leniencies{kAllowAnyHello};
    const std::string event = command_of(liberty.line, others);
    EXPECT_NE(event.find("rejected"), std::string::npos) << liberty.line;
    EXPECT_EQ(event, command_of(liberty.line)) << "judged as the strict grammar does";
  }
}

TEST(Leniencies, EachHaveAnExampleAndAName) {
  for (const Leniency leniency : kAllLeniencies) {
    if (leniency == kAllowBareLf) continue;  // below
    int examples = 0;
    for (const Liberty& liberty : liberties()) examples += liberty.leniency == leniency ? 1 : 0;
    EXPECT_GT(examples, 0) << to_string(leniency);
    EXPECT_NE(to_string(leniency), "unknown");
  }
}

TEST(Leniencies, OfBareLfEndALineThere) {
  EXPECT_EQ(commands_of("NOOP\nMAIL FROM:<a@b>\nQUIT\r\n", kAllowBareLf),
            Log({"5: NOOP", "21: MAIL local=[a] domain=[b]", "27: QUIT"}));
  EXPECT_EQ(commands_of("NOOP\r\r\nQUIT\n\n", kAllowBareLf),
            Log({"7: NOOP rejected: bare CR at 4", "12: QUIT",
                 "13: UNKNOWN rejected: unknown command at 0"}));
  EXPECT_EQ(commands_of("AUTH PLAIN AAAA\nBDAT 5\n", kAllowBareLf),
            Log({"16: AUTH [PLAIN] initial=[AAAA]", "23: BDAT 5"}));
}

TEST(Leniencies, OfBareLfFindTheEndOfALongLine) {
  const std::string line = "NOOP " + std::string(600, 'a') + "\n";
  EXPECT_EQ(commands_of(line + "QUIT\n", kAllowBareLf),
            Log({"606: NOOP rejected: line too long at 512", "611: QUIT"}));
}

TEST(Leniencies, OfSpaceInFrontOfAVerbHaveALimitOfTheirOwn) {
  EXPECT_EQ(command_of(std::string(64, ' ') + "NOOP", kAllowExtraSpace), "NOOP");
  EXPECT_EQ(command_of(std::string(65, ' ') + "NOOP", kAllowExtraSpace),
            "UNKNOWN rejected: unknown command at 0");
  const std::string far(600, ' ');
  EXPECT_EQ(commands_of(far + "MAIL FROM:<a@b>\r\n", kAllowExtraSpace),
            Log({"617: UNKNOWN rejected: line too long at 512"}));
}

TEST(Leniencies, LeaveWhatNoneAdmitsRejected) {
  const Leniencies all = leniencies_of(Profile::kPermissive);
  EXPECT_EQ(commands_of("RSET\rQUIT\r\n", all), Log({"11: RSET rejected: bare CR at 4"}));
  EXPECT_EQ(command_of("NOOP \0"s, all), "NOOP rejected: NUL octet at 5");
  EXPECT_EQ(command_of("MAIL FROM:<a\x7f@b>", all), "MAIL rejected: bad syntax at 12");
  EXPECT_EQ(command_of("MAIL FROM:<\xc0\xaf@b>", all), "MAIL rejected: malformed UTF-8 at 11");
  EXPECT_EQ(command_of("EHLO \x80", all), "EHLO rejected: malformed UTF-8 at 5");
  EXPECT_EQ(command_of("GET / HTTP/1.1", all), "UNKNOWN rejected: unknown command at 0");
  EXPECT_EQ(command_of("RCPT TO:<>", all), "RCPT rejected: null path not allowed at 9");
  EXPECT_EQ(command_of("MAIL FROM:<a@b..c>", all), "MAIL rejected: bad syntax at 15");
}

TEST(Leniencies, OfAProfileAreThoseOfItsRow) {
  EXPECT_EQ(leniencies_of(Profile::kStrict), 0U);
  const Leniencies postfix = leniencies_of(Profile::kPostfixLike);
  const Leniencies strangers =
      kAllowAnyLiteral | kAllowNoHello | kAllowArgument;  // Postfix refuses these
  EXPECT_EQ(postfix & strangers, 0U);
  EXPECT_EQ(postfix | strangers, leniencies_of(Profile::kPermissive));
}

// The law

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> lines = {
      "EHLO a-b.example",
      "EHLO [IPv6:::1]",
      "MAIL FROM:<a.b@c.example> SIZE=10 BODY=8BITMIME",
      "MAIL FROM:<@a,@b:\"c\\ d\"@e> BY=1;R HOLDFOR=9",
      "RCPT TO:<a@[192.0.2.1]> NOTIFY=DELAY X=y",
      "RCPT TO:<Postmaster>",
      "RCPT TO:<\xc3\xa4@b>",
      "BDAT 3 LAST",
      "AUTH PLAIN AA==",
      "DATA",
      "NOOP a",
      "XCLIENT NAME=a ADDR=b",
      "BURL x:y LAST",
      "ATRN a,b",
      "ETRN @a",
      "VRFY a b",
      "SOML FROM:<>",
      "MAIL FROM:<a@b> HOLDUNTIL=2026-11-23T00:00:00Z MTRK=AAAA:1"};
  return lines;
}

class Mutations {
 public:
  std::string next() {
    std::string line = seeds()[below(seeds().size())];
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) change(line);
    return line;
  }

 private:
  void change(std::string& line) {
    static constexpr std::string_view kOctets = "\r\n\0 <>@.:=\"\\\xc3\xa4\xff[]aA0_-,;\t+/R"sv;
    const std::size_t at = 4 + below(line.size() - 3);
    const char octet = kOctets[below(kOctets.size())];
    switch (below(3)) {
      case 0: line.insert(at, 1, octet); break;
      case 1: line.erase(std::min(at, line.size() - 1), 1); break;
      default: line[std::min(at, line.size() - 1)] = octet;
    }
    if (line.size() < 6) line += "    ";
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::mt19937 random_{5321};
};

TEST(LeniencyLaw, WithoutFlagsBothMachinesAgree) {
  Mutations mutations;
  for (int round = 0; round < 200'000 && !HasFailure(); ++round) {
    const std::string text = mutations.next();
    const std::string line = text + "\r\n";
    Command strict;
    strict.verb = find_verb(line);
    // A bare LF outranks what the machines say of it.
    if (strict.verb == Verb::kUnknown || text.find('\n') != std::string::npos) continue;
    strict.line = text;
    Command lenient = strict;
    const Fault first = parse_arguments(line, strict);
    const Fault second = parse_lenient_arguments(line, length_of(strict.verb), 0, lenient);
    const bool is_octet_above_127 = first.error == SyntaxError::kNonAscii;
    EXPECT_TRUE(first.error == second.error ||
                (is_octet_above_127 && second.error == SyntaxError::kBadUtf8))
        << text;
    EXPECT_EQ(first.offset, second.offset) << text;
    if (first.error != SyntaxError::kNone) continue;
    EXPECT_EQ(strict.path.local_part, lenient.path.local_part) << text;
    EXPECT_EQ(strict.path.domain, lenient.path.domain) << text;
    EXPECT_EQ(strict.path.domain_kind, lenient.path.domain_kind) << text;
    EXPECT_EQ(strict.path.source_route, lenient.path.source_route) << text;
    EXPECT_EQ(strict.argument, lenient.argument) << text;
    EXPECT_EQ(strict.parameters, lenient.parameters) << text;
    EXPECT_EQ(strict.parameters_present, lenient.parameters_present) << text;
    EXPECT_EQ(strict.size, lenient.size) << text;
    EXPECT_EQ(strict.chunk_size, lenient.chunk_size) << text;
    EXPECT_EQ(strict.chunk_last, lenient.chunk_last) << text;
    EXPECT_EQ(strict.body, lenient.body) << text;
  }
}

TEST(LeniencyLaw, AnySplitGivesTheSameEventsInEveryProfile) {
  Mutations mutations;
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    const std::string input =
        mutations.next() + "\r\n" + mutations.next() + "\n" + mutations.next() + "\r\n";
    for (const Profile profile : kAllProfiles) commands_of(input, leniencies_of(profile));
  }
}

TEST(LeniencyLaw, WhatIsAcceptedStaysAcceptedWithMoreFlags) {
  Mutations mutations;
  for (int round = 0; round < 2000 && !HasFailure(); ++round) {
    const std::string line = mutations.next() + "\r\n";
    const auto accepted = [&](Leniencies leniencies) {
      CommandParser parser(leniencies);
      Command command;
      return parser.feed(line, command).status == Status::kReady;
    };
    const Leniencies postfix = leniencies_of(Profile::kPostfixLike) & ~Leniencies{kAllowBareLf};
    const Leniencies all = leniencies_of(Profile::kPermissive) & ~Leniencies{kAllowBareLf};
    EXPECT_TRUE(!accepted(0) || accepted(postfix)) << line;
    EXPECT_TRUE(!accepted(postfix) || accepted(all)) << line;
  }
}

// An object that is used again holds nothing of an earlier greeting.
TEST(Leniencies, TellNoKindOfAHostThatIsNotThere) {
  EXPECT_EQ(commands_of("EHLO [192.0.2.1]\r\nEHLO\r\nHELO \r\n", kAllowNoHello),
            Log({"18: EHLO [[192.0.2.1]] kind=ipv4", "24: EHLO kind=none", "31: HELO kind=none"}));
}

}  // namespace
}  // namespace smtpmark::parser::testing
