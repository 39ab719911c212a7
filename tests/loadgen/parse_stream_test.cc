#include "loadgen/parse_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::loadgen {
namespace {

using namespace std::literals;

// The lines for `input` in pieces that end at `cuts` and at its end.
std::string lines_of(ParseMode mode, std::string_view input,
                     const std::vector<std::size_t>& cuts = {}) {
  ParseStream stream(mode, parser::Profile::kStrict);
  std::string lines;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    stream.feed(input.substr(begin, cut - begin), lines);
    begin = cut;
  }
  stream.feed(input.substr(begin), lines);
  stream.finish(lines);
  return lines;
}

void expect_the_same_at_every_cut(ParseMode mode, std::string_view input) {
  const std::string whole = lines_of(mode, input);
  std::vector<std::size_t> every;
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    ASSERT_EQ(lines_of(mode, input, {cut}), whole) << "cut at " << cut << " of:\n" << input;
    every.push_back(cut);
  }
  EXPECT_EQ(lines_of(mode, input, every), whole) << "octet by octet:\n" << input;
}

TEST(ParseStream, TellsTheSameAtEveryCut) {
  const std::string overlong(3000, 'x');
  expect_the_same_at_every_cut(ParseMode::kCommands,
                               "NOOP\r\n" + overlong + "\r\r\nRSET\rQUIT\r\nMAIL FROM:<>\r\nQU");
  expect_the_same_at_every_cut(ParseMode::kReplies, "250-a\r\n250 b\r\n25x\r\n250 c\r\n");
  expect_the_same_at_every_cut(ParseMode::kEhlo, "250-a\r\n250-SIZE 5\r\n250 DSN\r\n250-b\r\n");
  expect_the_same_at_every_cut(ParseMode::kData, "..\r\n.\rx\n.\r\na\r\n.\r\nQUIT\r\n");
  expect_the_same_at_every_cut(
      ParseMode::kSession,
      "AUTH LOGIN\r\nQQ==\r\n*\r\nDATA\r\na\r\n.\r\nBDAT 0\r\nBDAT 3 LAST\r\nDATNOOP\r\n"
      "BDAT 2 x\r\nQUNOOP\r\nSTARTTLS\r\n\x16\x03\x01");
}

TEST(ParseStream, CutsABodyWhereItsEventsEndAndNowhereElse) {
  const std::string message = std::string(5000, 'x') + "\r\n.\r\n";
  const std::string whole = lines_of(ParseMode::kData, message);
  for (const std::size_t cut : {1U, 4095U, 4096U, 4097U, 5002U}) {
    EXPECT_EQ(lines_of(ParseMode::kData, message, {cut}), whole) << cut;
  }
}

TEST(ParseStream, SaysWhetherAnythingWasWrong) {
  const auto is_faulty = [](ParseMode mode, std::string_view input) {
    ParseStream stream(mode, parser::Profile::kStrict);
    std::string lines;
    stream.feed(input, lines);
    stream.finish(lines);
    return stream.is_faulty();
  };
  EXPECT_FALSE(is_faulty(ParseMode::kSession, "NOOP\r\nSTARTTLS\r\n\x16"));
  EXPECT_TRUE(is_faulty(ParseMode::kSession, "WHAT\r\n"));
  EXPECT_TRUE(is_faulty(ParseMode::kSession, "DATA\r\n"));
  EXPECT_TRUE(is_faulty(ParseMode::kReplies, "250-a\r\n"));
  EXPECT_FALSE(is_faulty(ParseMode::kCommands, ""));
}

TEST(ParseStream, WritesNothingButAscii) {
  std::string line = "NOOP ";
  for (int octet = 0; octet < 256; ++octet) line += static_cast<char>(octet);
  for (const char c : lines_of(ParseMode::kCommands, line + "\r\n")) {
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
