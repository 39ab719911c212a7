// The verbs and parameters of the extensions, and what is decoded of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parser/command_parser.h"
#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

std::string mail_with(const std::string& parameter) {
  const std::string text = command_of("MAIL FROM:<a@b> " + parameter);
  const std::string head = "MAIL local=[a] domain=[b]";
  const std::string raw = " raw=[" + parameter + "]";
  if (!text.starts_with(head) || !text.ends_with(raw)) return text;
  return text.substr(head.size(), text.size() - head.size() - raw.size());
}

std::string rcpt_with(const std::string& parameter) {
  const std::string text = command_of("RCPT TO:<a@b> " + parameter);
  const std::string head = "RCPT local=[a] domain=[b]";
  const std::string raw = " raw=[" + parameter + "]";
  if (!text.starts_with(head) || !text.ends_with(raw)) return text;
  return text.substr(head.size(), text.size() - head.size() - raw.size());
}

// Verbs

TEST(ExtensionVerbs, OfBurlTakeAUrlAndLast) {
  EXPECT_EQ(command_of("BURL imap://a@b/c;urlauth=x:internal:9%20"),
            "BURL [imap://a@b/c;urlauth=x:internal:9%20]");
  EXPECT_EQ(command_of("burl x:y last"), "BURL [x:y] last");
  EXPECT_EQ(command_of("BURL"), "BURL rejected: bad syntax at 4");
  EXPECT_EQ(command_of("BURL /relative"), "BURL rejected: bad syntax at 5");
  EXPECT_EQ(command_of("BURL imap: LAST"), "BURL rejected: bad syntax at 10");
  EXPECT_EQ(command_of("BURL x:%2"), "BURL rejected: bad syntax at 9");
  EXPECT_EQ(command_of("BURL x:y#z"), "BURL rejected: bad syntax at 8");
  EXPECT_EQ(command_of("BURL x:y LAS"), "BURL rejected: bad syntax at 12");
}

TEST(ExtensionVerbs, OfEtrnTakeANode) {
  EXPECT_EQ(command_of("ETRN a.example"), "ETRN [a.example]");
  EXPECT_EQ(command_of("ETRN @a.example"), "ETRN [@a.example]");
  EXPECT_EQ(command_of("ETRN #queue_1"), "ETRN [#queue_1]");
  EXPECT_EQ(command_of("ETRN"), "ETRN rejected: bad syntax at 4");
  EXPECT_EQ(command_of("ETRN #"), "ETRN rejected: bad syntax at 6");
  EXPECT_EQ(command_of("ETRN @#a"), "ETRN rejected: bad syntax at 6");
}

TEST(ExtensionVerbs, OfAtrnTakeDomainsOrNone) {
  EXPECT_EQ(command_of("ATRN"), "ATRN");
  EXPECT_EQ(command_of("ATRN a.example,b.example"), "ATRN [a.example,b.example]");
  EXPECT_EQ(command_of("ATRN a,"), "ATRN rejected: bad syntax at 7");
  EXPECT_EQ(command_of("ATRN a, b"), "ATRN rejected: bad syntax at 7");
  const std::string domain(255, 'd');
  EXPECT_EQ(command_of("ATRN x," + domain), "ATRN [x," + domain + "]");
  EXPECT_EQ(command_of("ATRN x," + domain + "d"), "ATRN rejected: domain too long at 262");
}

TEST(ExtensionVerbs, OfXclientAndXforwardTakeAttributes) {
  for (const std::string verb : {"XCLIENT", "XFORWARD"}) {
    EXPECT_EQ(command_of(verb + " NAME=a.example addr=IPv6:::1 HELO="),
              verb + " raw=[NAME=a.example addr=IPv6:::1 HELO=]");
    EXPECT_EQ(command_of(verb + " NAME=[UNAVAILABLE]"), verb + " raw=[NAME=[UNAVAILABLE]]");
    const auto at = [&](int offset) { return std::to_string(verb.size() + offset); };
    EXPECT_EQ(command_of(verb), verb + " rejected: bad syntax at " + at(0));
    EXPECT_EQ(command_of(verb + " NAME"), verb + " rejected: bad parameter at " + at(5));
    EXPECT_EQ(command_of(verb + " NAME=a+b"), verb + " rejected: bad parameter at " + at(8));
    EXPECT_EQ(command_of(verb + " A=b a=c"), verb + " rejected: duplicate parameter at " + at(5));
  }
}

TEST(ExtensionVerbs, ThatAreObsoleteAreRecognised) {
  EXPECT_EQ(command_of("TURN"), "TURN");
  EXPECT_EQ(command_of("TURN x"), "TURN rejected: bad syntax at 5");
  for (const std::string verb : {"SEND", "SOML", "SAML"}) {
    EXPECT_EQ(command_of(verb + " FROM:<a@b>"), verb + " local=[a] domain=[b]");
    EXPECT_EQ(command_of(verb + " FROM:<>"), verb + " local=[] domain=[]");
    EXPECT_EQ(command_of(verb + " TO:<a@b>"), verb + " rejected: bad syntax at 5");
  }
}

TEST(ExtensionVerbs, AreWholeWords) {
  for (const std::string line : {"XCLIENTS a=b", "XCLI a=b", "XFORWARDS a=b", "XFORWAR a=b", "BUR",
                                 "GET / HTTP/1.1", "POST / HTTP/1.1", "\x16\x03\x01"}) {
    EXPECT_EQ(command_of(line), "UNKNOWN rejected: unknown command at 0") << line;
  }
}

TEST(ExtensionVerbs, SayWhetherTheyPause) {
  const std::vector<std::string> pausing = {"STARTTLS", "DATA",        "BDAT 1", "AUTH PLAIN",
                                            "BURL x:y", "XCLIENT A=b", "ATRN a", "QUIT",
                                            "BDAT x",   "BDAT 5 x"};
  const std::vector<std::string> others = {"EHLO a",      "MAIL FROM:<>", "RSET",
                                           "XFORWARD A=", "STARTTLS x",   "QUIT x",
                                           "DATA x",      "NOOP",         "ETRN a"};
  const auto pauses_after = [](const std::string& line) {
    const std::string input = line + "\r\nDATA\r\n";
    CommandParser parser;
    Command command;
    EXPECT_EQ(parser.feed(input, command).consumed, line.size() + 2);
    return pauses(command);
  };
  for (const std::string& line : pausing) EXPECT_TRUE(pauses_after(line)) << line;
  for (const std::string& line : others) EXPECT_FALSE(pauses_after(line)) << line;
}

// Parameters

TEST(ExtensionParameters, OfDeliverBy) {
  EXPECT_EQ(mail_with("BY=120;R"), " by=120R");
  EXPECT_EQ(mail_with("by=-3;nt"), " by=-3NT");
  EXPECT_EQ(mail_with("BY=+999999999;RT"), " by=999999999RT");
  EXPECT_EQ(mail_with("BY=0;N"), " by=0N");
  EXPECT_EQ(mail_with("BY=0;R"), "MAIL rejected: bad parameter at 21");
  EXPECT_EQ(mail_with("BY=-1;R"), "MAIL rejected: bad parameter at 22");
  EXPECT_EQ(mail_with("BY=1234567890;N"), "MAIL rejected: bad parameter at 28");
  EXPECT_EQ(mail_with("BY=1;T"), "MAIL rejected: bad parameter at 21");
  EXPECT_EQ(mail_with("BY=1;NTT"), "MAIL rejected: bad parameter at 23");
  EXPECT_EQ(mail_with("BY=1"), "MAIL rejected: bad parameter at 20");
}

TEST(ExtensionParameters, OfFutureRelease) {
  EXPECT_EQ(mail_with("HOLDFOR=1"), " holdfor=1");
  EXPECT_EQ(mail_with("HOLDFOR=999999999"), " holdfor=999999999");
  EXPECT_EQ(mail_with("HOLDFOR=0"), "MAIL rejected: bad parameter at 24");
  EXPECT_EQ(mail_with("HOLDFOR=1000000000"), "MAIL rejected: bad parameter at 33");
  EXPECT_EQ(mail_with("HOLDUNTIL=1970-01-01T00:00:00Z"), " holduntil=0");
  EXPECT_EQ(mail_with("HOLDUNTIL=2026-11-23t16:56:29.75z"), " holduntil=1795452989");
  EXPECT_EQ(mail_with("HOLDUNTIL=2026-11-23T17:56:29+01:00"), " holduntil=1795452989");
  EXPECT_EQ(mail_with("HOLDUNTIL=2026-11-23T11:26:29-05:30"), " holduntil=1795452989");
  EXPECT_EQ(mail_with("HOLDFOR=1 HOLDUNTIL=1970-01-01T00:00:00Z"),
            "MAIL rejected: duplicate parameter at 26");
}

TEST(ExtensionParameters, OfTimeFollowRfc3339) {
  EXPECT_EQ(rcpt_with("RRVS=2024-02-29T00:00:00Z"), " rrvs=1709164800");
  EXPECT_EQ(rcpt_with("RRVS=2000-02-29T00:00:00Z;C"), " rrvs=951782400C");
  EXPECT_EQ(rcpt_with("RRVS=1969-12-31T23:59:60Z;r"), " rrvs=0R");
  EXPECT_EQ(rcpt_with("RRVS=0000-01-01T00:00:00Z"), " rrvs=-62167219200");
  EXPECT_EQ(rcpt_with("RRVS=9999-12-31T23:59:59Z"), " rrvs=253402300799");
  EXPECT_EQ(rcpt_with("RRVS=1900-02-29T00:00:00Z"), "RCPT rejected: bad parameter at 28");
  EXPECT_EQ(rcpt_with("RRVS=2024-04-31T00:00:00Z"), "RCPT rejected: bad parameter at 28");
  EXPECT_EQ(rcpt_with("RRVS=2023-02-30T00:00:00Z"), "RCPT rejected: bad parameter at 27");
  EXPECT_EQ(rcpt_with("RRVS=2024-13-01T00:00:00Z"), "RCPT rejected: bad parameter at 25");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-00T00:00:00Z"), "RCPT rejected: bad parameter at 28");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T24:00:00Z"), "RCPT rejected: bad parameter at 31");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T00:60:00Z"), "RCPT rejected: bad parameter at 33");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T00:00:61Z"), "RCPT rejected: bad parameter at 37");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T00:00:00"), "RCPT rejected: bad parameter at 38");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T00:00:00.5Z"), "RCPT rejected: bad parameter at 38");
  EXPECT_EQ(rcpt_with("RRVS=2024-01-01T00:00:00Z;X"), "RCPT rejected: bad parameter at 40");
}

TEST(ExtensionParameters, OfMessageTracking) {
  EXPECT_EQ(mail_with("MTRK=AAAA"), " mtrk=[AAAA]:0");
  EXPECT_EQ(mail_with("MTRK=QUJDREVGR0hJSktMTU5PUFFSU1Q:3600"),
            " mtrk=[QUJDREVGR0hJSktMTU5PUFFSU1Q]:3600");
  EXPECT_EQ(mail_with("MTRK=AAA="), "MAIL rejected: bad parameter at 24");
  EXPECT_EQ(mail_with("MTRK=AAAA:"), "MAIL rejected: bad parameter at 26");
  EXPECT_EQ(mail_with("MTRK=AAAA:1234567890"), "MAIL rejected: bad parameter at 35");
}

TEST(ExtensionParameters, OfPriorityAreFromMinus9To9) {
  for (int priority = -9; priority <= 9; ++priority) {
    const std::string text = std::to_string(priority);
    EXPECT_EQ(mail_with("MT-PRIORITY=" + text), " priority=" + text);
  }
  EXPECT_EQ(mail_with("MT-PRIORITY=10"), "MAIL rejected: bad parameter at 29");
  EXPECT_EQ(mail_with("MT-PRIORITY=-0"), "MAIL rejected: bad parameter at 29");
  EXPECT_EQ(mail_with("MT-PRIORITY=+1"), "MAIL rejected: bad parameter at 28");
  EXPECT_EQ(mail_with("MT-PRIORITY"), "MAIL rejected: bad parameter at 27");
}

TEST(ExtensionParameters, OfRequireTlsHaveNoValue) {
  EXPECT_EQ(mail_with("requiretls"), " requiretls");
  EXPECT_EQ(mail_with("REQUIRETLS=yes"), "MAIL rejected: bad parameter at 26");
}

TEST(ExtensionParameters, AreRejectedOnTheWrongCommand) {
  for (const std::string parameter : {"BY=1;N", "HOLDFOR=1", "HOLDUNTIL=1970-01-01T00:00:00Z",
                                      "MTRK=AAAA", "MT-PRIORITY=0", "REQUIRETLS"}) {
    EXPECT_EQ(rcpt_with(parameter), "RCPT rejected: bad parameter at 14") << parameter;
    EXPECT_EQ(mail_with(parameter + " " + parameter),
              "MAIL rejected: duplicate parameter at " + std::to_string(17 + parameter.size()));
  }
  EXPECT_EQ(mail_with("RRVS=1970-01-01T00:00:00Z"), "MAIL rejected: bad parameter at 16");
}

TEST(ExtensionParameters, UnknownAreRejectedWhenGivenTwice) {
  EXPECT_EQ(mail_with("X-A=1 Y X-B=1"), " unknown");
  EXPECT_EQ(mail_with("X-A=1 Y x-a=2"), "MAIL rejected: duplicate parameter at 24");
  EXPECT_EQ(rcpt_with("X SIZE2 x"), "RCPT rejected: duplicate parameter at 22");
}

TEST(ExtensionParameters, UnknownAreLimitedInNumber) {
  std::string parameters;
  for (std::size_t i = 0; i < kMaxUnknownParameters; ++i) {
    parameters += "X" + std::to_string(i) + " ";
  }
  EXPECT_EQ(mail_with(parameters + "SIZE=1"), " size=1 unknown");
  EXPECT_EQ(mail_with(parameters + "Y"),
            "MAIL rejected: too many parameters at " + std::to_string(16 + parameters.size()));
}

TEST(ExtensionParameters, AreWalkedOverRaw) {
  const std::string raw = "SIZE=1  SMTPUTF8\tX=<>;y";
  std::string text;
  for (const RawParameter& parameter : RawParameters(raw)) {
    text += "[" + std::string(parameter.keyword) + "|" + std::string(parameter.value) + "]";
  }
  EXPECT_EQ(text, "[SIZE|1][SMTPUTF8|][X|<>;y]");
  EXPECT_TRUE(RawParameters(std::string_view()).begin() == RawParameters(raw).end());
}

// Copies that are decoded

TEST(Decoding, OfALocalPartTakesQuotesAndBackslashesAway) {
  const auto decoded = [](std::string_view path_text) {
    const std::string input = "RCPT TO:<" + std::string(path_text) + "@b>\r\n";
    CommandParser parser;
    Command command;
    EXPECT_EQ(parser.feed(input, command).status, Status::kReady) << input;
    std::string out(command.path.local_part.size(), '\0');
    out.resize(decode_local_part(command.path, out.data()));
    EXPECT_TRUE(command.path.is_escaped || out == command.path.unquoted());
    return out;
  };
  EXPECT_EQ(decoded("plain"), "plain");
  EXPECT_EQ(decoded("\"a b\""), "a b");
  EXPECT_EQ(decoded("\"\""), "");
  EXPECT_EQ(decoded("\"a\\\"b\\\\\\ c\""), "a\"b\\ c");
}

TEST(Decoding, OfXtextReplacesHexadecimals) {
  const auto decoded = [](std::string_view xtext) {
    std::string out(xtext.size(), '\0');
    out.resize(decode_xtext(xtext, out.data()));
    return out;
  };
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("a+2Bb+3D"), "a+b=");
  EXPECT_EQ(decoded("+C3+A4"), "\xc3\xa4");
  EXPECT_EQ(decoded("cut+4"), "cut+4") << "not xtext, and not read behind its end";
}

TEST(Decoding, OfOrcptGoesByItsType) {
  const auto decoded = [](std::string_view type, std::string_view address) {
    std::string out(address.size(), '\0');
    out.resize(decode_orcpt(type, address, out.data()));
    return out;
  };
  EXPECT_EQ(decoded("rfc822", "a+2Bb\\x{2B}"), "a+b\\x{2B}");
  EXPECT_EQ(decoded("UTF-8", "a\\x{2b}b\\x{5C}+41"), "a+b\\+41");
  EXPECT_EQ(decoded("utf-8", "\\x{E4}\\x{7FF}\\x{20AC}\\x{D7FF}\\x{1F4E7}\\x{10FFFF}"),
            "\xc3\xa4\xdf\xbf\xe2\x82\xac\xed\x9f\xbf\xf0\x9f\x93\xa7\xf4\x8f\xbf\xbf");
  for (const std::string_view other :
       {"\\", "\\x", "\\x{", "\\x{}", "\\x{4", "\\x{zz}", "\\x{D800}", "\\x{110000}",
        "\\x{1000000000000000041}", "\\X{41}"}) {
    EXPECT_EQ(decoded("utf-8", other), other) << "no escape, and not read behind its end";
  }
}

// SMTPUTF8

TEST(Smtputf8, IsNeededByAMailWhosePathIsNotAscii) {
  EXPECT_EQ(reverse_path_of("<\xc3\xa4@b>"), "rejected: SMTPUTF8 missing at 11");
  EXPECT_EQ(reverse_path_of("<a@\xc3\xa4> SIZE=1"), "rejected: SMTPUTF8 missing at 13");
  EXPECT_EQ(reverse_path_of("<@\xc3\xa4:a@b>"), "rejected: SMTPUTF8 missing at 12");
  EXPECT_EQ(reverse_path_of("<\xc3\xa4@b> SMTPUTF8"),
            "local=[\xc3\xa4] domain=[b] utf8 smtputf8 raw=[SMTPUTF8]");
  EXPECT_EQ(command_of("RCPT TO:<\xc3\xa4@b>"), "RCPT local=[\xc3\xa4] domain=[b] utf8")
      << "the caller knows what the MAIL said";
}

}  // namespace
}  // namespace smtpmark::parser::testing
