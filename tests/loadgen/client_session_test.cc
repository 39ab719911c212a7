// The client against servers that misbehave.
#include <gtest/gtest.h>

#include "tests/loadgen/dialogue.h"

namespace smtpmark::loadgen::testing {
namespace {

const char* const kEhlo = "250-mx.example.com\r\n250-STARTTLS\r\n250 SIZE 1000000\r\n";
const char* const kPlainEhlo = "250 mx.example.com\r\n";

SessionPlan plain_plan() {
  SessionPlan plan;
  plan.tls = TlsPolicy::kNone;
  plan.message_size = 0;
  return plan;
}

// The only error of a session that failed.
ErrorRow only_error(const ClientOutcome& outcome) {
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.metrics.errors().size(), 1U);
  return outcome.metrics.errors().empty() ? ErrorRow{} : outcome.metrics.errors().front();
}

TEST(Client, A421AtTheGreetingIsAnErrorOfTheGreeting) {
  const ClientOutcome outcome =
      run_against_script(plain_plan(), {"421 4.3.2 Shutting down\r\n", {}});
  EXPECT_FALSE(outcome.as_planned);
  const ErrorRow row = only_error(outcome);
  EXPECT_EQ(row.phase, Phase::kGreeting);
  EXPECT_EQ(row.kind, "reply");
  EXPECT_EQ(row.code, 421);
  EXPECT_EQ(row.sample, "421 4.3.2 Shutting down");
}

TEST(Client, GarbageInsteadOfAGreetingIsAProtocolError) {
  for (const char* garbage : {"HTTP/1.1 400 Bad Request\r\n", "999 hello\r\n", "220 no CR\n",
                              "\x16\x03\x01\r\n", "220-a\r\n250 b\r\n"}) {
    const ErrorRow row = only_error(run_against_script(plain_plan(), {garbage, {}}));
    EXPECT_EQ(row.phase, Phase::kGreeting) << garbage;
    EXPECT_EQ(row.kind, "protocol") << garbage;
  }
}

TEST(Client, OnlyA220IsAGreeting) {
  const ErrorRow row = only_error(run_against_script(plain_plan(), {"250 hello\r\n", {}}));
  EXPECT_EQ(row.phase, Phase::kGreeting);
  EXPECT_EQ(row.code, 250);
}

TEST(Client, SaysHeloWhereEhloIsNotKnown) {
  const ClientOutcome outcome =
      run_against_script(plain_plan(), {ScriptedServer{}.greeting,
                                        {"502 5.5.1 What\r\n", "250 hello\r\n", "250 ok\r\n",
                                         "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"}});
  EXPECT_TRUE(outcome.as_planned);
  EXPECT_EQ(outcome.metrics.total().errors, 0U);
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
  EXPECT_NE(outcome.sent.find("\r\nHELO client.example.com\r\nMAIL FROM:<load@example.com>\r\n"),
            std::string::npos)
      << outcome.sent;
}

TEST(Client, AServerThatRefusesTheClientIsNotAskedAgain) {
  const ErrorRow row = only_error(
      run_against_script(plain_plan(), {ScriptedServer{}.greeting, {"550 5.7.1 Not you\r\n"}}));
  EXPECT_EQ(row.phase, Phase::kEhlo);
  EXPECT_EQ(row.code, 550);
}

TEST(Client, ANameInEhloMayBeOfAPattern) {
  SessionPlan plan = plain_plan();
  plan.helo_name = Pattern::parse("c{007..100}.example.com").value();
  const ClientOutcome outcome =
      run_against_script(plan, {ScriptedServer{}.greeting, {kPlainEhlo, "EOF"}});
  EXPECT_EQ(outcome.sent.substr(0, 22), "EHLO c007.example.com\r");
}

TEST(Client, ASilentServerTimesOut) {
  const ErrorRow row = only_error(run_against_script(plain_plan(), {"", {}}));
  EXPECT_EQ(row.phase, Phase::kGreeting);
  EXPECT_EQ(row.kind, "timeout");
}

TEST(Client, AnEndOrAResetInTheMiddleIsNamed) {
  const ErrorRow end =
      only_error(run_against_script(plain_plan(), {ScriptedServer{}.greeting, {"EOF"}}));
  EXPECT_EQ(end.phase, Phase::kEhlo);
  EXPECT_EQ(end.kind, "closed");
  const ErrorRow reset = only_error(
      run_against_script(plain_plan(), {ScriptedServer{}.greeting, {kPlainEhlo, "RESET"}}));
  EXPECT_EQ(reset.phase, Phase::kMail);
  EXPECT_EQ(reset.kind, "reset");
}

TEST(Client, RequiredTlsNeverFallsBackToPlaintext) {
  SessionPlan plan = plain_plan();
  plan.tls = TlsPolicy::kRequired;
  for (const std::vector<std::string>& answers : {std::vector<std::string>{kPlainEhlo},
                                                  {kEhlo, "454 4.7.0 Not now\r\n"},
                                                  {kEhlo, "501 5.5.4 What\r\n"}}) {
    const ClientOutcome outcome = run_against_script(plan, {ScriptedServer{}.greeting, answers});
    EXPECT_FALSE(outcome.as_planned);
    EXPECT_EQ(only_error(outcome).phase, Phase::kStarttls);
    EXPECT_EQ(outcome.sent.find("MAIL"), std::string::npos);
    EXPECT_EQ(outcome.metrics.total().sessions_plain, 0U);
  }
}

TEST(Client, OpportunisticTlsCountsWhatStaysPlain) {
  SessionPlan plan = plain_plan();
  plan.tls = TlsPolicy::kOpportunistic;
  const std::vector<std::string> message = {"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n",
                                            "221 bye\r\n"};
  for (std::vector<std::string> answers :
       {std::vector<std::string>{kPlainEhlo}, {kEhlo, "454 4.7.0 Not now\r\n"}}) {
    answers.insert(answers.end(), message.begin(), message.end());
    const ClientOutcome outcome = run_against_script(plan, {ScriptedServer{}.greeting, answers});
    EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
    EXPECT_EQ(outcome.metrics.total().sessions_plain, 1U);
    EXPECT_EQ(outcome.metrics.total().tls_handshakes, 0U);
  }
}

TEST(Client, OctetsBehindTheReplyToStarttlsAreAnInjection) {
  SessionPlan plan = plain_plan();
  plan.tls = TlsPolicy::kOpportunistic;
  const ClientOutcome outcome =
      run_against_script(plan, {ScriptedServer{}.greeting, {kEhlo, "220 go\r\n250 injected\r\n"}});
  EXPECT_EQ(only_error(outcome).kind, "injection");
  EXPECT_EQ(outcome.sent.substr(outcome.sent.size() - 10), "STARTTLS\r\n");
}

TEST(Client, AFailedHandshakeIsNeverFollowedByPlaintext) {
  SessionPlan plan = plain_plan();
  plan.tls = TlsPolicy::kOpportunistic;
  const ClientOutcome outcome =
      run_against_script(plan, {ScriptedServer{}.greeting, {kEhlo, "220 go\r\n", "EOF"}});
  const ErrorRow row = only_error(outcome);
  EXPECT_EQ(row.phase, Phase::kTlsHandshake);
  EXPECT_EQ(outcome.sent.find("MAIL"), std::string::npos);
}

TEST(Client, ThePasswordIsNotSentInPlaintextUnlessToldSo) {
  SessionPlan plan = plain_plan();
  plan.auth = auth_as(parser::kAuthPlain, "u", "p");
  const ScriptedServer server{ScriptedServer{}.greeting, {"250 AUTH PLAIN\r\n"}};
  const ClientOutcome outcome = run_against_script(plan, server);
  EXPECT_EQ(only_error(outcome).kind, "auth-without-tls");
  EXPECT_EQ(outcome.sent.find("AUTH"), std::string::npos);
}

TEST(Client, ARefusedRecipientFailsTheMessageAndTheNextOneFollowsARset) {
  SessionPlan plan = plain_plan();
  plan.messages_per_connection = 2;
  const ClientOutcome outcome =
      run_against_script(plan,
                         {ScriptedServer{}.greeting,
                          {kPlainEhlo, "250 ok\r\n", "550 5.1.1 No such user\r\n", "250 reset\r\n",
                           "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"}},
                         2);
  EXPECT_TRUE(outcome.as_planned);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
  const ErrorRow row = only_error(outcome);
  EXPECT_EQ(row.phase, Phase::kRcpt);
  EXPECT_EQ(row.code, 550);
  EXPECT_EQ(row.enhanced.detail, 1);
}

TEST(Client, AMessageCountsAsAcceptedOnlyOnItsOwn2xx) {
  const std::vector<std::string> until_dot = {kPlainEhlo, "250 ok\r\n", "250 ok\r\n", "354 go\r\n"};
  const auto with_last = [&until_dot](const char* last) {
    std::vector<std::string> answers = until_dot;
    answers.emplace_back(last);
    return run_against_script(plain_plan(), {ScriptedServer{}.greeting, answers});
  };
  const ClientOutcome refused = with_last("451 4.3.0 Try later\r\n");
  EXPECT_EQ(refused.metrics.total().messages_accepted, 0U);
  EXPECT_EQ(refused.metrics.total().messages_failed, 1U);
  const ClientOutcome lost = with_last("EOF");
  EXPECT_EQ(lost.metrics.total().messages_accepted, 0U);
  EXPECT_EQ(lost.metrics.total().messages_in_doubt, 1U);
  EXPECT_EQ(lost.metrics.total().messages_failed, 0U);
}

TEST(Client, ALossBehindTheFinalDotIsOneOfTheEndOfData) {
  const ErrorRow row = only_error(run_against_script(
      plain_plan(),
      {ScriptedServer{}.greeting, {kPlainEhlo, "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "EOF"}}));
  EXPECT_EQ(row.phase, Phase::kEndOfData);
  EXPECT_EQ(row.kind, "closed");
}

TEST(Client, RepliesSentAheadAreNotTaken) {
  const ClientOutcome outcome = run_against_script(
      plain_plan(), {ScriptedServer{}.greeting,
                     {"250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 accepted\r\n221 bye\r\n"}});
  EXPECT_EQ(only_error(outcome).kind, "protocol");
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 0U);
}

TEST(Client, ARefusalIsShownInItsOwnWords) {
  const ErrorRow row = only_error(run_against_script(
      plain_plan(),
      {ScriptedServer{}.greeting,
       {kPlainEhlo, "250 ok\r\n", "250 ok\r\n", "250 no data\r\n", "250 ok\r\n", "221 bye\r\n"}}));
  EXPECT_EQ(row.phase, Phase::kData);
  EXPECT_EQ(row.sample, "250 no data");
}

TEST(Client, A421InATransactionEndsTheSession) {
  SessionPlan plan = plain_plan();
  plan.messages_per_connection = 3;
  const ClientOutcome outcome = run_against_script(
      plan, {ScriptedServer{}.greeting, {kPlainEhlo, "421 4.3.2 Going down\r\n"}}, 3);
  EXPECT_FALSE(outcome.as_planned);
  EXPECT_EQ(only_error(outcome).code, 421);
  EXPECT_EQ(outcome.sent.find("RSET"), std::string::npos);
}

TEST(Client, StatesTheSizeWhereItIsOffered) {
  SessionPlan plan = plain_plan();
  plan.message_size = 500;
  const ClientOutcome offered =
      run_against_script(plan, {ScriptedServer{}.greeting, {kEhlo, "EOF"}});
  EXPECT_NE(offered.sent.find("MAIL FROM:<load@example.com> SIZE=500\r\n"), std::string::npos);
  const ClientOutcome not_offered =
      run_against_script(plan, {ScriptedServer{}.greeting, {kPlainEhlo, "EOF"}});
  EXPECT_NE(not_offered.sent.find("MAIL FROM:<load@example.com>\r\n"), std::string::npos);
}

// Pipelining

const char* const kPipeliningEhlo = "250-mx.example.com\r\n250 PIPELINING\r\n";

SessionPlan pipelining_plan() {
  SessionPlan plan = plain_plan();
  plan.pipelining = Pipelining::kFull;
  plan.messages_per_connection = 2;
  return plan;
}

// Two messages whose replies are `answers` in their order.
ClientOutcome pipeline(const SessionPlan& plan, std::vector<std::string> answers) {
  answers.insert(answers.begin(), kPipeliningEhlo);
  return run_against_script(plan, {ScriptedServer{}.greeting, answers}, 2);
}

TEST(PipeliningClient, TakesRepliesInTheirOrder) {
  const ClientOutcome outcome =
      pipeline(pipelining_plan(),
               {"250 mail\r\n", "250 rcpt\r\n", "354 go\r\n", "250 first\r\n", "250 mail\r\n",
                "250 rcpt\r\n", "354 go\r\n", "250 second\r\n", "221 bye\r\n"});
  EXPECT_TRUE(outcome.as_planned);
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 2U);
  EXPECT_TRUE(outcome.metrics.errors().empty());
}

TEST(PipeliningClient, ARefusedSenderIsOneErrorAndNotThree) {
  const ClientOutcome outcome =
      pipeline(pipelining_plan(),
               {"550 5.7.1 no\r\n", "503 5.5.1 what\r\n", "503 5.5.1 what\r\n", "250 reset\r\n",
                "250 mail\r\n", "250 rcpt\r\n", "354 go\r\n", "250 second\r\n", "221 bye\r\n"});
  EXPECT_TRUE(outcome.as_planned);
  const ErrorRow row = only_error(outcome);
  EXPECT_EQ(row.phase, Phase::kMail);
  EXPECT_EQ(row.count, 1U);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
}

TEST(PipeliningClient, ABodyThatIsAskedForWithoutRecipientsIsEmpty) {
  SessionPlan plan = pipelining_plan();
  plan.message_size = 100;
  plan.messages_per_connection = 1;
  const ClientOutcome outcome =
      pipeline(plan, {"250 mail\r\n", "550 no such user\r\n", "354 go\r\n", "554 no recipients\r\n",
                      "221 bye\r\n"});
  EXPECT_TRUE(outcome.as_planned);
  EXPECT_EQ(only_error(outcome).phase, Phase::kRcpt);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
  EXPECT_TRUE(outcome.sent.ends_with("DATA\r\n.\r\nQUIT\r\n")) << outcome.sent;
}

TEST(PipeliningClient, ARefusedBodyDoesNotHurtTheNextMessage) {
  const ClientOutcome outcome =
      pipeline(pipelining_plan(),
               {"250 mail\r\n", "250 rcpt\r\n", "354 go\r\n", "554 spam\r\n", "250 mail\r\n",
                "250 rcpt\r\n", "354 go\r\n", "250 second\r\n", "221 bye\r\n"});
  EXPECT_EQ(only_error(outcome).phase, Phase::kEndOfData);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
  EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
}

// The one whose body was sent is in doubt, the one whose envelope was on its way has failed.
TEST(PipeliningClient, AnEndBetweenTwoMessagesTellsThemApart) {
  const ClientOutcome outcome =
      pipeline(pipelining_plan(), {"250 mail\r\n", "250 rcpt\r\n", "354 go\r\n", "EOF"});
  EXPECT_FALSE(outcome.as_planned);
  EXPECT_EQ(outcome.metrics.total().messages_in_doubt, 1U);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
}

TEST(PipeliningClient, A421EndsTheSessionAndBothMessages) {
  const ClientOutcome outcome =
      pipeline(pipelining_plan(), {"250 mail\r\n", "250 rcpt\r\n", "354 go\r\n", "421 bye\r\n"});
  EXPECT_FALSE(outcome.as_planned);
  EXPECT_EQ(only_error(outcome).code, 421);
  EXPECT_EQ(outcome.metrics.total().messages_failed, 2U);
  EXPECT_EQ(outcome.metrics.total().messages_in_doubt, 0U);
}

// With and without pipelining a message goes to those who are taken.
TEST(Client, AMessageGoesToTheRecipientsThatAreTaken) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup, Pipelining::kFull}) {
    SessionPlan plan = pipelining_plan();
    plan.pipelining = pipelining;
    plan.recipients = 2;
    plan.messages_per_connection = 1;
    const ClientOutcome outcome =
        pipeline(plan, {"250 mail\r\n", "550 no such user\r\n", "250 rcpt\r\n", "354 go\r\n",
                        "250 taken\r\n", "221 bye\r\n"});
    EXPECT_TRUE(outcome.as_planned);
    EXPECT_EQ(only_error(outcome).phase, Phase::kRcpt);
    EXPECT_EQ(outcome.metrics.total().messages_accepted, 1U);
    EXPECT_EQ(outcome.metrics.total().recipients_accepted, 1U);
  }
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
