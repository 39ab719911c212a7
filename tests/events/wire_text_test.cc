#include "tests/events/wire_text.h"

#include <gtest/gtest.h>

#include <string>

namespace smtpmark::events {
namespace {

using namespace std::string_literals;

TEST(WireText, StandsForOctets) {
  EXPECT_EQ(octets_of("QUIT\\r\\n"), "QUIT\r\n");
  EXPECT_EQ(octets_of("\\0\\t\\\\\\{\\x80\\xFf"), "\0\t\\{\x80\xff"s);
  EXPECT_EQ(octets_of("a{b*3}c{xy*2}{\\r\\n*2}{z*0}"), "abbbcxyxy\r\n\r\n");
  EXPECT_EQ(octets_of("a\nb"), "ab");
}

TEST(WireText, RefusesWhatIsNotItsNotation) {
  for (const std::string text : {"\\", "\\q", "\\x", "\\x8", "\\x8g", "{a", "{a*}", "{a*1",
                                 "{a*-1}", "{a*1x}", "{a}", "{\\q*2}"}) {
    EXPECT_EQ(octets_of(text), std::nullopt) << text;
  }
}

TEST(WireText, GivesBackEveryOctet) {
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  octets += std::string(100, 'a') + std::string(24, '\r') + std::string(23, '{');
  EXPECT_EQ(octets_of(text_of(octets)), octets);
  EXPECT_EQ(text_of(std::string(100, '\0')), "{\\0*100}");
}

}  // namespace
}  // namespace smtpmark::events
