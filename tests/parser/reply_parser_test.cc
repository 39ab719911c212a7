#include "parser/reply_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

constexpr ReplyOptions kStrict;
constexpr ReplyOptions kBareLf{.bare_lf_ends_line = true};
constexpr ReplyOptions kAnyText{.any_text = true};
constexpr ReplyOptions kSmall{.max_line = 20, .max_lines = 3, .max_reply = 30};

template <const ReplyOptions& kOptions>
class ReplySession {
 public:
  FeedResult feed(std::string_view bytes) {
    const FeedResult result = parser_.feed(bytes, line_);
    if (result.status == Status::kReady) {
      EXPECT_TRUE(lies_within(line_.text, bytes));
      EXPECT_EQ(line_.error, SyntaxError::kNone);
      EXPECT_EQ(bytes[result.consumed - 1], '\n');
    }
    return result;
  }

  std::string describe(Status status) const {
    if (status == Status::kRejected) {
      return "rejected: " + std::string(to_string(line_.error)) + " at " +
             std::to_string(line_.error_offset);
    }
    std::string text = std::to_string(line_.code);
    if (line_.first) text += " first";
    if (line_.last) text += " last";
    if (line_.enhanced.class_digit != 0) {
      text += " " + std::to_string(line_.enhanced.class_digit) + "/" +
              std::to_string(line_.enhanced.subject) + "/" + std::to_string(line_.enhanced.detail);
    }
    if (line_.enhanced_mismatch) text += " mismatch";
    return text + " [" + std::string(line_.text) + "]";
  }

  bool done() const { return false; }

 private:
  ReplyParser parser_{kOptions};
  ReplyLine line_;
};

Log replies_of(std::string_view input) {
  return log_of_every_split<ReplySession<kStrict>>(input);
}

// The only event of `line`, to which CRLF is added.
std::string reply_of(std::string_view line) {
  const Log log = replies_of(std::string(line) + "\r\n");
  return log.size() == 1 ? log[0].substr(log[0].find(": ") + 2) : "not one event";
}

TEST(Replies, OfOneLineAreFirstAndLast) {
  EXPECT_EQ(reply_of("220 a.example ESMTP"), "220 first last [a.example ESMTP]");
  EXPECT_EQ(reply_of("354 go\ton "), "354 first last [go\ton ]");
  EXPECT_EQ(reply_of("200 a"), "200 first last [a]");
  EXPECT_EQ(reply_of("559 a"), "559 first last [a]");
}

TEST(Replies, MayLackTheirText) {
  EXPECT_EQ(reply_of("250"), "250 first last []");
  EXPECT_EQ(reply_of("250 "), "250 first last []");
  EXPECT_EQ(replies_of("250-\r\n250\r\n"), Log({"6: 250 first []", "11: 250 last []"}));
}

TEST(Replies, OfManyLinesAreOneEventALine) {
  EXPECT_EQ(replies_of("250-a.example\r\n250-SIZE 10\r\n250 DSN\r\n221 2.0.0 Bye\r\n"),
            Log({"15: 250 first [a.example]", "28: 250 [SIZE 10]", "37: 250 last [DSN]",
                 "52: 221 first last 2/0/0 [2.0.0 Bye]"}));
}

TEST(Replies, LeaveWhatFollowsTheirLineUntouched) {
  ReplyParser parser;
  ReplyLine line;
  EXPECT_EQ(parser.feed("220 ready\r\n\x16\x03\x01\n\n"sv, line).consumed, 11U);
}

TEST(Replies, WithoutTheirEndAreNoEvent) {
  EXPECT_EQ(replies_of("250 abc\r"), Log());
  EXPECT_EQ(replies_of("x"), Log());
}

TEST(Replies, TellTheirEnhancedCode) {
  EXPECT_EQ(reply_of("250 2.1.5 ok"), "250 first last 2/1/5 [2.1.5 ok]");
  EXPECT_EQ(reply_of("250 2.1.5"), "250 first last 2/1/5 [2.1.5]");
  EXPECT_EQ(reply_of("450 4.999.999 x"), "450 first last 4/999/999 [4.999.999 x]");
  EXPECT_EQ(replies_of("550-5.7.1 a\r\n550 5.7.1 b\r\n"),
            Log({"13: 550 first 5/7/1 [5.7.1 a]", "26: 550 last 5/7/1 [5.7.1 b]"}));
}

TEST(Replies, HaveNoEnhancedCodeWhereItOnlyLooksLikeOne) {
  for (const std::string text :
       {"354 3.0.0 x", "250 2.1.5x", "250 2.1", "250 2.1.", "250 2.1.1234 x", "250 2.1.5.6 x",
        "250 2..5 x", "250 a 2.1.5 x", "250 2.01.5 x", "250  2.1.5 x", "250 2.1.5\tx",
        "220 220.1.1 x", "250 2.1234.5 x", "250 3.1.5 x", "250 2.1.x", "250 2.x.1"}) {
    EXPECT_EQ(reply_of(text), text.substr(0, 3) + " first last [" + text.substr(4) + "]");
  }
}

TEST(Replies, SayWhenTheClassOfAnEnhancedCodeIsNotTheFirstDigit) {
  EXPECT_EQ(reply_of("250 5.1.1 x"), "250 first last mismatch [5.1.1 x]");
  EXPECT_EQ(reply_of("550 2.0.0"), "550 first last mismatch [2.0.0]");
  EXPECT_EQ(reply_of("354 2.0.0 go"), "354 first last mismatch [2.0.0 go]");
  EXPECT_EQ(reply_of("451 5.3.0 gr\xc3\xbc\xc3\x9f"),
            "451 first last mismatch [5.3.0 gr\xc3\xbc\xc3\x9f]");
  EXPECT_EQ(replies_of("250 5.1.1 a\r\n250 b\r\n"),
            Log({"13: 250 first last mismatch [5.1.1 a]", "20: 250 first last [b]"}));
}

TEST(Replies, DoNotInheritAnEnhancedCode) {
  EXPECT_EQ(replies_of("250 2.0.0 a\r\n250 b\r\n"),
            Log({"13: 250 first last 2/0/0 [2.0.0 a]", "20: 250 first last [b]"}));
}

TEST(Replies, MayHoldWellFormedUtf8) {
  EXPECT_EQ(reply_of("250 gr\xc3\xbc\xc3\x9f"), "250 first last [gr\xc3\xbc\xc3\x9f]");
  EXPECT_EQ(reply_of("250 a\xc3 b"), "rejected: malformed UTF-8 at 6");
  EXPECT_EQ(reply_of("250 a\xff"), "rejected: malformed UTF-8 at 5");
  EXPECT_EQ(reply_of("250 \xff"), "rejected: malformed UTF-8 at 4");
  EXPECT_EQ(reply_of("250 2\xff"), "rejected: malformed UTF-8 at 5");
  EXPECT_EQ(reply_of("250 2.0.0 \xff"), "rejected: malformed UTF-8 at 10");
}

TEST(Replies, AreRejectedForABadCode) {
  EXPECT_EQ(reply_of("199 x"), "rejected: bad reply code at 0");
  EXPECT_EQ(reply_of("600 x"), "rejected: bad reply code at 0");
  EXPECT_EQ(reply_of("260 x"), "rejected: bad reply code at 1");
  EXPECT_EQ(reply_of("25x x"), "rejected: bad reply code at 2");
  EXPECT_EQ(reply_of("25"), "rejected: bad reply code at 2");
  EXPECT_EQ(reply_of(""), "rejected: bad reply code at 0");
  EXPECT_EQ(reply_of("HTTP/1.1 400 Bad Request"), "rejected: bad reply code at 0");
}

TEST(Replies, AreRejectedForABadSeparator) {
  EXPECT_EQ(reply_of("2500 x"), "rejected: bad syntax at 3");
  EXPECT_EQ(reply_of("250\tx"), "rejected: bad syntax at 3");
  EXPECT_EQ(reply_of("250_x"), "rejected: bad syntax at 3");
}

TEST(Replies, AreRejectedForForbiddenOctets) {
  EXPECT_EQ(reply_of("250 a\rb"), "rejected: bare CR at 5");
  EXPECT_EQ(reply_of("250 a\r"), "rejected: bare CR at 5");
  EXPECT_EQ(reply_of("250 a\0b"s), "rejected: NUL octet at 5");
  EXPECT_EQ(reply_of("250 a\x1b[0m"), "rejected: bad syntax at 5");
  EXPECT_EQ(reply_of("999 a\rb"), "rejected: bare CR at 5") << "outranks the code";
}

TEST(Replies, AreRejectedForABareLfAsSoonAsItComes) {
  EXPECT_EQ(replies_of("250 a\n"), Log({"0: rejected: bare LF at 5"}));
  EXPECT_EQ(replies_of("\n"), Log({"0: rejected: bare LF at 0"}));
  EXPECT_EQ(replies_of("250-a\r\n250 b\n250 c\r\n"),
            Log({"7: 250 first [a]", "7: rejected: bare LF at 5"}));
}

TEST(Replies, AreRejectedWhenTheirLinesDisagree) {
  EXPECT_EQ(replies_of("250-a\r\n550 b\r\n"),
            Log({"7: 250 first [a]", "7: rejected: different codes in one reply at 0"}));
  EXPECT_EQ(replies_of("250-a\r\n240 b\r\n"),
            Log({"7: 250 first [a]", "7: rejected: different codes in one reply at 1"}));
  EXPECT_EQ(replies_of("250-a\r\n251 b\r\n"),
            Log({"7: 250 first [a]", "7: rejected: different codes in one reply at 2"}));
}

TEST(Replies, MayHaveLinesOfExactlyTheirLimit) {
  const std::string text(kStrict.max_line - 6, 'a');
  EXPECT_EQ(replies_of("250 " + text + "\r\n"), Log({"512: 250 first last [" + text + "]"}));
}

TEST(Replies, AreRejectedForALineOverTheirLimitWithoutWaitingForItsEnd) {
  const Log expected{"0: rejected: line too long at 512"};
  const std::string line = "250 " + std::string(kStrict.max_line - 5, 'a');
  EXPECT_EQ(replies_of(line + "\r\n"), expected);
  EXPECT_EQ(replies_of(line + "a"), expected);
  EXPECT_EQ(replies_of(line), Log());
}

TEST(Replies, MayHaveExactlyTheirLimitOfLines) {
  std::string reply;
  for (std::uint32_t i = 1; i < kStrict.max_lines; ++i) reply += "250-\r\n";
  const Log fits = replies_of(reply + "250 \r\n250 a\r\n");
  ASSERT_EQ(fits.size(), kStrict.max_lines + 1);
  EXPECT_EQ(fits[kStrict.max_lines], "1207: 250 first last [a]");
  const Log over = replies_of(reply + "250-\r\n250 \r\n");
  ASSERT_EQ(over.size(), kStrict.max_lines + 1);
  EXPECT_EQ(over[kStrict.max_lines], "1200: rejected: too many lines in one reply at 0");
}

TEST(Replies, StayRejectedWhateverFollows) {
  ReplyParser parser;
  ReplyLine line;
  ASSERT_EQ(parser.feed("25x\r\n"sv, line).status, Status::kRejected);
  for (const std::string_view bytes : {"250 ok\r\n", "", "x"}) {
    line = {};
    const FeedResult again = parser.feed(bytes, line);
    EXPECT_EQ(again.status, Status::kRejected);
    EXPECT_EQ(again.consumed, 0U);
    EXPECT_EQ(line.error, SyntaxError::kBadReplyCode);
    EXPECT_EQ(line.error_offset, 2U);
  }
}

TEST(Replies, MayBeOfExactlyTheirLimitOfOctets) {
  const auto log = [](std::string_view input) {
    return log_of_every_split<ReplySession<kSmall>>(input);
  };
  const std::string first = "250-abcdefgh\r\n";  // 14 octets
  EXPECT_EQ(log(first + "250 abcdefghij\r\n"),
            Log({"14: 250 first [abcdefgh]", "30: 250 last [abcdefghij]"}));
  EXPECT_EQ(log(first + "250 abcdefghijk\r\n"),
            Log({"14: 250 first [abcdefgh]", "14: rejected: reply too long at 16"}));
  EXPECT_EQ(log("250 abcdefghijklmn\r\n250 abcdefghijklmn\r\n").size(), 2U) << "each has its own";
  EXPECT_EQ(log("250-\r\n250-\r\n250-\r\n250 \r\n").back(),
            "18: rejected: too many lines in one reply at 0");
  EXPECT_EQ(log("250 abcdefghijklmno\r\n"), Log({"0: rejected: line too long at 20"}));
}

TEST(Replies, AreMuchLargerForAClientThatSaysSo) {
  ReplyParser parser(ReplyOptions{.max_line = 5000});
  ReplyLine line;
  const std::string wide = "250 " + std::string(4994, 'a') + "\r\n";
  EXPECT_EQ(parser.feed(wide, line).status, Status::kReady);
}

// The named leniencies

TEST(Replies, MayEndTheirLinesWithABareLfWhereThatIsAllowed) {
  const auto log = [](std::string_view input) {
    return log_of_every_split<ReplySession<kBareLf>>(input);
  };
  EXPECT_EQ(log("250-a\n250-2.0.0 b\r\n250\n"),
            Log({"6: 250 first [a]", "19: 250 2/0/0 [2.0.0 b]", "23: 250 last []"}));
  EXPECT_EQ(log("250 a\rb\n"), Log({"0: rejected: bare CR at 5"}));
  EXPECT_EQ(log("\n"), Log({"0: rejected: bad reply code at 0"}));
}

TEST(Replies, MayHoldAnyTextWhereThatIsAllowed) {
  const auto log = [](std::string_view input) {
    return log_of_every_split<ReplySession<kAnyText>>(input);
  };
  EXPECT_EQ(log("250-gr\xfc\xdf\r\n250 \x1b[0m\r\n"),
            Log({"10: 250 first [gr\xfc\xdf]", "20: 250 last [\x1b[0m]"}));
  EXPECT_EQ(log("250 2.0.0 \xfc\r\n"), Log({"13: 250 first last 2/0/0 [2.0.0 \xfc]"}));
  EXPECT_EQ(log("250 a\0b\r\n"sv), Log({"0: rejected: NUL octet at 5"}));
  EXPECT_EQ(log("250 a\rb\r\n"), Log({"0: rejected: bare CR at 5"}));
  EXPECT_EQ(log("250_\xfc\r\n"), Log({"0: rejected: bad syntax at 3"}));
  EXPECT_EQ(log("25x \xfc\r\n"), Log({"0: rejected: bad reply code at 2"}));
}

TEST(ReplyLaw, HoldsForRepliesWithOctetsChangedAtRandom) {
  const std::string replies =
      "220 a.example\r\n250-a\r\n250-SIZE 10\r\n250 DSN\r\n250 2.1.5 gr\xc3\xbc\xc3\x9f\r\n354 "
      "go\r\n";
  const std::string_view octets = "\r\n\0 -.0259a\xc3\xbc\xff"sv;
  std::mt19937 random(5321);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    std::string changed = replies;
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      changed[below(changed.size())] = octets[below(octets.size())];
    }
    EXPECT_FALSE(replies_of(changed + "\r\n").empty());
  }
}

}  // namespace
}  // namespace smtpmark::parser::testing
