// Command lines: where they end, what may not be in them, and every verb but MAIL and RCPT.
#include "parser/command_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

std::string filled(std::string_view head, std::size_t size, std::string_view tail) {
  std::string text(head);
  text.append(size - head.size() - tail.size(), 'a');
  return text.append(tail);
}

// Lines

TEST(CommandLines, EndOneAtATimeHoweverTheyArrive) {
  EXPECT_EQ(commands_of("EHLO a.example\r\nNOOP\r\nQUIT\r\n"),
            Log({"16: EHLO [a.example]", "22: NOOP", "28: QUIT"}));
}

TEST(CommandLines, LeaveWhatFollowsAChangeOfProtocolUntouched) {
  for (const std::string line : {"STARTTLS\r\n", "DATA\r\n", "BDAT 5\r\n", "AUTH PLAIN\r\n"}) {
    CommandParser parser;
    Command command;
    const std::string input = line + "\x16\x03\x01\r\n.\r\n";
    EXPECT_EQ(parser.feed(input, command).consumed, line.size()) << line;
  }
}

TEST(CommandLines, WithoutTheirEndAreNoEvent) {
  for (const std::string_view input :
       {"", "Q", "QUIT", "QUIT\r", "QUIT\n", "QUIT\r\r", "QUIT\n\r"}) {
    EXPECT_EQ(commands_of(input), Log()) << input;
  }
}

TEST(CommandLines, KeepWhiteSpaceAtTheirEndOutOfTheArgument) {
  EXPECT_EQ(command_of("QUIT  \t"), "QUIT");
  EXPECT_EQ(command_of("EHLO a.example \t "), "EHLO [a.example]");
  EXPECT_EQ(command_of("HELP me now  "), "HELP [me now]");
}

TEST(CommandLines, AreRejectedForABareLfWhereverItStands) {
  EXPECT_EQ(commands_of("MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\nQUIT\r\n"),
            Log({"31: MAIL rejected: bare LF at 15", "37: QUIT"}));
  EXPECT_EQ(commands_of("QUIT\n\r\n"), Log({"7: QUIT rejected: bare LF at 4"}));
  EXPECT_EQ(commands_of("\nQUIT\r\n"), Log({"7: UNKNOWN rejected: bare LF at 0"}));
  EXPECT_EQ(commands_of("\n\r\n"), Log({"3: UNKNOWN rejected: bare LF at 0"}));
}

TEST(CommandLines, AreRejectedForABareLfInsideMailFrom) {
  EXPECT_EQ(command_of("MAIL FROM:<a\n@b>"), "MAIL rejected: bare LF at 12");
  EXPECT_EQ(command_of("MAIL FROM:<\"a\n\"@b>"), "MAIL rejected: bare LF at 13");
}

TEST(CommandLines, AreRejectedForABareCrWhereverItStands) {
  EXPECT_EQ(command_of("QUIT\r"), "QUIT rejected: bare CR at 4");
  EXPECT_EQ(command_of("DATA\rQUIT"), "DATA rejected: bare CR at 4");
  EXPECT_EQ(command_of("\r"), "UNKNOWN rejected: bare CR at 0");
  EXPECT_EQ(command_of("MAIL FROM:<a@b>\r SIZE=1"), "MAIL rejected: bare CR at 15");
  EXPECT_EQ(command_of("NOOP a\rb"), "NOOP rejected: bare CR at 6");
}

TEST(CommandLines, AreRejectedForANulWhereverItStands) {
  EXPECT_EQ(command_of("QUIT\0"s), "QUIT rejected: NUL octet at 4");
  EXPECT_EQ(command_of("NOOP a\0b"s), "NOOP rejected: NUL octet at 6");
  EXPECT_EQ(command_of("MAIL FROM:<\"\0\"@b>"s), "MAIL rejected: NUL octet at 12");
}

TEST(CommandLines, AreJudgedByForbiddenOctetsBeforeAnythingElse) {
  EXPECT_EQ(command_of("WHAT\nMAIL FROM:<a@b>"), "UNKNOWN rejected: bare LF at 4");
  EXPECT_EQ(command_of("MAIL to: nobody\r!"), "MAIL rejected: bare CR at 15");
}

TEST(CommandLines, MayHoldExactlyTheirLimit) {
  const std::string fits = filled("NOOP ", kMaxCommandLine, "\r\n");
  EXPECT_EQ(commands_of(fits), Log({"512: NOOP [" + fits.substr(5, kMaxCommandLine - 7) + "]"}));
}

TEST(CommandLines, OverTheirLimitByOneAreRejectedOnceAtTheirEnd) {
  EXPECT_EQ(commands_of(filled("NOOP ", kMaxCommandLine + 1, "\r\n") + "QUIT\r\n"),
            Log({"513: NOOP rejected: line too long at 512", "519: QUIT"}));
}

TEST(CommandLines, FarOverTheirLimitAreRejectedOnceAtTheirEnd) {
  EXPECT_EQ(
      commands_of(filled("MAIL FROM:<\n\r", 5000, "\r\r\n") + "QUIT\r\n"),
      Log({"5000: MAIL rejected: line too long at " + std::to_string(kMaxMailLine), "5006: QUIT"}));
}

TEST(CommandLines, OverTheirLimitGiveNoView) {
  CommandParser parser;
  Command command;
  command.line = "left over";
  const std::string input = filled("QUIT", kMaxCommandLine + 1, "\r\n");
  EXPECT_EQ(parser.feed(input, command).status, Status::kRejected);
  EXPECT_TRUE(command.line.empty());
}

TEST(CommandLines, OverTheirLimitAreConsumedAsTheyCome) {
  CommandParser parser;
  Command command;
  const std::string start(kMaxCommandLine, 'x');
  EXPECT_EQ(parser.feed(std::string_view(start).substr(1), command).consumed, 0U);
  EXPECT_EQ(parser.feed(start, command).consumed, kMaxCommandLine);
  EXPECT_EQ(parser.feed("yyyy\n\r"sv, command).consumed, 5U) << "a last CR may be half of CRLF";
  const FeedResult end = parser.feed("\r\nQUIT\r\n"sv, command);
  EXPECT_EQ(end.status, Status::kRejected);
  EXPECT_EQ(end.consumed, 2U);
  EXPECT_EQ(command.error, SyntaxError::kLineTooLong);
}

TEST(CommandLines, OfAuthMayHoldExactlyTheirLongerLimit) {
  const std::string fits = filled("auth CRAM-MD5 ", kMaxAuthLine, "\r\n");
  const Log log = commands_of(fits);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].substr(0, 32), "12288: AUTH [CRAM-MD5] initial=[");
  EXPECT_EQ(log[0].size(), 32 + (kMaxAuthLine - 14 - 2) + 1);
}

TEST(CommandLines, OfAuthOverTheirLimitByOneAreRejected) {
  EXPECT_EQ(commands_of(filled("AUTH PLAIN ", kMaxAuthLine + 1, "\r\n")),
            Log({"12289: AUTH rejected: line too long at 12288"}));
}

// Verbs

TEST(Verbs, AreKnownInAnyCase) {
  EXPECT_EQ(command_of("quit"), "QUIT");
  EXPECT_EQ(command_of("sTaRtTlS"), "STARTTLS");
  EXPECT_EQ(command_of("eHLO x"), "EHLO [x]");
}

TEST(Verbs, AreWholeWords) {
  for (const std::string_view line :
       {"", " ", " QUIT", "QUI", "QUITS", "QUIT;", "STARTTL", "STARTTLSX", "STAR", "STARTTLS-",
        "MAIL-FROM:<a@b>", "MAIL:FROM", "\xd1UIT", "1UIT", "Q]IT"}) {
    EXPECT_EQ(command_of(line), "UNKNOWN rejected: unknown command at 0") << line;
  }
}

TEST(Verbs, AreToldEvenWhenTheirArgumentsAreWrong) {
  EXPECT_EQ(command_of("MAIL"), "MAIL rejected: bad syntax at 4");
  EXPECT_EQ(command_of("MAIL\tFROM:<a@b>"), "MAIL rejected: bad syntax at 4");
  EXPECT_EQ(command_of("BDAT"), "BDAT rejected: bad syntax at 4, chunk of unknown size");
  EXPECT_EQ(command_of("AUTH"), "AUTH rejected: bad syntax at 4");
}

TEST(Verbs, WithoutArgumentsTakeNone) {
  for (const std::string verb : {"DATA", "RSET", "QUIT"}) {
    EXPECT_EQ(command_of(verb), verb);
    EXPECT_EQ(command_of(verb + " x"), verb + " rejected: bad syntax at 5");
  }
  EXPECT_EQ(command_of("STARTTLS"), "STARTTLS");
  EXPECT_EQ(command_of("STARTTLS now"), "STARTTLS rejected: bad syntax at 9");
}

TEST(Verbs, OfHelpAndNoopTakeTextOrNone) {
  for (const std::string verb : {"NOOP", "HELP"}) {
    EXPECT_EQ(command_of(verb), verb);
    EXPECT_EQ(command_of(verb + " MAIL now"), verb + " [MAIL now]");
    EXPECT_EQ(command_of(verb + " \xc3\xa4"), verb + " [\xc3\xa4]");
    EXPECT_EQ(command_of(verb + " a\x01"), verb + " rejected: bad syntax at 6");
    EXPECT_EQ(command_of(verb + " a\x7f"), verb + " rejected: bad syntax at 6");
  }
}

TEST(Verbs, OfVrfyAndExpnTakeText) {
  for (const std::string verb : {"VRFY", "EXPN"}) {
    EXPECT_EQ(command_of(verb + " jones"), verb + " [jones]");
    EXPECT_EQ(command_of(verb + " <jones@a.example> SMTPUTF8"),
              verb + " [<jones@a.example> SMTPUTF8]");
    EXPECT_EQ(command_of(verb), verb + " rejected: bad syntax at 4");
    EXPECT_EQ(command_of(verb + " "), verb + " rejected: bad syntax at 5");
    EXPECT_EQ(command_of(verb + " \xc3("), verb + " rejected: malformed UTF-8 at 6");
  }
}

// EHLO, HELO, LHLO

TEST(Greetings, TakeADomainOrAnAddressLiteral) {
  for (const std::string verb : {"EHLO", "HELO", "LHLO"}) {
    for (const std::string host : {"a", "a.example", "1", "x--y.example", "192.0.2.1"}) {
      EXPECT_EQ(command_of(verb + " " + host), verb + " [" + host + "]");
    }
    if (verb == "HELO") continue;  // RFC 5321, 4.1.1.1: a domain only
    EXPECT_EQ(command_of(verb + " [192.0.2.1]"), verb + " [[192.0.2.1]] kind=ipv4");
    EXPECT_EQ(command_of(verb + " [IPv6:2001:db8::1]"), verb + " [[IPv6:2001:db8::1]] kind=ipv6");
    EXPECT_EQ(command_of(verb + " [X400:c=gb]"), verb + " [[X400:c=gb]] kind=general");
  }
}

TEST(Greetings, RejectWhatIsNoDomain) {
  EXPECT_EQ(command_of("HELO [192.0.2.1]"), "HELO rejected: bad syntax at 5");
  EXPECT_EQ(command_of("EHLO"), "EHLO rejected: bad syntax at 4");
  EXPECT_EQ(command_of("EHLO "), "EHLO rejected: bad syntax at 5");
  EXPECT_EQ(command_of("EHLO  a"), "EHLO rejected: bad syntax at 5");
  EXPECT_EQ(command_of("EHLO a_b"), "EHLO rejected: bad syntax at 6");
  EXPECT_EQ(command_of("EHLO -a"), "EHLO rejected: bad syntax at 5");
  EXPECT_EQ(command_of("EHLO a-"), "EHLO rejected: bad syntax at 7");
  EXPECT_EQ(command_of("EHLO a."), "EHLO rejected: bad syntax at 7");
  EXPECT_EQ(command_of("EHLO a..b"), "EHLO rejected: bad syntax at 7");
  EXPECT_EQ(command_of("EHLO a b"), "EHLO rejected: bad syntax at 7");
  EXPECT_EQ(command_of("EHLO b\xc3\xa4r"), "EHLO rejected: octet that is not ASCII at 6");
}

TEST(Greetings, TakeADomainOf255OctetsAndNoLonger) {
  const std::string fits = filled("", 255, ".example");
  EXPECT_EQ(command_of("EHLO " + fits), "EHLO [" + fits + "]");
  EXPECT_EQ(command_of("EHLO a" + fits), "EHLO rejected: domain too long at 260");
}

// Plain lines are read by another way than the rest; no length may fall between the two.
bool is_taken(const std::string& line) {
  const std::string input = line + "\r\n";
  CommandParser parser;
  Command command;
  return parser.feed(input, command).status == Status::kReady;
}

void expect_an_octet_of_words_everywhere(const std::string& line, std::size_t from) {
  EXPECT_TRUE(is_taken(line)) << line;
  for (std::size_t wrong = from; wrong < line.size(); ++wrong) {
    for (const char octet : {'\n', '\r', '\0', '(', '\x80'}) {
      std::string changed = line;
      changed[wrong] = octet;
      EXPECT_FALSE(is_taken(changed)) << line << " with another octet at " << wrong;
    }
  }
}

TEST(Greetings, OfAnyLengthRejectAWrongOctetWhereverItIs) {
  const std::string head = "EHLO ";
  for (std::size_t length = 1; length <= 140; ++length) {
    expect_an_octet_of_words_everywhere(head + std::string(length, 'a'), head.size());
  }
}

TEST(Paths, OfAnyLengthRejectAWrongOctetWhereverItIs) {
  for (const std::string head : {"MAIL FROM:<", "RCPT TO:<"}) {
    for (std::size_t local = 1; local <= 64; ++local) {
      for (std::size_t domain = 1; domain <= 66; domain += local % 8 == 0 ? 1 : 13) {
        expect_an_octet_of_words_everywhere(
            head + std::string(local, 'a') + "@" + std::string(domain, 'b') + ">", head.size());
      }
    }
  }
}

// BDAT

TEST(Bdat, TellsSizeAndLast) {
  EXPECT_EQ(command_of("BDAT 0"), "BDAT 0");
  EXPECT_EQ(command_of("BDAT 0 LAST"), "BDAT 0 last");
  EXPECT_EQ(command_of("bdat 86 last"), "BDAT 86 last");
  EXPECT_EQ(command_of("BDAT 00000000000000000000000000086 "), "BDAT 86");
}

TEST(Bdat, TakesSizesUpTo64BitsAndNoFurther) {
  EXPECT_EQ(command_of("BDAT 18446744073709551615"), "BDAT 18446744073709551615");
  EXPECT_EQ(command_of("BDAT 18446744073709551616"),
            "BDAT rejected: number too large at 24, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 99999999999999999999"),
            "BDAT rejected: number too large at 24, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 184467440737095516150"),
            "BDAT rejected: number too large at 25, chunk of unknown size");
}

TEST(Bdat, RejectsWhatIsNoChunkHeader) {
  EXPECT_EQ(command_of("BDAT 5LAST"), "BDAT rejected: bad syntax at 6, chunk of unknown size");
  EXPECT_EQ(command_of(std::string("BDAT 5\0", 7)),
            "BDAT rejected: NUL octet at 6, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 5" + std::string(600, ' ')),
            "BDAT rejected: line too long at 512, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT LAST"), "BDAT rejected: bad syntax at 5, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 5 LASTLY"), "BDAT rejected: bad syntax at 11, chunk of 5");
  EXPECT_EQ(command_of("BDAT 5 LAS"), "BDAT rejected: bad syntax at 10, chunk of 5");
  EXPECT_EQ(command_of("BDAT -1"), "BDAT rejected: bad syntax at 5, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT +1"), "BDAT rejected: bad syntax at 5, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 0x10"), "BDAT rejected: bad syntax at 6, chunk of unknown size");
  EXPECT_EQ(command_of("BDAT 5 5"), "BDAT rejected: bad syntax at 7, chunk of 5");
}

// AUTH

TEST(Auth, TellsMechanismAndInitialResponse) {
  EXPECT_EQ(command_of("AUTH LOGIN"), "AUTH [LOGIN]");
  EXPECT_EQ(command_of("AUTH SCRAM-SHA-256 ="), "AUTH [SCRAM-SHA-256] initial=[=]");
  EXPECT_EQ(command_of("AUTH PLAIN AGEAYg=="), "AUTH [PLAIN] initial=[AGEAYg==]");
  EXPECT_EQ(command_of("auth plain AGEAYmI="), "AUTH [plain] initial=[AGEAYmI=]");
  EXPECT_EQ(command_of("AUTH X_1 ab+/"), "AUTH [X_1] initial=[ab+/]");
  EXPECT_EQ(command_of("AUTH LOGIN "), "AUTH [LOGIN]");
}

TEST(Auth, ForgetsTheInitialResponseOfAnEarlierLine) {
  EXPECT_EQ(commands_of("AUTH PLAIN AAAA\r\nAUTH LOGIN\r\n"),
            Log({"17: AUTH [PLAIN] initial=[AAAA]", "29: AUTH [LOGIN]"}));
}

TEST(Auth, RejectsMechanismsOver20Octets) {
  EXPECT_EQ(command_of("AUTH ABCDEFGHIJKLMNOPQRST"), "AUTH [ABCDEFGHIJKLMNOPQRST]");
  EXPECT_EQ(command_of("AUTH ABCDEFGHIJKLMNOPQRSTU"), "AUTH rejected: bad syntax at 25");
}

TEST(Auth, RejectsWhatIsNotBase64) {
  EXPECT_EQ(command_of("AUTH PLAIN A"), "AUTH rejected: bad syntax at 12");
  EXPECT_EQ(command_of("AUTH PLAIN AA"), "AUTH rejected: bad syntax at 13");
  EXPECT_EQ(command_of("AUTH PLAIN AAA"), "AUTH rejected: bad syntax at 14");
  EXPECT_EQ(command_of("AUTH PLAIN A==="), "AUTH rejected: bad syntax at 12");
  EXPECT_EQ(command_of("AUTH PLAIN AA="), "AUTH rejected: bad syntax at 14");
  EXPECT_EQ(command_of("AUTH PLAIN AAAA="), "AUTH rejected: bad syntax at 15");
  EXPECT_EQ(command_of("AUTH PLAIN AA==AAAA"), "AUTH rejected: bad syntax at 15");
  EXPECT_EQ(command_of("AUTH PLAIN AA-A"), "AUTH rejected: bad syntax at 13");
  EXPECT_EQ(command_of("AUTH PLAIN AAAA AAAA"), "AUTH rejected: bad syntax at 16");
}

// Responses during an AUTH

class AuthSession {
 public:
  FeedResult feed(std::string_view bytes) { return parser_.feed_auth_response(bytes, response_); }
  std::string describe(Status status) const {
    if (status == Status::kRejected) {
      return "rejected: " + std::string(to_string(response_.error)) + " at " +
             std::to_string(response_.error_offset);
    }
    if (response_.cancelled) return "cancelled";
    return "[" + std::string(response_.base64) + "]";
  }
  bool done() const { return false; }

 private:
  CommandParser parser_;
  AuthResponse response_;
};

Log responses_of(std::string_view input) {
  return log_of_every_split<AuthSession>(input);
}

TEST(AuthResponses, AreBase64OrAStar) {
  EXPECT_EQ(responses_of("AAAA\r\n\r\n*\r\nAA== \r\n"),
            Log({"6: [AAAA]", "8: []", "11: cancelled", "18: [AA==]"}));
  EXPECT_EQ(responses_of("=\r\n"), Log({"3: rejected: bad syntax at 0"}));
  EXPECT_EQ(responses_of("**\r\n"), Log({"4: rejected: bad syntax at 1"}));
  EXPECT_EQ(responses_of("AAA\r\n"), Log({"5: rejected: bad syntax at 3"}));
  EXPECT_EQ(responses_of("AA\nAA\r\n"), Log({"7: rejected: bare LF at 2"}));
  EXPECT_EQ(responses_of("AAAA\nQUIT\r\n"), Log({"11: rejected: bare LF at 4"}));
}

TEST(AuthResponses, AreNeverCommands) {
  EXPECT_EQ(responses_of("QUIT\r\n"), Log({"6: [QUIT]"}));
  EXPECT_EQ(responses_of("MAIL FROM:<a@b>\r\n"), Log({"17: rejected: bad syntax at 5"}));
}

TEST(AuthResponses, MayHoldExactlyTheirLimit) {
  const std::string fits(kMaxAuthLine - 4, 'A');
  EXPECT_EQ(responses_of(fits + "  \r\n").back().substr(0, 8), "12288: [");
  EXPECT_EQ(responses_of(fits + "AAAA\r\nAAAA\r\n"),
            Log({"12290: rejected: line too long at 12288", "12296: [AAAA]"}));
}

// Octets that no command may hold, wherever they stand

TEST(CommandOctets, ThatAreForbiddenAreFoundInEveryPosition) {
  const std::string line = "MAIL FROM:<a@b> SIZE=1";
  const std::vector<std::pair<std::string, std::string_view>> forbidden = {
      {"\0"s, "NUL octet"}, {"\r", "bare CR"}, {"\n", "bare LF"}};
  for (const auto& [octet, error] : forbidden) {
    for (std::size_t at = 0; at <= line.size(); ++at) {
      const std::string event = command_of(line.substr(0, at) + octet + line.substr(at));
      EXPECT_TRUE(event.ends_with("rejected: " + std::string(error) + " at " + std::to_string(at)))
          << event;
    }
  }
}

TEST(CommandOctets, ThatAreControlsOrMalformedAreRejectedInEveryPosition) {
  const std::string line = "MAIL FROM:<\"a b\"@c> X=y SMTPUTF8";
  for (const std::string octets : {"\x7f", "\x01", "\x80", "\x9f", "\xc0\xaf", "\xe0\x80\xaf",
                                   "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    for (std::size_t at = 0; at <= line.size(); ++at) {
      const std::string event = command_of(line.substr(0, at) + octets + line.substr(at));
      EXPECT_NE(event.find("rejected: "), std::string::npos) << event;
      if (at <= 4) continue;
      const std::size_t blamed = std::stoul(event.substr(event.rfind(' ') + 1));
      EXPECT_TRUE(blamed >= at && blamed < at + octets.size()) << event << " not at " << at;
    }
  }
}

// Limits of the lines with parameters

TEST(CommandLines, WithParametersMayHoldExactlyTheirLonger) {
  const std::string mail = filled("MAIL FROM:<> X=", kMaxMailLine, "\r\n");
  EXPECT_EQ(commands_of(mail).back().substr(0, 9), std::to_string(kMaxMailLine) + ": MAI");
  EXPECT_EQ(commands_of(filled("MAIL FROM:<> X=", kMaxMailLine + 1, "\r\n") + "QUIT\r\n"),
            Log({std::to_string(kMaxMailLine + 1) + ": MAIL rejected: line too long at " +
                     std::to_string(kMaxMailLine),
                 std::to_string(kMaxMailLine + 7) + ": QUIT"}));
  const std::string rcpt = filled("RCPT TO:<a@b> X=", kMaxRcptLine, "\r\n");
  EXPECT_EQ(commands_of(rcpt).back().substr(0, 9), std::to_string(kMaxRcptLine) + ": RCP");
  EXPECT_EQ(commands_of(filled("RCPT TO:<a@b> X=", kMaxRcptLine + 1, "\r\n")),
            Log({std::to_string(kMaxRcptLine + 1) + ": RCPT rejected: line too long at " +
                 std::to_string(kMaxRcptLine)}));
}

// The law

TEST(CommandLaw, HoldsForSessionsWithOctetsChangedAtRandom) {
  const std::string session =
      "EHLO a.example\r\nMAIL FROM:<a@b> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<\"c d\"@[192.0.2.1]>"
      " NOTIFY=DELAY\r\nBDAT 3 LAST\r\nAUTH PLAIN AA==\r\nSTARTTLS\r\n";
  const std::string_view octets = "\r\n\0 <>@.:=\"\\\xc3\xa4\xff[]aA0"sv;
  std::mt19937 random(5321);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    std::string changed = session;
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      changed[below(changed.size())] = octets[below(octets.size())];
    }
    EXPECT_FALSE(commands_of(changed + "\r\n").empty());
  }
}

}  // namespace
}  // namespace smtpmark::parser::testing
