// The sink against clients that misbehave.
#include <gtest/gtest.h>

#include "tests/loadgen/dialogue.h"

namespace smtpmark::loadgen::testing {
namespace {

// The codes of the replies, one a reply: "220 250 221".
std::string codes(const std::string& heard) {
  std::string all;
  for (std::size_t at = 0; at < heard.size();) {
    const std::size_t end = heard.find("\r\n", at);
    if (end == std::string::npos) return all + " (cut)";
    if (heard.size() > at + 3 && heard[at + 3] == ' ') {
      if (!all.empty()) all += ' ';
      all += heard.substr(at, 3);
    }
    at = end + 2;
  }
  return all;
}

std::string relay_codes(const std::string& sent) {
  return codes(ask_sink(Role::kRelay, sent));
}

const std::string kOpen =
    "EHLO c.example.com\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n";

TEST(Sink, HonoursPipelining) {
  SinkCounters counters;
  const std::string heard =
      ask_sink(Role::kRelay, kOpen + "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n", &counters);
  EXPECT_EQ(codes(heard), "220 250 250 250 354 250 221");
  EXPECT_EQ(counters.messages_received, 1U);
  EXPECT_EQ(counters.octets_received, 20U);
}

TEST(Sink, AnswersTheSameAtEveryCut) {
  const std::string sent = kOpen +
                           "DATA\r\n..dot\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\n"
                           "BDAT 5\r\nabcdeBDAT 3 LAST\r\nfghNOOP\r\nQUIT\r\n";
  const std::string whole = ask_sink(Role::kRelay, sent);
  EXPECT_EQ(codes(whole), "220 250 250 250 354 250 250 250 250 250 250 221");
  for (std::size_t piece = 1; piece < sent.size(); ++piece) {
    SinkCounters counters;
    EXPECT_EQ(ask_sink(Role::kRelay, sent, &counters, piece), whole) << piece;
    EXPECT_EQ(counters.messages_received, 2U);
    EXPECT_EQ(counters.octets_received, 6U + 8U);
  }
}

TEST(Sink, OffersWhatTheRolePermits) {
  const std::string relay = ask_sink(Role::kRelay, "EHLO c.example.com\r\nQUIT\r\n");
  EXPECT_NE(relay.find("250-STARTTLS\r\n"), std::string::npos);
  EXPECT_EQ(relay.find("AUTH"), std::string::npos);
  for (const char* keyword :
       {"PIPELINING", "SIZE 67108864", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES"}) {
    EXPECT_NE(relay.find(keyword), std::string::npos) << keyword;
  }
  const std::string submission = ask_sink(Role::kSubmission, "EHLO c.example.com\r\nQUIT\r\n");
  EXPECT_NE(submission.find("250-STARTTLS\r\n"), std::string::npos);
  EXPECT_EQ(submission.find("AUTH"), std::string::npos) << "AUTH comes only after TLS";
}

TEST(Sink, SubmissionWantsTlsBeforeAuthAndAuthBeforeMail) {
  const std::string heard =
      ask_sink(Role::kSubmission,
               "EHLO c.example.com\r\nMAIL FROM:<a@example.com>\r\nAUTH PLAIN AHUAcA==\r\n");
  EXPECT_EQ(codes(heard), "220 250 530 538");
}

TEST(Sink, DiscardsWhatWasPipelinedBehindStarttls) {
  SinkCounters counters;
  const std::string heard =
      ask_sink(Role::kRelay,
               "EHLO c.example.com\r\nSTARTTLS\r\nMAIL FROM:<attacker@example.com>\r\n", &counters);
  EXPECT_EQ(codes(heard), "220 250 220");
  EXPECT_EQ(counters.injections, 1U);
}

TEST(Sink, KeepsTheOrderOfATransaction) {
  EXPECT_EQ(relay_codes("MAIL FROM:<a@example.com>\r\n"), "220 503");
  EXPECT_EQ(relay_codes("EHLO c.example.com\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
            "220 250 503 503");
  EXPECT_EQ(relay_codes("EHLO c.example.com\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\n"),
            "220 250 250 503 503");
  EXPECT_EQ(relay_codes(kOpen + "RSET\r\nDATA\r\n"), "220 250 250 250 250 503");
  EXPECT_EQ(relay_codes(kOpen + "EHLO c.example.com\r\nDATA\r\n"), "220 250 250 250 250 503");
}

TEST(Sink, TellsAnUnknownCommandFromBadSyntax) {
  EXPECT_EQ(relay_codes("GET / HTTP/1.1\r\nEHLO\r\nEHLO c.example.com\r\nMAIL FROM: <a@b.test>\r\n"
                        "NOOP\r\nVRFY x\r\nEXPN x\r\nHELP\r\nTURN\r\n"),
            "220 500 501 250 501 250 252 502 214 500");
}

TEST(Sink, TakesWhatItsProfileAllows) {
  const std::string lax = "EHLO c.example.com\r\nMAIL FROM: <a@example.com>\r\n";
  EXPECT_EQ(relay_codes(lax), "220 250 501");
  SinkOptions options;
  options.profile = parser::Profile::kPostfixLike;
  EXPECT_EQ(codes(ask_sink(Role::kRelay, lax, nullptr, 0, options)), "220 250 250");
  EXPECT_EQ(codes(ask_sink(Role::kRelay, kOpen + "DATA\r\na\nb\r\n.\r\n", nullptr, 0, options)),
            "220 250 250 250 354 550");
}

TEST(Sink, RejectsABodyWithABareLineEnd) {
  SinkCounters counters;
  const std::string heard =
      ask_sink(Role::kRelay, kOpen + "DATA\r\na\nb\r\n.\r\nNOOP\r\n", &counters);
  EXPECT_EQ(codes(heard), "220 250 250 250 354 550 250");
  EXPECT_EQ(counters.messages_received, 0U);
  EXPECT_EQ(counters.messages_rejected, 1U);
}

TEST(Sink, IsNotSmuggledInto) {
  for (const char* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r"}) {
    SinkCounters counters;
    const std::string heard = ask_sink(
        Role::kRelay, kOpen + "DATA\r\nx" + end + "MAIL FROM:<smuggled@example.com>\r\n.\r\n",
        &counters);
    EXPECT_EQ(codes(heard), "220 250 250 250 354 550") << end;
    EXPECT_EQ(counters.messages_received, 0U);
  }
}

TEST(Sink, ARefusedChunkIsConsumed) {
  EXPECT_EQ(relay_codes("EHLO c.example.com\r\nBDAT 6 LAST\r\nNOOP\r\nNOOP\r\n"),
            "220 250 503 250");
}

TEST(Sink, LimitsSizeAndRecipients) {
  SinkOptions options;
  options.size_limit = 10;
  options.recipient_limit = 1;
  const std::string heard = ask_sink(
      Role::kRelay,
      "EHLO c.example.com\r\nMAIL FROM:<> SIZE=11\r\nMAIL FROM:<> SIZE=10\r\nRCPT TO:<b@c.test>\r\n"
      "RCPT TO:<b@c.test>\r\nDATA\r\n01234567890\r\n.\r\n",
      nullptr, 0, options);
  EXPECT_EQ(codes(heard), "220 250 552 250 250 452 354 552");
}

TEST(Sink, WantsSmtputf8ForANonAsciiAddress) {
  EXPECT_EQ(relay_codes("EHLO c.example.com\r\nMAIL FROM:<\xC3\xBC@example.com>\r\n"
                        "MAIL FROM:<\xC3\xBC@example.com> SMTPUTF8\r\n"),
            "220 250 553 250");
}

TEST(Sink, EndsASessionOfErrors) {
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += "FOO\r\n";
  const std::string heard = ask_sink(Role::kRelay, sent);
  EXPECT_NE(heard.find("421 4.7.0"), std::string::npos);
  EXPECT_EQ(heard.find("500", heard.find("421 4.7.0")), std::string::npos);
}

TEST(Sink, CountsAMessageWhose250MayNotHaveArrived) {
  SinkCounters counters;
  ask_sink(Role::kRelay, kOpen + "DATA\r\nx\r\n.\r\n", &counters);
  EXPECT_EQ(counters.messages_received, 1U);
  EXPECT_EQ(counters.messages_unconfirmed, 1U);
  counters = {};
  ask_sink(Role::kRelay, kOpen + "DATA\r\nx\r\n.\r\nNOOP\r\n", &counters);
  EXPECT_EQ(counters.messages_unconfirmed, 0U);
}

TEST(Sink, ABodyCutInTheMiddleIsNotAMessage) {
  SinkCounters counters;
  ask_sink(Role::kRelay, kOpen + "DATA\r\nx\r\n", &counters);
  EXPECT_EQ(counters.messages_received, 0U);
  EXPECT_EQ(counters.messages_unconfirmed, 0U);
}

TEST(Sink, ASilentClientIsLetGo) {
  SinkOptions options;
  options.timeout_ns = io::kSecond / 2;
  SinkCounters counters;
  ask_sink(Role::kRelay, "EHLO c.example.com\r\n", &counters, 0, options);
  EXPECT_EQ(counters.sessions_plain, 1U) << "counted when the session ends";
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
