// Address literals (RFC 5321, 4.1.3), as the argument of EHLO.
#include <gtest/gtest.h>

#include <string>

#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

bool accepts(const std::string& literal) {
  const std::string event = "EHLO [" + literal + "] kind=";
  return command_of("EHLO " + literal).starts_with(event);
}

// Where `literal` is wrong, in octets from its opening bracket.
std::string rejection(const std::string& literal) {
  const std::string text = command_of("EHLO " + literal);
  const std::string_view expected = "EHLO rejected: bad address literal at ";
  if (!text.starts_with(expected)) return text;
  return std::to_string(std::stoi(text.substr(expected.size())) - 5);
}

TEST(AddressLiteral, TakesIpv4) {
  for (const std::string text : {"[0.0.0.0]", "[255.255.255.255]", "[192.0.2.1]", "[1.02.003.9]"}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
}

TEST(AddressLiteral, RejectsWhatIsNoIpv4) {
  EXPECT_EQ(rejection("[256.0.0.1]"), "4") << "256: might begin a general literal";
  EXPECT_EQ(rejection("[1.2.3]"), "6");
  EXPECT_EQ(rejection("[1.2.3.4.5]"), "8");
  EXPECT_EQ(rejection("[1.2.3.]"), "7");
  EXPECT_EQ(rejection("[1..2.3]"), "3");
  EXPECT_EQ(rejection("[1.2.3.0004]"), "10");
  EXPECT_EQ(rejection("[]"), "1");
  EXPECT_EQ(rejection("[1.2.3.4"), "8");
}

TEST(AddressLiteral, IsNotBlamedForWhatFollowsIt) {
  EXPECT_EQ(command_of("EHLO [1.2.3.4]x"), "EHLO rejected: bad syntax at 14");
  EXPECT_EQ(command_of("MAIL FROM:<a@[1.2.3.4]x>"), "MAIL rejected: bad syntax at 22");
}

TEST(AddressLiteral, TakesIpv6InFull) {
  EXPECT_TRUE(accepts("[IPv6:2001:0db8:0:1:2:3:4:ffff]"));
  EXPECT_TRUE(accepts("[ipV6:2001:DB8:0:1:2:3:4:F]"));
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:6:7]"), "19");
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:6:7:8:9]"), "21");
  EXPECT_EQ(rejection("[IPv6:12345:2:3:4:5:6:7:8]"), "10");
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:6:7:g]"), "20");
}

TEST(AddressLiteral, TakesIpv6WithOneGapForAtLeastTwoGroups) {
  for (const std::string text :
       {"[IPv6:::]", "[IPv6:::1]", "[IPv6:1::]", "[IPv6:1::2]", "[IPv6:::1:2:3:4:5:6]",
        "[IPv6:1:2:3:4:5:6::]", "[IPv6:1:2:3::4:5:6]", "[IPv6:1::2:3:4:5:6]",
        "[IPv6:1:2:3:4:5::6]"}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
  EXPECT_EQ(rejection("[IPv6:::1:2:3:4:5:6:7]"), "19");
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:6:7::]"), "20");
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:6::7]"), "19");
  EXPECT_EQ(rejection("[IPv6:1::2::3]"), "11");
  EXPECT_EQ(rejection("[IPv6:1:::2]"), "9");
  EXPECT_EQ(rejection("[IPv6::1]"), "7");
}

TEST(AddressLiteral, TakesIpv6WithAnIpv4Tail) {
  for (const std::string text :
       {"[IPv6:1:2:3:4:5:6:192.0.2.1]", "[IPv6:::192.0.2.1]", "[IPv6:::ffff:192.0.2.1]",
        "[IPv6:1::192.0.2.1]", "[IPv6:1:2:3:4::192.0.2.1]", "[IPv6:::1:2:3:4:192.0.2.1]",
        "[IPv6:1:2::3:4:192.0.2.1]"}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5:192.0.2.1]"), "19");
  EXPECT_EQ(rejection("[IPv6:1:2:3:4:5::192.0.2.1]"), "20");
  EXPECT_EQ(rejection("[IPv6:::1:2:3:4:5:192.0.2.1]"), "21");
  EXPECT_EQ(rejection("[IPv6:192.0.2.1]"), "9");
  EXPECT_EQ(rejection("[IPv6:::192.0.2.1:1]"), "17");
}

TEST(AddressLiteral, TakesGeneralOnes) {
  EXPECT_TRUE(accepts("[X:any$thing]"));
  EXPECT_TRUE(accepts("[IPv66:zz]"));
  EXPECT_TRUE(accepts("[a-b:c:d]"));
  EXPECT_EQ(rejection("[X:]"), "3");
  EXPECT_EQ(rejection("[a-:b]"), "3");
  EXPECT_EQ(rejection("[X:a b]"), "4");
  EXPECT_EQ(rejection("[X:a[b]"), "4");
  EXPECT_EQ(rejection("[X:a\\b]"), "4");
}

}  // namespace
}  // namespace smtpmark::parser::testing
