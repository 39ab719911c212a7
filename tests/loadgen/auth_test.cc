// AUTH in whole sessions: client against sink, and against servers that play a script.
#include <gtest/gtest.h>

#include "loadgen/base64.h"
#include "tests/loadgen/dialogue.h"
#include "tests/loadgen/loaded_sink.h"

namespace smtpmark::loadgen::testing {
namespace {

constexpr const char* kAuthToken = "token";

SinkOptions open_sink() {
  SinkOptions options;
  options.auth.mechanisms = kAllMechanisms;
  options.auth.users = one_user(kSinkUser, kSinkPassword, kAuthToken);
  return options;
}

SessionPlan submission_with(AuthPlan auth) {
  SessionPlan plan;
  plan.role = Role::kSubmission;
  plan.tls = TlsPolicy::kRequired;
  plan.auth = std::move(auth);
  return plan;
}

SessionPlan good_plan(MechanismSet mechanisms) {
  return submission_with(auth_as(mechanisms, kSinkUser, kSinkPassword, kAuthToken));
}

ErrorRow only_auth_error(const ClientOutcome& outcome) {
  EXPECT_EQ(outcome.metrics.errors().size(), 1U);
  return outcome.metrics.errors().empty() ? ErrorRow{} : outcome.metrics.errors().front();
}

void expect_let_in(const PairOutcome& outcome, parser::AuthMechanism mechanism) {
  const std::string name(parser::to_string(mechanism));
  for (const ErrorRow& row : outcome.client.metrics.errors()) ADD_FAILURE() << name << row.sample;
  EXPECT_TRUE(outcome.client.as_planned) << name;
  EXPECT_EQ(outcome.client.metrics.total().auth_accepted, 1U) << name;
  EXPECT_EQ(outcome.client.metrics.total().messages_accepted, 1U) << name;
  EXPECT_EQ(outcome.client.metrics.auth_by_mechanism()[index_of(mechanism)], 1U) << name;
  EXPECT_EQ(outcome.client.metrics.histogram(Phase::kAuth).count(), 1U) << name;
  EXPECT_EQ(outcome.sink.auth_by_mechanism[index_of(mechanism)], 1U) << name;
}

TEST(Auth, EveryMechanismLetsTheRightUserInWithAndWithoutInitialResponse) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    for (const auto initial :
         {InitialResponse::kAuto, InitialResponse::kAlways, InitialResponse::kNever}) {
      SessionPlan plan = good_plan(mechanism);
      plan.auth.initial_response = initial;
      expect_let_in(run_pair(plan, open_sink(), {}), mechanism);
    }
  }
}

TEST(Auth, AnyCutOfTheStreamGivesTheSameExchange) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    for (const std::size_t size : {1, 7, 61}) {
      PairOptions options;
      options.piece_to_client = options.piece_to_sink = [size] { return size; };
      SessionPlan plan = good_plan(mechanism);
      plan.auth.initial_response = InitialResponse::kNever;
      expect_let_in(run_pair(plan, open_sink(), options), mechanism);
    }
  }
}

TEST(Auth, AChannelIsBoundInTls12Too) {
  PairOptions options;
  options.client_tls.max_version = io::TlsVersion::kTls12;
  for (const auto mechanism : {parser::kAuthScramSha1Plus, parser::kAuthScramSha256Plus}) {
    expect_let_in(run_pair(good_plan(mechanism), open_sink(), options), mechanism);
  }
}

TEST(Auth, EveryMechanismReportsAWrongPassword) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    const PairOutcome outcome =
        run_pair(submission_with(auth_as(mechanism, kSinkUser, "guess", "guess")), open_sink(), {});
    const ErrorRow row = only_auth_error(outcome.client);
    EXPECT_EQ(row.phase, Phase::kAuth) << parser::to_string(mechanism);
    EXPECT_EQ(row.code, 535) << parser::to_string(mechanism);
    EXPECT_EQ(outcome.sink.auth_failed, 1U) << parser::to_string(mechanism);
    EXPECT_EQ(outcome.client.metrics.total().messages_failed, 1U);
  }
}

TEST(Auth, AWrongPasswordThatIsWantedIsNoError) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    SessionPlan plan = good_plan(mechanism);
    plan.auth.wrong_password_share = 1.0;
    const PairOutcome outcome = run_pair(plan, open_sink(), {});
    const Counters& total = outcome.client.metrics.total();
    EXPECT_TRUE(outcome.client.as_planned) << parser::to_string(mechanism);
    EXPECT_EQ(total.auth_rejected_as_wanted, 1U) << parser::to_string(mechanism);
    EXPECT_EQ(total.errors + total.messages_failed + total.messages_accepted, 0U);
    EXPECT_EQ(total.sessions_completed, 1U);
    EXPECT_EQ(total.sessions_established, 0U);
    EXPECT_EQ(outcome.client.metrics.histogram(Phase::kAuthRejected).count(), 1U);
    EXPECT_EQ(outcome.client.metrics.histogram(Phase::kAuth).count(), 0U);
    EXPECT_EQ(outcome.sink.auth_failed, 1U);
  }
}

TEST(Auth, AutoTakesTheStrongestThatIsOfferedAndThatTheUserCanUse) {
  SinkOptions options = open_sink();
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    expect_let_in(run_pair(good_plan(kAllMechanisms), options, {}), mechanism);
    options.auth.mechanisms &= ~static_cast<MechanismSet>(mechanism);
  }
  const SessionPlan by_token = submission_with(auth_as(kAllMechanisms, kSinkUser, "", kAuthToken));
  expect_let_in(run_pair(by_token, open_sink(), {}), parser::kAuthOauthBearer);
}

TEST(Auth, ATokenTooLongForACommandFollowsItsChallenge) {
  SinkOptions options = open_sink();
  const std::string token(kMaxToken, 't');
  options.auth.users = one_user(kSinkUser, "", token);
  for (const auto mechanism : {parser::kAuthOauthBearer, parser::kAuthXoauth2}) {
    for (const auto initial : {InitialResponse::kAuto, InitialResponse::kAlways}) {
      SessionPlan plan = submission_with(auth_as(mechanism, kSinkUser, "", token));
      plan.auth.initial_response = initial;
      expect_let_in(run_pair(plan, options, {}), mechanism);
    }
  }
}

TEST(Auth, EachSessionIsTheNextUser) {
  SinkOptions options = open_sink();
  options.auth.users = parse_users("a,1\nb,2\n", "users.csv").value();
  SessionPlan plan = good_plan(parser::kAuthPlain);
  plan.auth.users = parse_users("a,1\n", "users.csv").value();
  expect_let_in(run_pair(plan, options, {}), parser::kAuthPlain);
  plan.auth.users = parse_users("a,2\n", "users.csv").value();
  EXPECT_EQ(run_pair(plan, options, {}).sink.auth_failed, 1U);
}

TEST(Auth, ThreadsCountTogetherWhatTheSinkCounts) {
  SinkPlan sink_plan;
  sink_plan.options = open_sink();
  sink_plan.options.auth.users = parse_users("a,1\nb,2\nc,3\n", "users.csv").value();
  sink_plan.threads = 2;
  sink_plan.listens.push_back({Role::kSubmission, io::Address::resolve("127.0.0.1:0").value()});
  auto sink = Sink::start(sink_plan, shared_certificate());
  ASSERT_TRUE(sink.has_value()) << sink.error();
  RunPlan plan = plan_for((*sink)->listens().front().address, Role::kSubmission);
  AuthPlan& auth = plan.classes[0].session.auth;
  auth.mechanisms = kAllMechanisms;
  auth.users = sink_plan.options.auth.users;
  auth.wrong_password_share = 0.25;
  plan.load.threads = 2;
  plan.load.connections = 4;
  plan.load.count = 60;
  const LoadResult result = run(plan);
  (*sink)->stop();
  expect_no_errors(result);
  const Counters& total = result.metrics.total();
  const SinkCounters& received = (*sink)->counters();
  EXPECT_EQ(total.messages_accepted + total.auth_rejected_as_wanted, 60U);
  EXPECT_GT(total.auth_rejected_as_wanted, 0U);
  EXPECT_EQ(total.auth_accepted, received.auth_ok);
  EXPECT_EQ(total.auth_rejected_as_wanted, received.auth_failed);
  EXPECT_EQ(result.metrics.auth_by_mechanism(), received.auth_by_mechanism);
  EXPECT_EQ(received.auth_by_mechanism[index_of(parser::kAuthScramSha256Plus)], received.auth_ok);
}

// Against scripts, in plaintext.

constexpr parser::AuthMechanism kWithoutTls[] = {parser::kAuthScramSha256, parser::kAuthScramSha1,
                                                 parser::kAuthOauthBearer, parser::kAuthXoauth2,
                                                 parser::kAuthCramMd5,     parser::kAuthPlain,
                                                 parser::kAuthLogin};

ClientOutcome against(SessionPlan plan, std::vector<std::string> answers) {
  plan.tls = TlsPolicy::kNone;
  plan.auth.without_tls = true;
  const MechanismSet mechanisms = plan.auth.mechanisms;
  std::string offer = "250-mx.example.com\r\n250 AUTH";
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    if ((mechanisms & mechanism) != 0) offer += " " + std::string(parser::to_string(mechanism));
  }
  answers.insert(answers.begin(), offer + "\r\n");
  return run_against_script(plan, {ScriptedServer{}.greeting, std::move(answers)});
}

TEST(Auth, AChallengeThatIsNoBase64IsCanceled) {
  for (const parser::AuthMechanism mechanism : kWithoutTls) {
    for (const char* garbage : {"334 !\r\n", "334 YQ\r\n", "334 Username:\r\n"}) {
      const ClientOutcome outcome =
          against(good_plan(mechanism), {garbage, "501 5.7.0 canceled\r\n"});
      EXPECT_EQ(only_auth_error(outcome).kind, "auth-exchange") << parser::to_string(mechanism);
      EXPECT_TRUE(outcome.sent.ends_with("\r\n*\r\n")) << outcome.sent;
      EXPECT_TRUE(outcome.ended);
    }
  }
}

TEST(Auth, AChallengeThatMakesNoSenseIsCanceled) {
  const std::string garbage = "334 " + base64_encode("garbage") + "\r\n";
  for (const parser::AuthMechanism mechanism : kWithoutTls) {
    const ClientOutcome outcome =
        against(good_plan(mechanism), {garbage, garbage, garbage, garbage, garbage});
    EXPECT_EQ(only_auth_error(outcome).kind, "auth-exchange") << parser::to_string(mechanism);
    EXPECT_TRUE(outcome.sent.ends_with("\r\n*\r\n")) << outcome.sent;
    EXPECT_TRUE(outcome.ended);
  }
}

TEST(Auth, AChallengeMayBeAsLongAsALineOfAuth) {
  const std::string longest(12280, 'A');
  const SessionPlan plan = good_plan(parser::kAuthLogin);
  const ClientOutcome taken =
      against(plan, {"334 " + longest + "\r\n", "334 \r\n", "235 2.7.0 welcome\r\n"});
  EXPECT_EQ(taken.metrics.total().auth_accepted, 1U);
  const ClientOutcome refused = against(plan, {"334 " + longest + "AAAA\r\n"});
  EXPECT_EQ(only_auth_error(refused).kind, "protocol");
}

TEST(Auth, AConnectionLostInTheMiddleIsOneError) {
  for (const parser::AuthMechanism mechanism : kWithoutTls) {
    for (const char* end : {"EOF", "RESET"}) {
      const ClientOutcome outcome = against(good_plan(mechanism), {end});
      EXPECT_EQ(only_auth_error(outcome).phase, Phase::kAuth) << parser::to_string(mechanism);
      EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
    }
    const ClientOutcome lost = against(good_plan(mechanism), {"334 !\r\n", "EOF"});
    EXPECT_EQ(only_auth_error(lost).kind, "auth-exchange");
  }
}

TEST(Auth, AServerThatProvesNothingIsNotTrusted) {
  for (const auto mechanism : {parser::kAuthScramSha1, parser::kAuthScramSha256}) {
    const ClientOutcome outcome = against(good_plan(mechanism), {"235 2.7.0 welcome\r\n"});
    EXPECT_EQ(only_auth_error(outcome).kind, "auth-unproven");
    EXPECT_EQ(outcome.sent.find("MAIL"), std::string::npos);
  }
}

TEST(Auth, AServerThatAcceptsAWrongPasswordIsAnErrorOfItsOwnKind) {
  SessionPlan plan = good_plan(parser::kAuthPlain);
  plan.auth.wrong_password_share = 1.0;
  const ClientOutcome outcome = against(plan, {"235 2.7.0 welcome\r\n"});
  EXPECT_EQ(only_auth_error(outcome).kind, "wrong-password-accepted");
  EXPECT_EQ(outcome.metrics.total().auth_rejected_as_wanted, 0U);
  EXPECT_EQ(outcome.sent.find("MAIL"), std::string::npos);
}

TEST(Auth, OnlyA535IsTheRejectionThatIsWanted) {
  SessionPlan plan = good_plan(parser::kAuthPlain);
  plan.auth.wrong_password_share = 1.0;
  for (const int code : {454, 500, 421}) {
    const ClientOutcome outcome = against(plan, {std::to_string(code) + " 5.0.0 no\r\n"});
    EXPECT_EQ(only_auth_error(outcome).code, code);
    EXPECT_EQ(outcome.metrics.total().auth_rejected_as_wanted, 0U);
  }
}

// The sink against clients that misbehave.

std::string open_talk(const std::string& sent, SinkCounters* counters = nullptr) {
  SinkOptions options = open_sink();
  options.auth.without_tls = true;
  return ask_sink(Role::kSubmission, "EHLO c.example.com\r\n" + sent + "NOOP\r\n", counters, 0,
                  options);
}

TEST(SinkAuth, ACanceledOrBrokenExchangeLeavesTheSessionAsItWas) {
  for (const parser::AuthMechanism mechanism : kWithoutTls) {
    const std::string command = "AUTH " + std::string(parser::to_string(mechanism)) + "\r\n";
    for (const auto& [line, code] : {std::pair<std::string, std::string>{"*", "501"},
                                     {"!", "501"},
                                     {"YQ", "501"},
                                     {std::string(13000, 'A'), "500"}}) {
      SinkCounters counters;
      const std::string heard = open_talk(command + line + "\r\n", &counters);
      EXPECT_NE(heard.find("\r\n" + code + " "), std::string::npos) << command << heard;
      EXPECT_TRUE(heard.ends_with("\r\n250 2.0.0 Ok\r\n")) << command << heard;
      EXPECT_EQ(counters.auth_ok, 0U);
    }
  }
}

TEST(SinkAuth, OffersWhatItWasToldAndBindsNoChannelWithoutTls) {
  EXPECT_NE(open_talk("").find("250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 "
                               "PLAIN LOGIN\r\n"),
            std::string::npos);
  EXPECT_NE(open_talk("AUTH SCRAM-SHA-256-PLUS\r\n").find("\r\n504 "), std::string::npos);
  EXPECT_NE(open_talk("AUTH GSSAPI\r\n").find("\r\n504 "), std::string::npos);
}

TEST(SinkAuth, AMechanismThatBeginsWithAChallengeTakesNoInitialResponse) {
  EXPECT_NE(open_talk("AUTH CRAM-MD5 YQ==\r\n").find("\r\n501 "), std::string::npos);
  const std::string login = open_talk("AUTH LOGIN " + base64_encode(kSinkUser) + "\r\n" +
                                      base64_encode(kSinkPassword) + "\r\n");
  EXPECT_NE(login.find("\r\n334 UGFzc3dvcmQ6\r\n235 "), std::string::npos) << login;
}

TEST(SinkAuth, AUserActsForNobodyElse) {
  const auto plain = [](const std::string& acting_for) {
    const std::string message = acting_for + '\0' + kSinkUser + '\0' + kSinkPassword;
    return open_talk("AUTH PLAIN " + base64_encode(message) + "\r\n");
  };
  EXPECT_NE(plain("").find("\r\n235 "), std::string::npos);
  EXPECT_NE(plain(kSinkUser).find("\r\n235 "), std::string::npos);
  EXPECT_NE(plain("root").find("\r\n535 "), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
