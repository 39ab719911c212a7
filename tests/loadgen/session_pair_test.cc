// Client against sink, both real, over memory.
#include <gtest/gtest.h>

#include <random>

#include "tests/loadgen/pair_plans.h"

namespace smtpmark::loadgen::testing {
namespace {

TEST(SessionPair, DeliversInPlaintextOnTheRelayPort) {
  const PairOutcome outcome = run_pair(relay_plan(TlsPolicy::kNone), {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(outcome.client.sent.find("STARTTLS"), std::string::npos);
}

TEST(SessionPair, OpportunisticTlsTakesTheOffer) {
  expect_clean(run_pair(relay_plan(TlsPolicy::kOpportunistic), {}, five_messages()), 5, true);
}

TEST(SessionPair, SubmissionAuthenticatesBehindStarttls) {
  for (const MechanismSet auth :
       {MechanismSet{parser::kAuthPlain}, MechanismSet{parser::kAuthLogin}, kAllMechanisms}) {
    const PairOutcome outcome =
        run_pair(submission_plan(Role::kSubmission, auth), {}, five_messages());
    expect_clean(outcome, 5, true);
    EXPECT_EQ(outcome.sink.auth_ok, 1U);
    // Neither the password nor the command may be seen on the wire.
    EXPECT_EQ(outcome.client.sent.find("AUTH"), std::string::npos);
  }
}

TEST(SessionPair, SubmissionsStartsWithTls) {
  const PairOutcome outcome =
      run_pair(submission_plan(Role::kSubmissions, parser::kAuthPlain), {}, five_messages());
  expect_clean(outcome, 5, true);
  EXPECT_EQ(outcome.client.sent.find("EHLO"), std::string::npos);
}

TEST(SessionPair, Tls12Works) {
  PairOptions options = five_messages();
  options.client_tls.max_version = io::TlsVersion::kTls12;
  expect_clean(run_pair(submission_plan(Role::kSubmission, parser::kAuthPlain), {}, options), 5,
               true);
}

TEST(SessionPair, AnyCutOfTheStreamGivesTheSameSession) {
  for (const Role role : {Role::kRelay, Role::kSubmission, Role::kSubmissions}) {
    const SessionPlan plan = role == Role::kRelay ? relay_plan(TlsPolicy::kNone)
                                                  : submission_plan(role, parser::kAuthLogin);
    for (const std::size_t size : {1, 2, 3, 7, 16, 61}) {
      PairOptions options = five_messages();
      options.piece_to_client = options.piece_to_sink = [size] { return size; };
      expect_clean(run_pair(plan, {}, options), 5, role != Role::kRelay);
    }
    for (unsigned seed = 0; seed < 20; ++seed) {
      std::mt19937 random(seed);
      PairOptions options = five_messages();
      options.piece_to_client = options.piece_to_sink = [&random] { return 1 + random() % 90; };
      expect_clean(run_pair(plan, {}, options), 5, role != Role::kRelay);
    }
  }
}

TEST(SessionPair, PipeliningGivesTheSameMessagesInFewerTurns) {
  for (const Role role : {Role::kRelay, Role::kSubmission, Role::kSubmissions}) {
    for (const Pipelining pipelining : {Pipelining::kGroup, Pipelining::kFull}) {
      SessionPlan plan = role == Role::kRelay ? relay_plan(TlsPolicy::kNone)
                                              : submission_plan(role, parser::kAuthPlain);
      plan.pipelining = pipelining;
      plan.recipients = 3;
      for (const std::size_t size : {1, 2, 3, 7, 16, 61, 1 << 20}) {
        PairOptions options = five_messages();
        options.piece_to_client = options.piece_to_sink = [size] { return size; };
        expect_clean(run_pair(plan, {}, options), 5, role != Role::kRelay);
      }
    }
  }
}

TEST(SessionPair, FullPipeliningEndsAMessageWithTheEnvelopeOfTheNext) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.pipelining = Pipelining::kFull;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  MailRoomPtr room;
  std::vector<std::string> domains;
  MailSource source(plan);
  const std::string envelope = source.next({parser::kCapSize, 0}, room, domains).envelope->group;
  std::size_t together = 0;
  for (std::size_t at = outcome.client.sent.find("\r\n.\r\n" + envelope); at != std::string::npos;
       at = outcome.client.sent.find("\r\n.\r\n" + envelope, at + 1)) {
    ++together;
  }
  EXPECT_EQ(together, 4U);
}

TEST(SessionPair, PipeliningIsNotUsedWhereItIsNotOffered) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.pipelining = Pipelining::kFull;
  plan.message_size = 0;
  plan.messages_per_connection = 1;
  const ClientOutcome outcome = run_against_script(
      plan, {ScriptedServer{}.greeting, {"250 mx.example.com\r\n", "550 no\r\n", "EOF"}});
  EXPECT_EQ(outcome.sent.find("RCPT"), std::string::npos);
}

TEST(SessionPair, EverySizeArrivesWhole) {
  for (const std::uint64_t size :
       {0, 2, 3, 77, 78, 79, 80, 200, 1024, 8191, 8192, 16384, 70000, 1 << 20}) {
    for (const TlsPolicy tls : {TlsPolicy::kNone, TlsPolicy::kRequired}) {
      SessionPlan plan = relay_plan(tls);
      plan.message_size = size;
      const PairOutcome outcome = run_pair(plan, {}, five_messages());
      expect_clean(outcome, 5, tls == TlsPolicy::kRequired);
      EXPECT_EQ(outcome.sink.octets_received, 5 * size);
    }
  }
}

TEST(SessionPair, CountsEachRecipient) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.recipients = 7;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(outcome.sink.recipients_received, 35U);
}

TEST(SessionPair, ASessionWithoutMessagesEndsWithQuit) {
  SessionPlan plan = relay_plan(TlsPolicy::kRequired);
  plan.messages_per_connection = 0;
  PairOptions options;
  options.messages = 0;
  const PairOutcome outcome = run_pair(plan, {}, options);
  expect_clean(outcome, 0, true);
}

TEST(SessionPair, AWrongPasswordIsAnErrorOfAuth) {
  SessionPlan plan = submission_plan(Role::kSubmission, parser::kAuthPlain);
  plan.auth = auth_as(parser::kAuthPlain, kSinkUser, "not it");
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  EXPECT_FALSE(outcome.client.as_planned);
  ASSERT_EQ(outcome.client.metrics.errors().size(), 1U);
  const ErrorRow& row = outcome.client.metrics.errors().front();
  EXPECT_EQ(row.phase, Phase::kAuth);
  EXPECT_EQ(row.code, 535);
  EXPECT_EQ(row.enhanced.subject, 7);
  EXPECT_EQ(outcome.sink.auth_failed, 1U);
  EXPECT_EQ(outcome.client.metrics.total().messages_failed, 1U);
}

TEST(SessionPair, AMessageOverTheLimitIsRefusedAndTheSessionGoesOn) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  SinkOptions options;
  options.size_limit = 1000;
  const PairOutcome outcome = run_pair(plan, options, five_messages());
  EXPECT_TRUE(outcome.client.as_planned);
  EXPECT_EQ(outcome.client.metrics.total().messages_failed, 5U);
  EXPECT_EQ(outcome.client.metrics.total().sessions_completed, 1U);
  ASSERT_EQ(outcome.client.metrics.errors().size(), 1U);
  EXPECT_EQ(outcome.client.metrics.errors().front().code, 552);
  EXPECT_EQ(outcome.client.metrics.errors().front().count, 5U);
}

TEST(SessionPair, EveryPhaseIsMeasuredOncePerEvent) {
  SessionPlan plan = submission_plan(Role::kSubmission, parser::kAuthLogin);
  plan.recipients = 3;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  const auto count = [&outcome](Phase phase) {
    return outcome.client.metrics.histogram(phase).count();
  };
  for (const Phase once : {Phase::kGreeting, Phase::kEhlo, Phase::kStarttls, Phase::kTlsHandshake,
                           Phase::kEhloTls, Phase::kAuth, Phase::kQuit, Phase::kSession}) {
    EXPECT_EQ(count(once), 1U) << to_string(once);
  }
  for (const Phase each :
       {Phase::kMail, Phase::kData, Phase::kBodySent, Phase::kEndOfData, Phase::kMessage}) {
    EXPECT_EQ(count(each), 5U) << to_string(each);
  }
  EXPECT_EQ(count(Phase::kRcpt), 15U);
  EXPECT_EQ(count(Phase::kReset), 0U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
