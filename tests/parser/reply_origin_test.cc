// Which replies somebody asked for; and the two ways a line is parsed.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "parser/grammar.h"
#include "parser/plain_reply.h"
#include "parser/reply_parser.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

// The origins of all lines that are complete.
std::vector<ReplyOrigin> origins_of(ReplyParser& parser, std::string_view bytes) {
  std::vector<ReplyOrigin> origins;
  ReplyLine line;
  for (;;) {
    const FeedResult result = parser.feed(bytes, line);
    if (result.status != Status::kReady) return origins;
    origins.push_back(line.origin);
    bytes.remove_prefix(result.consumed);
  }
}

using Origins = std::vector<ReplyOrigin>;

TEST(ReplyOrigin, IsNotToldWhenNothingWasCounted) {
  ReplyParser parser;
  EXPECT_EQ(origins_of(parser, "220 a\r\n421 b\r\n"),
            Origins({ReplyOrigin::kNotCounted, ReplyOrigin::kNotCounted}));
  EXPECT_EQ(parser.awaited(), 0U);
}

TEST(ReplyOrigin, TellsAReplyThatNobodyAskedFor) {
  ReplyParser parser;
  parser.expect(1);
  EXPECT_EQ(origins_of(parser, "220 a\r\n250 b\r\n"),
            Origins({ReplyOrigin::kExpected, ReplyOrigin::kUnsolicited}));
  parser.expect(1);
  EXPECT_EQ(origins_of(parser, "250 c\r\n"), Origins({ReplyOrigin::kExpected}));
}

TEST(ReplyOrigin, IsThatOfAllLinesOfAReply) {
  ReplyParser parser;
  parser.expect(1);
  EXPECT_EQ(origins_of(parser, "250-a\r\n250-b\r\n"),
            Origins({ReplyOrigin::kExpected, ReplyOrigin::kExpected}));
  EXPECT_EQ(parser.awaited(), 1U);
  EXPECT_EQ(
      origins_of(parser, "250 c\r\n550-d\r\n550 e\r\n"),
      Origins({ReplyOrigin::kExpected, ReplyOrigin::kUnsolicited, ReplyOrigin::kUnsolicited}));
  EXPECT_EQ(parser.awaited(), 0U);
}

TEST(ReplyOrigin, DoesNotChangeInsideAReply) {
  ReplyParser parser;
  parser.expect(0);
  EXPECT_EQ(origins_of(parser, "250-a\r\n"), Origins({ReplyOrigin::kUnsolicited}));
  parser.expect(1);
  EXPECT_EQ(origins_of(parser, "250 b\r\n250 c\r\n"),
            Origins({ReplyOrigin::kUnsolicited, ReplyOrigin::kExpected}));
}

TEST(ReplyOrigin, TellsA421ThatNobodyAskedForFromOneThatAnswers) {
  ReplyParser parser;
  parser.expect(1);
  EXPECT_EQ(origins_of(parser, "421-a\r\n421 b\r\n421-c\r\n421 d\r\n"),
            Origins({ReplyOrigin::kExpected, ReplyOrigin::kExpected, ReplyOrigin::kShutdown,
                     ReplyOrigin::kShutdown}));
}

TEST(ReplyOrigin, CountsAReplyForEachRecipientOfLmtp) {
  ReplyParser parser;
  parser.expect(3);
  EXPECT_EQ(origins_of(parser, "250 a\r\n452-b\r\n452 b\r\n").size(), 3U);
  EXPECT_EQ(parser.awaited(), 1U);
  EXPECT_EQ(origins_of(parser, "550 c\r\n250 d\r\n"),
            Origins({ReplyOrigin::kExpected, ReplyOrigin::kUnsolicited}));
}

// CVE-2021-38371 and its kin: what a stranger put behind the 220 must not count as the answer to
// what is sent inside TLS.
TEST(ReplyOrigin, ShowsRepliesThatWereInjectedBehindTheAnswerToStarttls) {
  const std::string_view wire = "220 go ahead\r\n250-evil.example\r\n250 AUTH PLAIN\r\n";
  ReplyParser parser;
  ReplyLine line;
  parser.expect(1);
  const FeedResult answer = parser.feed(wire, line);
  EXPECT_EQ(answer.consumed, 14U) << "nothing behind the 220 is touched";
  EXPECT_EQ(line.origin, ReplyOrigin::kExpected);
  EXPECT_EQ(parser.awaited(), 0U);
  parser.feed(wire.substr(answer.consumed), line);
  EXPECT_EQ(line.origin, ReplyOrigin::kUnsolicited);
}

// Plain lines and the grammar

std::string describe(const ReplyLine& line) {
  return std::to_string(line.code) + (line.last ? " last " : " ") +
         std::to_string(line.enhanced.class_digit) + "." + std::to_string(line.enhanced.subject) +
         "." + std::to_string(line.enhanced.detail) + (line.enhanced_mismatch ? " mismatch" : "") +
         " [" + std::string(line.text) + "]";
}

void expect_the_word_of_the_grammar(const std::string& line) {
  ReplyLine plain;
  const std::size_t consumed = parse_plain_reply_line(line, plain);
  ASSERT_NE(consumed, kUnended) << line;
  if (consumed == kNotPlain) return;
  EXPECT_EQ(consumed, line.size()) << line;
  ReplyLine wanted;
  EXPECT_EQ(parse_reply_line(line, wanted).error, SyntaxError::kNone) << line;
  EXPECT_EQ(describe(plain), describe(wanted)) << line;
}

TEST(PlainReplies, AreWhatTheGrammarSaysForEveryOctetOfATemplate) {
  for (const std::string_view model :
       {"250 2.1.5 Recipient ok\r\n", "550-5.12.999 x\r\n", "421 4.0.0\r\n", "354 go\r\n",
        "250 \r\n", "250-AUTH PLAIN LOGIN XOAUTH2\r\n"}) {
    for (std::size_t at = 0; at < model.size() - 1; ++at) {
      for (int octet = 0; octet < 256; ++octet) {
        if (octet == '\n') continue;
        std::string line(model);
        line[at] = static_cast<char>(octet);
        expect_the_word_of_the_grammar(line);
        line.insert(at, 1, static_cast<char>(octet));
        expect_the_word_of_the_grammar(line);
      }
    }
  }
}

TEST(PlainReplies, AreWhatTheGrammarSaysForRandomCodes) {
  std::mt19937 random(3463);
  const std::string_view octets = "0123456789. -x";
  for (int round = 0; round < 100'000 && !HasFailure(); ++round) {
    std::string line(1 + random() % 3, '2');
    line += "50 "sv.substr(random() % 2);
    for (std::size_t size = random() % 14; size > 0; --size) line += octets[random() % 14];
    expect_the_word_of_the_grammar(line + "\r\n");
  }
}

TEST(PlainReplies, AreNearlyAllThatServersSend) {
  ReplyLine line;
  for (const std::string_view plain :
       {"220 mx.example ESMTP\r\n", "250-SIZE 100\r\n", "250 2.1.5 Ok\r\n", "221 2.0.0 Bye\r\n"}) {
    EXPECT_EQ(parse_plain_reply_line(plain, line), plain.size());
  }
}

TEST(PlainReplies, AreKnownToBeUnended) {
  ReplyLine line;
  EXPECT_EQ(parse_plain_reply_line("250 abcdefghijklmnopqrstuvwxyz", line), kUnended);
  EXPECT_EQ(parse_plain_reply_line("250 a\r", line), kUnended);
  EXPECT_EQ(parse_plain_reply_line("250 a\rb\n", line), kNotPlain);
  EXPECT_EQ(parse_plain_reply_line("250\r\n", line), kNotPlain);
}

}  // namespace
}  // namespace smtpmark::parser::testing
