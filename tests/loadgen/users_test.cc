#include "loadgen/users.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

SharedUsers parsed(std::string_view text) {
  auto users = parse_users(text, "users.csv");
  EXPECT_TRUE(users.has_value()) << users.error();
  return users ? *users : one_user("none", "none");
}

void expect_refusal(std::string_view text, std::string_view part) {
  const auto users = parse_users(text, "users.csv");
  ASSERT_FALSE(users.has_value()) << text;
  EXPECT_NE(users.error().find(part), std::string::npos) << users.error();
}

TEST(Users, AreReadWithAndWithoutAHeader) {
  for (const char* header : {"", "user,password\n", "user,password,token\r\n", "\n\n"}) {
    const SharedUsers users = parsed(std::string(header) + "a@x,1\r\nb@x,2,t2\n\nc@x,,t3");
    ASSERT_EQ(users->size(), 3U) << header;
    EXPECT_EQ((*users)[0].name, "a@x");
    EXPECT_EQ((*users)[0].password, "1");
    EXPECT_EQ((*users)[1].token, "t2");
    EXPECT_EQ((*users)[2].password, "");
    ASSERT_NE(users->find("c@x"), nullptr);
    EXPECT_EQ(users->find("c@x")->token, "t3");
    EXPECT_EQ(users->find("d@x"), nullptr);
  }
}

TEST(Users, AQuotedFieldHoldsCommasAndQuotes) {
  const SharedUsers users = parsed("\"a,b\",\"p\"\"w,\"\n");
  EXPECT_EQ((*users)[0].name, "a,b");
  EXPECT_EQ((*users)[0].password, "p\"w,");
}

TEST(Users, WhatIsWrongIsSaidWithItsLine) {
  expect_refusal("", "users.csv has no user");
  expect_refusal("user,password\n", "has no user");
  expect_refusal("a,1\n,2\n", "users.csv:2: the user has no name");
  expect_refusal("a,1\n\nb\n", "users.csv:3: user b has neither a password nor a token");
  expect_refusal("a,1,t,x\n", "users.csv:1: more than user,password,token");
  expect_refusal("a,\"1\n", "users.csv:1: a double quote");
  expect_refusal("a,\"1\"2\n", "users.csv:1: a double quote");
  expect_refusal("a,1\nb,2\na,3\n", "users.csv:3: user a is in line 1 already");
  expect_refusal("a,1\x01\n", "users.csv:1: a user's name, password and token have no control");
  expect_refusal("a," + std::string(kMaxNameOrPassword + 1, 'x'), "users.csv:1: longer than AUTH");
  expect_refusal("a,," + std::string(kMaxToken + 1, 'x'), "users.csv:1: longer than AUTH");
}

TEST(Users, AFileThatCannotBeReadIsNamed) {
  EXPECT_NE(read_users("/does/not/exist").error().find("/does/not/exist"), std::string::npos);
  EXPECT_NE(read_users("/tmp").error().find("folder"), std::string::npos);
  EXPECT_NE(read_users("/dev/zero").error().find("neither a file nor a pipe"), std::string::npos);
  EXPECT_NE(read_token("/does/not/exist").error().find("/does/not/exist"), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen
