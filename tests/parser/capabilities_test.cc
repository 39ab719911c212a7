#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "parser/capabilities.h"

namespace smtpmark::parser {
namespace {

Capabilities capabilities_of(std::initializer_list<std::string_view> lines) {
  Capabilities capabilities;
  for (const std::string_view line : lines) capabilities.add(line);
  return capabilities;
}

TEST(Capabilities, AreKnownByTheirKeywords) {
  EXPECT_EQ(capabilities_of({"PIPELINING"}).offered, kCapPipelining);
  EXPECT_EQ(capabilities_of({"SIZE"}).offered, kCapSize);
  EXPECT_EQ(capabilities_of({"8BITMIME"}).offered, kCap8bitMime);
  EXPECT_EQ(capabilities_of({"SMTPUTF8"}).offered, kCapSmtpUtf8);
  EXPECT_EQ(capabilities_of({"CHUNKING"}).offered, kCapChunking);
  EXPECT_EQ(capabilities_of({"BINARYMIME"}).offered, kCapBinaryMime);
  EXPECT_EQ(capabilities_of({"ENHANCEDSTATUSCODES"}).offered, kCapEnhancedStatusCodes);
  EXPECT_EQ(capabilities_of({"STARTTLS"}).offered, kCapStarttls);
  EXPECT_EQ(capabilities_of({"AUTH"}).offered, kCapAuth);
  EXPECT_EQ(capabilities_of({"DSN"}).offered, kCapDsn);
}

TEST(Capabilities, AddUpLineByLineInAnyCase) {
  const Capabilities all = capabilities_of({"Pipelining", "starttls ", "dsn"});
  EXPECT_TRUE(all.has(kCapPipelining));
  EXPECT_TRUE(all.has(kCapStarttls));
  EXPECT_TRUE(all.has(kCapDsn));
  EXPECT_FALSE(all.has(kCapSize));
}

TEST(Capabilities, IgnoreUnknownKeywordsAndObsoleteForms) {
  const Capabilities none = capabilities_of(
      {"", " ", "XVERP", "AUTH=LOGIN PLAIN", "STARTTLSX", "X PIPELINING", "SIZE=1"});
  EXPECT_EQ(none.offered, 0U);
  EXPECT_EQ(none.mechanisms, 0U);
  EXPECT_EQ(none.size_limit, 0U);
}

TEST(Capabilities, TellTheSizeLimit) {
  EXPECT_EQ(capabilities_of({"SIZE 10485760"}).size_limit, 10485760U);
  EXPECT_EQ(capabilities_of({"size 0"}).size_limit, 0U);
  EXPECT_EQ(capabilities_of({"SIZE 18446744073709551615"}).size_limit, 18446744073709551615U);
}

TEST(Capabilities, StateNoLimitWhenItIsNoNumber) {
  for (const std::string_view line : {"SIZE", "SIZE 10k", "SIZE -1", "SIZE 18446744073709551616"}) {
    const Capabilities capabilities = capabilities_of({line});
    EXPECT_TRUE(capabilities.has(kCapSize)) << line;
    EXPECT_EQ(capabilities.size_limit, 0U) << line;
  }
}

TEST(Capabilities, TellEveryMechanism) {
  EXPECT_EQ(capabilities_of({"AUTH PLAIN"}).mechanisms, kAuthPlain);
  EXPECT_EQ(capabilities_of({"AUTH login"}).mechanisms, kAuthLogin);
  EXPECT_EQ(capabilities_of({"AUTH CRAM-MD5"}).mechanisms, kAuthCramMd5);
  EXPECT_EQ(capabilities_of({"AUTH SCRAM-SHA-1"}).mechanisms, kAuthScramSha1);
  EXPECT_EQ(capabilities_of({"AUTH SCRAM-SHA-256"}).mechanisms, kAuthScramSha256);
  EXPECT_EQ(capabilities_of({"AUTH XOAUTH2"}).mechanisms, kAuthXoauth2);
  EXPECT_EQ(capabilities_of({"AUTH OAUTHBEARER"}).mechanisms, kAuthOauthBearer);
  EXPECT_EQ(capabilities_of({"AUTH  PLAIN\tNTLM LOGIN ", "AUTH XOAUTH2"}).mechanisms,
            kAuthPlain | kAuthLogin | kAuthNtlm | kAuthXoauth2);
  EXPECT_EQ(capabilities_of({"AUTH SCRAM-SHA-256-PLUS"}).mechanisms, kAuthScramSha256Plus);
  EXPECT_EQ(capabilities_of({"AUTH X-OWN"}).mechanisms, kAuthUnknown);
}

}  // namespace
}  // namespace smtpmark::parser
