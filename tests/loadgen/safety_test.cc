#include "loadgen/safety.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

io::Address address(const char* text) {
  return io::Address::resolve(text).value();
}

TEST(Safety, KnowsTheReservedDomains) {
  for (const char* reserved :
       {"example.com", "EXAMPLE.ORG", "mx.example.net", "a.b.test", "test", "x.invalid",
        "localhost", "y.example", "example.com.", "[127.0.0.1]", "[IPv6:::1]"}) {
    EXPECT_TRUE(is_reserved_domain(reserved)) << reserved;
  }
  for (const char* real : {"", "example.de", "notexample.com", "example.com.evil.net", "test.com",
                           "gmail.com", "[192.0.2.1]", "invalid.org"}) {
    EXPECT_FALSE(is_reserved_domain(real)) << real;
  }
}

TEST(Safety, LoopbackIsFree) {
  EXPECT_TRUE(check_target(address("127.0.0.1:25"), false, false).has_value());
  EXPECT_TRUE(check_target(address("[::1]:25"), false, false).has_value());
  EXPECT_TRUE(check_target(address("127.8.9.10:25"), false, false).has_value());
}

TEST(Safety, AnythingElseNeedsAWord) {
  const auto remote = check_target(address("10.0.0.1:25"), false, false);
  ASSERT_FALSE(remote.has_value());
  EXPECT_NE(remote.error().find("--allow-remote"), std::string::npos);
  EXPECT_TRUE(check_target(address("10.0.0.1:25"), true, false).has_value());
  EXPECT_TRUE(check_target(address("[fd00::1]:25"), true, false).has_value());
}

TEST(Safety, APublicAddressNeedsAuthorization) {
  for (const char* target : {"192.0.2.1:25", "[2001:db8::1]:25", "172.32.0.1:25", "11.0.0.1:25"}) {
    const auto result = check_target(address(target), true, false);
    ASSERT_FALSE(result.has_value()) << target;
    EXPECT_NE(result.error().find("--i-am-authorized"), std::string::npos);
    EXPECT_TRUE(check_target(address(target), true, true).has_value());
    EXPECT_FALSE(check_target(address(target), false, true).has_value());
  }
}

TEST(Safety, ARealRecipientNeedsAuthorizationEvenOnLoopback) {
  const auto result = check_recipient("a@gmail.com", false);
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().find("--i-am-authorized"), std::string::npos);
  EXPECT_TRUE(check_recipient("a@gmail.com", true).has_value());
  EXPECT_TRUE(check_recipient("a@mx.test", false).has_value());
}

}  // namespace
}  // namespace smtpmark::loadgen
