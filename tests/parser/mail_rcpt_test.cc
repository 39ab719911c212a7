// MAIL and RCPT: their paths and their parameters.
#include <gtest/gtest.h>

#include <string>

#include "parser/command_parser.h"
#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::string_literals;

std::string mail_with(const std::string& parameters) {
  const std::string head = "MAIL local=[a] domain=[b]";
  const std::string text = command_of("MAIL FROM:<a@b> " + parameters);
  return text.starts_with(head) ? text.substr(head.size()) : text;
}

std::string rcpt_with(const std::string& parameters) {
  const std::string head = "RCPT local=[a] domain=[b]";
  const std::string text = command_of("RCPT TO:<a@b> " + parameters);
  return text.starts_with(head) ? text.substr(head.size()) : text;
}

std::string forward_path_of(const std::string& path) {
  const std::string text = command_of("RCPT TO:" + path);
  return text.starts_with("RCPT ") ? text.substr(5) : text;
}

// Paths

TEST(Paths, TellLocalPartAndDomain) {
  EXPECT_EQ(command_of("MAIL FROM:<a.b@c.example>"), "MAIL local=[a.b] domain=[c.example]");
  EXPECT_EQ(command_of("rcpt to:<a@b>"), "RCPT local=[a] domain=[b]");
  EXPECT_EQ(reverse_path_of("<!#$%&'*+-/=?^_`{|}~@b>"), "local=[!#$%&'*+-/=?^_`{|}~] domain=[b]");
  EXPECT_EQ(reverse_path_of("<a@[192.0.2.1]>"), "local=[a] domain=[[192.0.2.1]] kind=ipv4");
  EXPECT_EQ(reverse_path_of("<a@[IPv6:::1]>"), "local=[a] domain=[[IPv6:::1]] kind=ipv6");
}

TEST(Paths, FollowTheColonAtOnce) {
  EXPECT_EQ(command_of("MAIL FROM: <a@b>"), "MAIL rejected: bad syntax at 10");
  EXPECT_EQ(command_of("RCPT TO: <a@b>"), "RCPT rejected: bad syntax at 8");
  EXPECT_EQ(command_of("MAIL FROM <a@b>"), "MAIL rejected: bad syntax at 9");
  EXPECT_EQ(command_of("MAIL  FROM:<a@b>"), "MAIL rejected: bad syntax at 5");
  EXPECT_EQ(command_of("RCPT FROM:<a@b>"), "RCPT rejected: bad syntax at 5");
}

TEST(Paths, NeedTheirBrackets) {
  EXPECT_EQ(reverse_path_of("a@b"), "rejected: bad syntax at 10");
  EXPECT_EQ(reverse_path_of("<a@b"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<a@b>>"), "rejected: bad syntax at 15");
  EXPECT_EQ(reverse_path_of("<<a@b>"), "rejected: bad syntax at 11");
}

TEST(Paths, RejectWhatIsNoMailbox) {
  EXPECT_EQ(reverse_path_of("<a>"), "rejected: bad syntax at 12");
  EXPECT_EQ(reverse_path_of("<@b>"), "rejected: bad syntax at 13");
  EXPECT_EQ(reverse_path_of("<a@>"), "rejected: bad syntax at 13");
  EXPECT_EQ(reverse_path_of("<.a@b>"), "rejected: bad syntax at 11");
  EXPECT_EQ(reverse_path_of("<a.@b>"), "rejected: bad syntax at 13");
  EXPECT_EQ(reverse_path_of("<a..c@b>"), "rejected: bad syntax at 13");
  EXPECT_EQ(reverse_path_of("<a b@c>"), "rejected: bad syntax at 12");
  EXPECT_EQ(reverse_path_of("<a@b@c>"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<a@b_c>"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<a@b->"), "rejected: bad syntax at 15");
  EXPECT_EQ(reverse_path_of("<a@b.>"), "rejected: bad syntax at 15");
  EXPECT_EQ(reverse_path_of("<a,c@b>"), "rejected: bad syntax at 12");
  EXPECT_EQ(reverse_path_of("<a@[1.2.3]>"), "rejected: bad address literal at 19");
}

TEST(Paths, AreNullInMailOnly) {
  EXPECT_EQ(command_of("MAIL FROM:<> SIZE=1"), "MAIL local=[] domain=[] size=1 raw=[SIZE=1]");
  EXPECT_EQ(command_of("RCPT TO:<>"), "RCPT rejected: null path not allowed at 9");
}

TEST(Paths, HaveAPostmasterWithoutDomainInRcptOnly) {
  EXPECT_EQ(command_of("RCPT TO:<Postmaster>"), "RCPT local=[Postmaster] domain=[]");
  EXPECT_EQ(command_of("RCPT TO:<postMASTER> NOTIFY=NEVER"),
            "RCPT local=[postMASTER] domain=[] notify=N raw=[NOTIFY=NEVER]");
  EXPECT_EQ(command_of("RCPT TO:<postmaster@b>"), "RCPT local=[postmaster] domain=[b]");
  EXPECT_EQ(command_of("RCPT TO:<postmasters@b>"), "RCPT local=[postmasters] domain=[b]");
  EXPECT_EQ(command_of("RCPT TO:<postmasters>"), "RCPT rejected: bad syntax at 20");
  EXPECT_EQ(command_of("RCPT TO:<\"postmaster\">"), "RCPT rejected: bad syntax at 21");
  EXPECT_EQ(command_of("MAIL FROM:<Postmaster>"), "MAIL rejected: bad syntax at 21");
}

TEST(Paths, KeepTheirSourceRouteApart) {
  EXPECT_EQ(reverse_path_of("<@a.example:c@d>"), "local=[c] domain=[d] route=[@a.example]");
  EXPECT_EQ(reverse_path_of("<@a,@b,@e:c@d>"), "local=[c] domain=[d] route=[@a,@b,@e]");
  EXPECT_EQ(reverse_path_of("<@a,b:c@d>"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<@a:>"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<@a@b:c@d>"), "rejected: bad syntax at 13");
}

TEST(Paths, KeepQuotedStringsAsTheyCame) {
  EXPECT_EQ(reverse_path_of("<\"a b\"@c>"), "local=[\"a b\"] domain=[c] quoted");
  EXPECT_EQ(reverse_path_of("<\"a>@\\\"\\\\b\"@c>"),
            "local=[\"a>@\\\"\\\\b\"] domain=[c] quoted escaped");
  EXPECT_EQ(reverse_path_of("<\"\"@c>"), "local=[\"\"] domain=[c] quoted");
  EXPECT_EQ(reverse_path_of("<\"a\tb\"@c>"), "rejected: bad syntax at 13");
  EXPECT_EQ(reverse_path_of("<\"a\"b@c>"), "rejected: bad syntax at 14");
  EXPECT_EQ(reverse_path_of("<\"a\\\"@c>"), "rejected: bad syntax at 18");
  EXPECT_EQ(reverse_path_of("<\"a\\\xc3\xa4\"@c>"), "rejected: octet that is not ASCII at 14");
}

TEST(Paths, TakeWellFormedUtf8) {
  for (const std::string text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(forward_path_of("<" + text + "@b>"), "local=[" + text + "] domain=[b] utf8");
    EXPECT_EQ(forward_path_of("<\"" + text + "\"@b>"),
              "local=[\"" + text + "\"] domain=[b] quoted utf8");
    EXPECT_EQ(forward_path_of("<a@x." + text + "-y>"), "local=[a] domain=[x." + text + "-y] utf8");
  }
}

TEST(Paths, RejectMalformedUtf8AtTheOctetThatBreaksIt) {
  EXPECT_EQ(reverse_path_of("<\x80@b>"), "rejected: malformed UTF-8 at 11") << "tail without lead";
  EXPECT_EQ(reverse_path_of("<\xc0\xaf@b>"), "rejected: malformed UTF-8 at 11") << "overlong";
  EXPECT_EQ(reverse_path_of("<\xe0\x9f\xbf@b>"), "rejected: malformed UTF-8 at 12") << "overlong";
  EXPECT_EQ(reverse_path_of("<\xf0\x8f\xbf\xbf@b>"), "rejected: malformed UTF-8 at 12");
  EXPECT_EQ(reverse_path_of("<\xed\xa0\x80@b>"), "rejected: malformed UTF-8 at 12") << "surrogate";
  EXPECT_EQ(reverse_path_of("<\xf4\x90\x80\x80@b>"), "rejected: malformed UTF-8 at 12");
  EXPECT_EQ(reverse_path_of("<\xf5\x80\x80\x80@b>"), "rejected: malformed UTF-8 at 11");
  EXPECT_EQ(reverse_path_of("<\xe2\x82@b>"), "rejected: malformed UTF-8 at 13") << "cut short";
  EXPECT_EQ(reverse_path_of("<a@\xff>"), "rejected: malformed UTF-8 at 13");
  EXPECT_EQ(reverse_path_of("<\"\xc3\"@b>"), "rejected: malformed UTF-8 at 13");
}

TEST(Paths, TakeALocalPartOf64OctetsAndNoLonger) {
  const std::string fits(64, 'l');
  EXPECT_EQ(reverse_path_of("<" + fits + "@b>"), "local=[" + fits + "] domain=[b]");
  EXPECT_EQ(reverse_path_of("<" + fits + "l@b>"), "rejected: local part too long at 75");
  const std::string quoted = "\"" + std::string(62, 'q') + "\"";
  EXPECT_EQ(reverse_path_of("<" + quoted + "@b>"), "local=[" + quoted + "] domain=[b] quoted");
  EXPECT_EQ(reverse_path_of("<\"q" + quoted.substr(1) + "@b>"),
            "rejected: local part too long at 75");
}

TEST(Paths, Take256OctetsWithTheirBracketsAndNoMore) {
  const std::string fits(256 - 4, 'd');
  EXPECT_EQ(reverse_path_of("<a@" + fits + ">"), "local=[a] domain=[" + fits + "]");
  EXPECT_EQ(reverse_path_of("<aa@" + fits + ">"), "rejected: path too long at 266");
  EXPECT_EQ(reverse_path_of("<@x:a@" + fits + ">"), "rejected: path too long at 266");
}

TEST(Paths, BlameADomainOver255OctetsBeforeThePath) {
  const std::string domain(255, 'd');
  EXPECT_EQ(reverse_path_of("<a@" + domain + ">"), "rejected: path too long at 266");
  EXPECT_EQ(reverse_path_of("<a@" + domain + "d>"), "rejected: domain too long at 268");
}

TEST(Paths, AreForgottenWithTheNextCommand) {
  EXPECT_EQ(commands_of("MAIL FROM:<@r:a@b> SIZE=1 X\r\nMAIL FROM:<>\r\n"),
            Log({"29: MAIL local=[a] domain=[b] route=[@r] size=1 unknown raw=[SIZE=1 X]",
                 "43: MAIL local=[] domain=[]"}));
}

// Parameters

TEST(Parameters, AreDecodedTogether) {
  EXPECT_EQ(mail_with("SIZE=10 body=8bitMIME SMTPUTF8 RET=HDRS ENVID=a+20b AUTH=<> X-A=b"),
            " size=10 body=8bitmime smtputf8 ret=hdrs envid=[a+20b] auth=[<>] unknown"
            " raw=[SIZE=10 body=8bitMIME SMTPUTF8 RET=HDRS ENVID=a+20b AUTH=<> X-A=b]");
  EXPECT_EQ(rcpt_with("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b@c"),
            " notify=SD orcpt=[rfc822;a+40b@c] raw=[NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b@c]");
}

TEST(Parameters, AreSeparatedByOneSpaceEach) {
  EXPECT_EQ(mail_with("SIZE=1  "), " size=1 raw=[SIZE=1]");
  EXPECT_EQ(mail_with("SIZE=1  X"), "MAIL rejected: bad syntax at 24");
  EXPECT_EQ(mail_with("SIZE=1\tX"), "MAIL rejected: bad syntax at 23");
  EXPECT_EQ(command_of("MAIL FROM:<a@b>SIZE=1"), "MAIL rejected: bad syntax at 15");
}

TEST(Parameters, OfSizeAreNumbersOf64Bits) {
  EXPECT_EQ(mail_with("SIZE=0"), " size=0 raw=[SIZE=0]");
  EXPECT_EQ(mail_with("SIZE=00000000000000000010"), " size=10 raw=[SIZE=00000000000000000010]");
  EXPECT_EQ(mail_with("SIZE=18446744073709551615"),
            " size=18446744073709551615 raw=[SIZE=18446744073709551615]");
  EXPECT_EQ(mail_with("SIZE=18446744073709551616"), "MAIL rejected: number too large at 40");
  EXPECT_EQ(mail_with("SIZE=000000000000000000010"), "MAIL rejected: bad parameter at 41");
  EXPECT_EQ(mail_with("SIZE=1k"), "MAIL rejected: bad parameter at 22");
  EXPECT_EQ(mail_with("SIZE="), "MAIL rejected: bad parameter at 21");
  EXPECT_EQ(mail_with("SIZE"), "MAIL rejected: bad parameter at 20");
  EXPECT_EQ(mail_with("SIZE=-1"), "MAIL rejected: bad parameter at 21");
}

TEST(Parameters, OfBodyAreThree) {
  EXPECT_EQ(mail_with("BODY=7BIT"), " body=7bit raw=[BODY=7BIT]");
  EXPECT_EQ(mail_with("BODY=8BITMIME"), " body=8bitmime raw=[BODY=8BITMIME]");
  EXPECT_EQ(mail_with("BODY=binarymime"), " body=binarymime raw=[BODY=binarymime]");
  EXPECT_EQ(mail_with("BODY=8BIT"), "MAIL rejected: bad parameter at 25");
  EXPECT_EQ(mail_with("BODY=7BITS"), "MAIL rejected: bad parameter at 25");
  EXPECT_EQ(mail_with("BODY"), "MAIL rejected: bad parameter at 20");
}

TEST(Parameters, OfSmtpUtf8HaveNoValue) {
  EXPECT_EQ(mail_with("smtputf8"), " smtputf8 raw=[smtputf8]");
  EXPECT_EQ(mail_with("SMTPUTF8=yes"), "MAIL rejected: bad parameter at 24");
  EXPECT_EQ(mail_with("SMTPUTF88"), " unknown raw=[SMTPUTF88]");
}

TEST(Parameters, OfDsnFollowRfc3461) {
  EXPECT_EQ(mail_with("RET=FULL"), " ret=full raw=[RET=FULL]");
  EXPECT_EQ(mail_with("RET=NONE"), "MAIL rejected: bad parameter at 20");
  EXPECT_EQ(mail_with("ENVID=+"), "MAIL rejected: bad parameter at 23");
  EXPECT_EQ(mail_with("ENVID=+2b"), "MAIL rejected: bad parameter at 24");
  EXPECT_EQ(mail_with("ENVID=a=b"), "MAIL rejected: bad parameter at 23");
  EXPECT_EQ(mail_with("ENVID="), "MAIL rejected: bad parameter at 22");
  EXPECT_EQ(rcpt_with("NOTIFY=NEVER"), " notify=N raw=[NOTIFY=NEVER]");
  EXPECT_EQ(rcpt_with("NOTIFY=failure"), " notify=F raw=[NOTIFY=failure]");
  EXPECT_EQ(rcpt_with("NOTIFY=DELAY,FAILURE,SUCCESS"),
            " notify=SFD raw=[NOTIFY=DELAY,FAILURE,SUCCESS]");
  EXPECT_EQ(rcpt_with("NOTIFY=NEVER,DELAY"), "RCPT rejected: bad parameter at 26");
  EXPECT_EQ(rcpt_with("NOTIFY=DELAY,NEVER"), "RCPT rejected: bad parameter at 27");
  EXPECT_EQ(rcpt_with("NOTIFY=DELAY,"), "RCPT rejected: bad parameter at 27");
  EXPECT_EQ(rcpt_with("NOTIFY="), "RCPT rejected: bad parameter at 21");
  EXPECT_EQ(rcpt_with("ORCPT=rfc822;"), " orcpt=[rfc822;] raw=[ORCPT=rfc822;]");
  EXPECT_EQ(rcpt_with("ORCPT=rfc822"), "RCPT rejected: bad parameter at 26");
  EXPECT_EQ(rcpt_with("ORCPT=;a"), "RCPT rejected: bad parameter at 20");
  EXPECT_EQ(rcpt_with("ORCPT=rfc822;\xc3\xa4"), "RCPT rejected: bad parameter at 27");
  EXPECT_EQ(rcpt_with("ORCPT=utf-8;\xc3\xa4"),
            " orcpt=[utf-8;\xc3\xa4] raw=[ORCPT=utf-8;\xc3\xa4]");
}

TEST(Parameters, OfDsnHaveTheLimitsOfRfc3461) {
  const auto filled = [](std::string_view head, std::size_t value) {
    return std::string(head).append(value, 'x');
  };
  const std::string envid = filled("", 100);
  EXPECT_EQ(mail_with("ENVID=" + envid), " envid=[" + envid + "] raw=[ENVID=" + envid + "]");
  EXPECT_EQ(mail_with(filled("ENVID=", 101)), "MAIL rejected: bad parameter at 122");
  const std::string orcpt = filled("rfc822;", 493);
  EXPECT_EQ(rcpt_with("ORCPT=" + orcpt), " orcpt=[" + orcpt + "] raw=[ORCPT=" + orcpt + "]");
  EXPECT_EQ(rcpt_with(filled("ORCPT=rfc822;", 494)), "RCPT rejected: bad parameter at 520");
}

TEST(Parameters, OfAuthAreXtext) {
  EXPECT_EQ(mail_with("AUTH=e+3Dmc2@a.example"),
            " auth=[e+3Dmc2@a.example] raw=[AUTH=e+3Dmc2@a.example]");
  EXPECT_EQ(mail_with("AUTH="), "MAIL rejected: bad parameter at 21");
  EXPECT_EQ(mail_with("AUTH=a+3d"), "MAIL rejected: bad parameter at 24");
}

TEST(Parameters, UnknownAreKeptInTheRawView) {
  EXPECT_EQ(mail_with("X"), " unknown raw=[X]");
  EXPECT_EQ(mail_with("SIZ=1 SIZES=2 X-Y-=\xc3\xa4;<>"),
            " unknown raw=[SIZ=1 SIZES=2 X-Y-=\xc3\xa4;<>]");
  EXPECT_EQ(rcpt_with("MT-PRIO=3"), " unknown raw=[MT-PRIO=3]");
}

TEST(Parameters, RejectWhatIsNoParameter) {
  EXPECT_EQ(mail_with("-X"), "MAIL rejected: bad syntax at 16");
  EXPECT_EQ(mail_with("X="), "MAIL rejected: bad syntax at 18");
  EXPECT_EQ(mail_with("X=a=b"), "MAIL rejected: bad syntax at 19");
  EXPECT_EQ(mail_with("X_Y"), "MAIL rejected: bad syntax at 17");
  EXPECT_EQ(mail_with("X=\xc3("), "MAIL rejected: malformed UTF-8 at 19");
  EXPECT_EQ(mail_with("\xc3\xa4"), "MAIL rejected: octet that is not ASCII at 16");
}

TEST(Parameters, AreRejectedWhenGivenTwice) {
  EXPECT_EQ(mail_with("SIZE=1 size=1"), "MAIL rejected: duplicate parameter at 23");
  EXPECT_EQ(mail_with("BODY=7BIT X BODY=7BIT"), "MAIL rejected: duplicate parameter at 28");
  EXPECT_EQ(mail_with("SMTPUTF8 SMTPUTF8"), "MAIL rejected: duplicate parameter at 25");
  EXPECT_EQ(mail_with("RET=FULL RET=HDRS"), "MAIL rejected: duplicate parameter at 25");
  EXPECT_EQ(mail_with("ENVID=a ENVID=b"), "MAIL rejected: duplicate parameter at 24");
  EXPECT_EQ(mail_with("AUTH=a AUTH=b"), "MAIL rejected: duplicate parameter at 23");
  EXPECT_EQ(rcpt_with("NOTIFY=NEVER NOTIFY=NEVER"), "RCPT rejected: duplicate parameter at 27");
  EXPECT_EQ(rcpt_with("ORCPT=a;b ORCPT=a;b"), "RCPT rejected: duplicate parameter at 24");
}

TEST(Parameters, AreRejectedOnTheWrongCommand) {
  for (const std::string parameter :
       {"SIZE=1", "BODY=7BIT", "SMTPUTF8", "RET=FULL", "ENVID=a", "AUTH=<>"}) {
    EXPECT_EQ(rcpt_with(parameter), "RCPT rejected: bad parameter at 14") << parameter;
  }
  for (const std::string parameter : {"NOTIFY=NEVER", "ORCPT=a;b"}) {
    EXPECT_EQ(mail_with(parameter), "MAIL rejected: bad parameter at 16") << parameter;
  }
}

}  // namespace
}  // namespace smtpmark::parser::testing
