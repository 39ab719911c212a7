#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "parser/capabilities.h"

namespace smtpmark::parser {
namespace {

Capabilities capabilities_of(std::initializer_list<std::string_view> lines) {
  Capabilities capabilities;
  for (const std::string_view line : lines) capabilities.add(line);
  return capabilities;
}

// What is said of one line: "8BITMIME", "SIZE: bad parameter at 5".
std::string event_of(std::string_view text) {
  Capabilities capabilities;
  const CapabilityLine line = capabilities.add(text);
  std::string event(to_string(line.capability));
  if (line.error == SyntaxError::kNone) return event;
  return event + ": " + std::string(to_string(line.error)) + " at " +
         std::to_string(line.error_offset);
}

constexpr unsigned kKeywords = 34;
constexpr unsigned kMechanisms = 18;

TEST(Capabilities, AreKnownByTheirKeywordsInAnyCase) {
  for (unsigned i = 0; i < kKeywords; ++i) {
    const auto capability = static_cast<Capability>(1ULL << i);
    std::string keyword(to_string(capability));
    ASSERT_FALSE(keyword.empty()) << i;
    for (const std::string& text : {keyword, " " + keyword + "\t"}) {
      EXPECT_EQ(capabilities_of({text}).offered, capability) << text;
    }
    for (char& c : keyword) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    EXPECT_EQ(capabilities_of({keyword}).offered, capability) << keyword;
  }
  EXPECT_EQ(to_string(static_cast<Capability>(1ULL << kKeywords)), "");
  EXPECT_EQ(to_string(kCapNone), "");
}

TEST(Capabilities, AreUnknownWithOneOctetChanged) {
  for (unsigned i = 0; i < kKeywords; ++i) {
    const std::string keyword(to_string(static_cast<Capability>(1ULL << i)));
    for (std::size_t at = 0; at < keyword.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string changed = keyword;
        changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
        const bool letter = keyword[at] >= 'A';
        if (letter && bit == 5) continue;  // its other case
        const Capabilities found = capabilities_of({changed});
        EXPECT_FALSE(found.has(static_cast<Capability>(1ULL << i)) && changed[at] != ' ' &&
                     changed[at] != '\t')
            << changed;
      }
    }
    EXPECT_EQ(capabilities_of({keyword + "X", "X" + keyword, keyword + "\x01"}).offered, 0U);
  }
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
  EXPECT_EQ(capabilities_of({"SIZE 00000000000000000010"}).size_limit, 10U);
  EXPECT_EQ(event_of("SIZE"), "SIZE");
}

TEST(Capabilities, SayWhereAMalformedValueIsWrong) {
  for (const auto& [text, event] : std::initializer_list<std::pair<const char*, const char*>>{
           {"SIZE 10k", "SIZE: bad parameter at 7"},
           {"SIZE -1", "SIZE: bad parameter at 5"},
           {"SIZE 18446744073709551616", "SIZE: number too large at 24"},
           {"SIZE 000000000000000000010", "SIZE: bad parameter at 25"},
           {"  SIZE  1 2", "SIZE: bad parameter at 10"},
           {"DELIVERBY x", "DELIVERBY: bad parameter at 10"},
           {"DELIVERBY 1000000000", "DELIVERBY: number too large at 19"},
           {"DELIVERBY 1 2", "DELIVERBY: bad parameter at 12"},
           {"FUTURERELEASE", "FUTURERELEASE: bad parameter at 13"},
           {"FUTURERELEASE 60", "FUTURERELEASE: bad parameter at 16"},
           {"FUTURERELEASE 60 2030-13-01T00:00:00Z", "FUTURERELEASE: bad parameter at 23"},
           {"FUTURERELEASE x 2030-01-01T00:00:00Z", "FUTURERELEASE: bad parameter at 14"},
           {"FUTURERELEASE 60 2030-01-01T00:00:00Z x", "FUTURERELEASE: bad parameter at 38"},
           {"MT-PRIORITY MIXER NSEP", "MT-PRIORITY: bad parameter at 18"},
           {"LIMITS", "LIMITS: bad parameter at 6"},
           {"LIMITS RCPTMAX", "LIMITS: bad parameter at 14"},
           {"LIMITS RCPTMAX=", "LIMITS: bad parameter at 15"},
           {"LIMITS RCPTMAX=0", "LIMITS: bad parameter at 15"},
           {"LIMITS RCPTMAX=012", "LIMITS: bad parameter at 15"},
           {"LIMITS RCPTMAX=1000000", "LIMITS: number too large at 21"},
           {"LIMITS RCPTMAX=1x MAILMAX=2x", "LIMITS: bad parameter at 16"},
           {"LIMITS =1", "LIMITS: bad parameter at 7"},
           {"LIMITS A.B=1", "LIMITS: bad parameter at 8"},
           {"NO-SOLICITING 1a", "NO-SOLICITING: bad parameter at 14"},
           {"NO-SOLICITING a,", "NO-SOLICITING: bad parameter at 16"},
           {"NO-SOLICITING a,,b", "NO-SOLICITING: bad parameter at 16"},
           {"NO-SOLICITING a b", "NO-SOLICITING: bad parameter at 16"}}) {
    EXPECT_EQ(event_of(text), event);
    const Capabilities capabilities = capabilities_of({text});
    EXPECT_EQ(capabilities.malformed, capabilities.offered) << text;
    EXPECT_EQ(capabilities.size_limit + capabilities.deliver_by_min_s +
                  capabilities.hold_for_max_s + capabilities.hold_until_max_s +
                  capabilities.rcpt_max,
              0U)
        << text;
    EXPECT_EQ(capabilities.priority_profile, PriorityProfile::kNone) << text;
  }
}

TEST(Capabilities, SayWhereAKeywordIsNone) {
  EXPECT_EQ(event_of("AUTH=LOGIN"), ": bad syntax at 4");
  EXPECT_EQ(event_of("-X"), ": bad syntax at 0");
  EXPECT_EQ(event_of(""), ": bad syntax at 0");
  EXPECT_EQ(event_of("X-OWN.1"), ": bad syntax at 5");
  EXPECT_EQ(event_of("X-OWN any & thing"), "") << "unknown, but not wrong";
  EXPECT_EQ(event_of(std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
            "");
}

TEST(Capabilities, ForgetThatALineWasMalformedWhenALaterOneIsNot) {
  const Capabilities capabilities = capabilities_of({"SIZE x", "SIZE 5"});
  EXPECT_EQ(capabilities.malformed, 0U);
  EXPECT_EQ(capabilities.size_limit, 5U);
}

TEST(Capabilities, DecodeTheValuesOfTheExtensions) {
  const Capabilities all = capabilities_of(
      {"DELIVERBY 240,x", "FUTURERELEASE 86400 2030-01-31T23:59:59Z", "MT-PRIORITY stanag4406",
       "LIMITS RCPTMAX=20 mailmax=999999 X_OWN RCPTDOMAINMAX=1", "BURL imap imap://a.example",
       "NO-SOLICITING net.example:ADV,org.example:x_1", "SIZE"});
  EXPECT_EQ(all.malformed, 0U);
  EXPECT_EQ(all.deliver_by_min_s, 240U);
  EXPECT_EQ(all.hold_for_max_s, 86400U);
  EXPECT_EQ(all.hold_until_max_s, 1896134399U);
  EXPECT_EQ(all.priority_profile, PriorityProfile::kStanag4406);
  EXPECT_EQ(all.rcpt_max, 20U);
  EXPECT_EQ(all.mail_max, 999999U);
  EXPECT_EQ(all.rcpt_domain_max, 1U);
  EXPECT_TRUE(all.burl_imap);
}

TEST(Capabilities, MayLackTheValuesThatAreOptional) {
  const Capabilities all = capabilities_of({"DELIVERBY", "MT-PRIORITY", "BURL imap://a.example",
                                            "NO-SOLICITING", "DELIVERBY ,x", "XCLIENT", "AUTH"});
  EXPECT_EQ(all.malformed, 0U);
  EXPECT_EQ(all.deliver_by_min_s, 0U);
  EXPECT_EQ(all.priority_profile, PriorityProfile::kNone);
  EXPECT_FALSE(all.burl_imap);
  EXPECT_EQ(capabilities_of({"MT-PRIORITY other"}).priority_profile, PriorityProfile::kOther);
}

TEST(Capabilities, KeepTheLimitsBesideAMalformedOne) {
  const Capabilities capabilities = capabilities_of({"LIMITS RCPTMAX=x MAILMAX=7"});
  EXPECT_TRUE(capabilities.has(kCapLimits));
  EXPECT_EQ(capabilities.malformed, kCapLimits);
  EXPECT_EQ(capabilities.rcpt_max, 0U);
  EXPECT_EQ(capabilities.mail_max, 7U);
}

TEST(Capabilities, IgnoreTheValuesOfAKeywordThatHasNone) {
  const Capabilities capabilities = capabilities_of({"STARTTLS REQUIRED", "SMTPUTF8 x"});
  EXPECT_EQ(capabilities.offered, kCapStarttls | kCapSmtpUtf8);
  EXPECT_EQ(capabilities.malformed, 0U);
}

TEST(Capabilities, TellTheAttributesOfAProxy) {
  const Capabilities all = capabilities_of(
      {"XCLIENT NAME addr PORT PROTO HELO LOGIN DESTADDR DESTPORT", "XFORWARD IDENT SOURCE NEW"});
  EXPECT_EQ(all.xclient, kProxyName | kProxyAddr | kProxyPort | kProxyProto | kProxyHelo |
                             kProxyLogin | kProxyDestAddr | kProxyDestPort);
  EXPECT_EQ(all.xforward, kProxyIdent | kProxySource | kProxyUnknown);
}

TEST(Capabilities, TellEveryMechanism) {
  std::string all = "AUTH";
  for (unsigned i = 0; i < kMechanisms; ++i) {
    const auto mechanism = static_cast<AuthMechanism>(1U << i);
    const std::string name(to_string(mechanism));
    ASSERT_FALSE(name.empty()) << i;
    EXPECT_EQ(capabilities_of({"AUTH " + name}).mechanisms, mechanism) << name;
    all += " " + name;
  }
  EXPECT_EQ(capabilities_of({all}).mechanisms, (1U << kMechanisms) - 1);
  EXPECT_EQ(capabilities_of({"AUTH  plain\tNTLM LOGIN ", "AUTH XOAUTH2"}).mechanisms,
            kAuthPlain | kAuthLogin | kAuthNtlm | kAuthXoauth2);
  EXPECT_EQ(capabilities_of({"AUTH X-OWN SCRAM-SHA-256-MINUS"}).mechanisms, kAuthUnknown);
  EXPECT_EQ(to_string(kAuthUnknown), "");
}

TEST(Capabilities, HandOutTheWordsOfALineAsTheyCame) {
  Capabilities capabilities;
  const std::string_view text = "\tSize \t 10 ";
  const CapabilityLine line = capabilities.add(text);
  EXPECT_EQ(line.capability, kCapSize);
  EXPECT_EQ(line.keyword, "Size");
  EXPECT_EQ(line.value, "10");
  EXPECT_EQ(line.keyword.data(), text.data() + 1);
  const CapabilityLine unknown = capabilities.add("XVERP  a b");
  EXPECT_EQ(unknown.capability, kCapNone);
  EXPECT_EQ(unknown.keyword, "XVERP");
  EXPECT_EQ(unknown.value, "a b");
}

}  // namespace
}  // namespace smtpmark::parser
