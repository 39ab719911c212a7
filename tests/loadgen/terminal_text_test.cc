#include "loadgen/terminal_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loadgen/report_table.h"
#include "tests/loadgen/sample_result.h"

namespace smtpmark::loadgen::testing {
namespace {

using nlohmann::json;
using std::string_view_literals::operator""sv;

TEST(TerminalText, ControlCharactersAreShownAndNotObeyed) {
  EXPECT_EQ(printable("454 x\x1b[31my"sv), "454 x\\x1b[31my");
  EXPECT_EQ(printable("a\0b\r\n\t\x7f"sv), "a\\x00b\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\xc2\x80"sv),
            "\\xc2\\x9b31m\\xc2\\x80");
  EXPECT_EQ(printable_lines("a\n\x1b\n"), "a\n\\x1b\n");
}

TEST(TerminalText, WhatIsTextIsKept) {
  for (const std::string_view text : {""sv, "plain \\x1b ~"sv, "\xc2\xa0"sv, "gr\xc3\xbc\xc3\x9f"sv,
                                      "\xe2\x82\xac"sv, "\xf0\x9f\x93\xac"sv}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(TerminalText, WhatIsNoUtf8IsShownOctetByOctet) {
  EXPECT_EQ(printable("\x9b"
                      "31m"sv),
            "\\x9b31m");
  EXPECT_EQ(printable("caf\xe9"sv), "caf\\xe9");
  EXPECT_EQ(printable("\xe2\x82\x1b"sv), "\\xe2\\x82\\x1b");
  EXPECT_EQ(printable("\xc1\x9b\xff"sv), "\\xc1\\x9b\\xff");
  EXPECT_EQ(printable("\xe0\x82\x9b"sv), "\\xe0\\x82\\x9b");
}

TEST(TerminalText, ATableHoldsNoControlCharacters) {
  json result = sample_result("job\x1b]0;taken\x07");
  result["jobs"][0]["errors"][0]["sample"] = "454 x\x1b[31my\r\nforged line";
  result["jobs"][0]["auth_by_mechanism"] = {{"PLAIN\x1b[2J", 1}};
  result["notes"] = {
      "a\xc2\x9b"
      "2Jb"};
  const auto table = render_result(result, "one.json");
  ASSERT_TRUE(table.has_value()) << table.error();
  EXPECT_EQ(*table, printable_lines(*table));
  for (const char* part : {"errors: job\\x1b]0;taken\\x07", "454 x\\x1b[31my\\x0d\\x0aforged line",
                           "PLAIN\\x1b[2J 1", "a\\xc2\\x9b2Jb"}) {
    EXPECT_NE(table->find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
