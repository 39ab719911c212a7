// Contents that are made up: their sizes, their lines, their parts.
#include "loadgen/content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "loadgen/message.h"
#include "parser/body_framer.h"

namespace smtpmark::loadgen {
namespace {

constexpr std::string_view kFrom = "<a@example.com>";
constexpr std::string_view kTo = "<b@example.com>";

std::string render(const ContentPlan& plan, std::uint64_t octets, std::uint64_t number = 0) {
  return render_content(plan, kFrom, kTo, octets, number);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    EXPECT_NE(end, std::string_view::npos) << "a line without its end";
    if (end == std::string_view::npos) break;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 2);
  }
  return lines;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) continue;
    if (lead != 0xC3 || ++i == text.size()) return false;
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

TEST(Content, HasExactlyTheSizeAskedFor) {
  const std::uint64_t least = least_content(kFrom, kTo);
  for (const BodyKind kind : {BodyKind::kText, BodyKind::kAlternative, BodyKind::kMime}) {
    for (const bool eight_bit : {false, true}) {
      ContentPlan plan;
      plan.kind = kind;
      plan.eight_bit = eight_bit;
      plan.text_limit = 500;
      plan.dot_share = 0.3;
      for (std::uint64_t size = least; size < 3000; ++size) {
        const std::string content = render(plan, size, size);
        ASSERT_EQ(content.size(), size) << to_string(kind);
      }
    }
  }
}

TEST(Content, BelowTheLeastItIsThatLong) {
  EXPECT_EQ(render(ContentPlan{}, 0).size(), least_content(kFrom, kTo));
}

TEST(Content, HasNoFaultInItsLines) {
  for (const BodyKind kind : {BodyKind::kText, BodyKind::kAlternative, BodyKind::kMime}) {
    ContentPlan plan;
    plan.kind = kind;
    plan.line_length = 998;
    plan.eight_bit = true;
    parser::BodyChecker checker;
    checker.check(render(plan, 100'000));
    checker.finish();
    EXPECT_FALSE(checker.faults().any()) << to_string(kind);
  }
}

TEST(Content, LinesOfTextAreAsLongAsAskedFor) {
  for (const std::uint32_t length : {8U, 76U, 200U, 998U}) {
    ContentPlan plan;
    plan.line_length = length;
    const std::string content = render(plan, 20'000);
    const auto lines = lines_of(body_of(content));
    ASSERT_GT(lines.size(), 3U);
    for (std::size_t i = 0; i + 2 < lines.size(); ++i) ASSERT_EQ(lines[i].size(), length);
  }
}

TEST(Content, EightBitTextIsUtf8InEveryLine) {
  for (std::uint32_t length = 8; length < 120; ++length) {
    ContentPlan plan;
    plan.eight_bit = true;
    plan.line_length = length;
    plan.dot_share = 0.5;
    const Message message(render(plan, 5000, length));
    EXPECT_TRUE(message.eight_bit());
    for (const std::string_view line : lines_of(body_of(message.content()))) {
      ASSERT_TRUE(is_utf8(line)) << length << ": " << line;
    }
  }
  EXPECT_FALSE(Message(render(ContentPlan{}, 5000)).eight_bit());
}

TEST(Content, TheShareOfLinesWithADotIsAsAskedFor) {
  for (const double share : {0.0, 0.1, 0.5, 1.0}) {
    ContentPlan plan;
    plan.dot_share = share;
    const std::string content = render(plan, 78 * 1000 + least_content(kFrom, kTo));
    const auto lines = lines_of(body_of(content));
    const auto dotted =
        std::count_if(lines.begin(), lines.end(), [](auto line) { return line.starts_with('.'); });
    EXPECT_NEAR(static_cast<double>(dotted) / static_cast<double>(lines.size()), share, 0.002);
  }
}

TEST(Content, MimeHasAnAttachmentForWhatIsBeyondItsText) {
  ContentPlan plan;
  plan.kind = BodyKind::kMime;
  const std::string small = render(plan, 4096);
  EXPECT_NE(small.find("multipart/alternative"), std::string::npos);
  EXPECT_EQ(small.find("base64"), std::string::npos);
  const std::string large = render(plan, 100'000);
  const std::size_t mixed = large.find("multipart/mixed");
  const std::size_t html = large.find("text/html");
  const std::size_t attachment = large.find("Content-Transfer-Encoding: base64");
  EXPECT_LT(mixed, html);
  EXPECT_LT(html, attachment);
  EXPECT_NEAR(static_cast<double>(large.size() - attachment), 100'000.0 - 16 * 1024, 2000.0);
  EXPECT_TRUE(large.ends_with("--smtpmark-mixed--\r\n"));
}

TEST(Content, EveryNumberHasAContentOfItsOwnAndAlwaysTheSame) {
  for (const BodyKind kind : {BodyKind::kText, BodyKind::kMime}) {
    ContentPlan plan;
    plan.kind = kind;
    EXPECT_EQ(render(plan, 50'000, 3), render(plan, 50'000, 3));
    EXPECT_NE(body_of(render(plan, 50'000, 3)), body_of(render(plan, 50'000, 4)));
  }
}

TEST(Message, KeepsItsContentBesideWhatGoesOverTheWire) {
  const Message plain("A: b\r\n\r\ntext\r\n");
  EXPECT_EQ(plain.content(), "A: b\r\n\r\ntext\r\n");
  EXPECT_EQ(plain.wire(), "A: b\r\n\r\ntext\r\n.\r\n");
  const Message dotted("A: b\r\n\r\n.text\r\n.\r\n");
  EXPECT_EQ(dotted.content(), "A: b\r\n\r\n.text\r\n.\r\n");
  EXPECT_EQ(dotted.wire(), "A: b\r\n\r\n..text\r\n..\r\n.\r\n");
  EXPECT_EQ(dotted.size(), 18U);
  EXPECT_EQ(dotted.body_octets(), 10U);
}

// The check value of CRC-32 that its definition comes with.
TEST(Message, KnowsTheChecksumOfItsBody) {
  EXPECT_EQ(Message("A: b\r\n\r\n123456789").body_crc(), 0xCBF43926U);
}

}  // namespace
}  // namespace smtpmark::loadgen
