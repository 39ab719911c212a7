#include "loadgen/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "loadgen/option_values.h"

namespace smtpmark::loadgen {
namespace {

RunOptions to(const char* target) {
  RunOptions options;
  options.target = target;
  return options;
}

std::string refusal(const RunOptions& options) {
  const auto plan = make_run_plan(options);
  return plan ? "" : plan.error();
}

TEST(Options, ThePortTellsTheRoleAndTheRoleTellsTls) {
  const auto relay = make_run_plan(to("127.0.0.1:25")).value();
  EXPECT_EQ(relay.classes[0].session.role, Role::kRelay);
  EXPECT_EQ(relay.classes[0].session.tls, TlsPolicy::kOpportunistic);
  const auto submission = make_run_plan(to("127.0.0.1:587")).value();
  EXPECT_EQ(submission.classes[0].session.role, Role::kSubmission);
  EXPECT_EQ(submission.classes[0].session.tls, TlsPolicy::kRequired);
  const auto submissions = make_run_plan(to("127.0.0.1:465")).value();
  EXPECT_EQ(submissions.classes[0].session.role, Role::kSubmissions);
  EXPECT_EQ(submissions.classes[0].session.tls, TlsPolicy::kImplicit);
}

TEST(Options, AnotherPortNeedsARole) {
  EXPECT_NE(refusal(to("127.0.0.1:2525")).find("--role"), std::string::npos);
  RunOptions options = to("127.0.0.1:2525");
  options.role = "submission";
  EXPECT_EQ(make_run_plan(options).value().classes[0].session.role, Role::kSubmission);
}

TEST(Options, AUserAsksForAuth) {
  RunOptions options = to("127.0.0.1:587");
  EXPECT_EQ(make_run_plan(options).value().classes[0].session.auth.mechanisms, 0U);
  options.user = "u";
  EXPECT_NE(refusal(options).find("--password"), std::string::npos);
  options.password = "p";
  EXPECT_EQ(make_run_plan(options).value().classes[0].session.auth.mechanisms, kAllMechanisms);
  options.auth = "login";
  EXPECT_EQ(make_run_plan(options).value().classes[0].session.auth.mechanisms, parser::kAuthLogin);
  options.auth = "xoauth2";
  EXPECT_NE(refusal(options).find("needs a token of user u"), std::string::npos);
  options.token = "t";
  EXPECT_EQ(make_run_plan(options).value().classes[0].session.auth.mechanisms,
            parser::kAuthXoauth2);
  options.token_file = "t";
  EXPECT_NE(refusal(options).find("--token-file"), std::string::npos);
  options.token_file.clear();
  options.users = "/does/not/exist";
  EXPECT_NE(refusal(options).find("leave out --user"), std::string::npos);
  options.user.clear();
  options.password.clear();
  options.token.clear();
  EXPECT_NE(refusal(options).find("cannot read /does/not/exist"), std::string::npos);
  options.users.clear();
  options.wrong_password_share = 0.1;
  options.auth = "none";
  EXPECT_NE(refusal(options).find("--wrong-password-share"), std::string::npos);
  options.auth = "login";
  EXPECT_NE(refusal(options).find("--user"), std::string::npos);
}

TEST(Options, EitherCountOrTimeEndsARun) {
  RunOptions options = to("127.0.0.1:25");
  EXPECT_EQ(make_run_plan(options).value().load.duration_ns, 10 * io::kSecond);
  options.messages = 5;
  EXPECT_EQ(make_run_plan(options).value().load.duration_ns, 0U);
  options.duration_s = 1.5;
  EXPECT_EQ(make_run_plan(options).value().load.duration_ns, 1'500'000'000U);
}

TEST(Options, RefusesWhatCannotBeMeant) {
  for (const char* target : {"127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", ":25",
                             "::1:25", "127.0.0.1:0", "[]:25", "no.such.host.invalid:25"}) {
    EXPECT_NE(refusal(to(target)), "") << target;
  }
  const auto with = [](auto change) {
    RunOptions options = to("127.0.0.1:25");
    change(options);
    return refusal(options);
  };
  EXPECT_NE(with([](RunOptions& o) { o.from = "nobody"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.to = "a@b>\r\nRSET@example.com"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.helo_name = "a\r\nb"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.helo_name = "a b"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.helo_name = "a_{1..9}.example.com"; }), "");
  EXPECT_EQ(with([](RunOptions& o) { o.helo_name = "[192.0.2.1]"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.helo_name = "a{x}.example.com"; }), "");
  EXPECT_EQ(with([](RunOptions& o) { o.helo_name = "a{1..9}.example.com"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.size = "1"; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.tls = "none", o.verify = true; }), "");
  EXPECT_NE(with([](RunOptions& o) { o.threads = 8, o.connections = 4; }), "");
}

TEST(Options, AnEmptyValueIsNotAnOptionLeftOut) {
  const auto refused = [](const char* name, const auto& define, std::vector<std::string> given) {
    CLI::App command("", name);
    define(command);
    std::reverse(given.begin(), given.end());  // as CLI11 takes them
    command.parse(std::move(given));
    const auto good = refuse_empty_values(command);
    return good ? std::string() : good.error();
  };
  RunOptions run;
  const auto as_run = [&run](CLI::App& command) { define_run(command, run); };
  for (const char* option : {"--tls-pin", "--ca-file", "--user", "--password", "--scenario",
                             "--target", "--source", "--dsn-envid", "--from", "--threshold"}) {
    EXPECT_EQ(refused("run", as_run, {option, ""}).find(option), 0U) << option;
    EXPECT_EQ(refused("run", as_run, {option, "x"}), "") << option;
  }
  EXPECT_EQ(refused("run", as_run, {"--verify"}), "");
  SinkRunOptions sink;
  const auto as_sink = [&sink](CLI::App& command) { define_sink(command, sink); };
  EXPECT_NE(refused("sink", as_sink, {"--ca-out", ""}), "");
  EXPECT_EQ(refused("sink", as_sink, {"--password", ""}), "") << "a user with a token alone";
  AbOptions ab;
  const auto as_ab = [&ab](CLI::App& command) { define_ab(command, ab); };
  EXPECT_EQ(refused("ab", as_ab, {"--base-options", "", "--new-options", "--tls none"}), "");
}

TEST(Options, ANumberThatIsNoneGetsAShortSentence) {
  const auto complaint = [](std::string option, std::string value) {
    RunOptions options;
    CLI::App command;
    define_run(command, options);
    try {
      command.parse(std::vector<std::string>{std::move(value), std::move(option)});
    } catch (const CLI::ParseError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const auto& [option, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--messages", "0"},
           {"--sessions", "0"},
           {"--pin", "1024"},
           {"--seed", "18446744073709551616"},
           {"--seed", "x"},
           {"--messages-per-connection", "1.5"},
           {"--duration", "nan"},
           {"--duration", "5 parsecs"},
           {"--timeout", "s s"}}) {
    const std::string said = complaint(option, value);
    EXPECT_EQ(said.find(std::string(option) + ": " + value + " is no"), 0U) << said;
    EXPECT_LT(said.size(), 120U) << said;
  }
  for (const char* option : {"--messages", "--pin", "--seed", "--messages-per-connection"}) {
    EXPECT_NE(complaint(option, "-1").find("-1 is not a whole number from "), std::string::npos)
        << option;
  }
  EXPECT_EQ(complaint("--seed", "18446744073709551615"), "");
  EXPECT_EQ(complaint("--messages-per-connection", "0"), "");
  EXPECT_EQ(complaint("--duration", "500ms"), "");
}

TEST(Options, ASinkNeedsSomethingToListenOn) {
  SinkRunOptions options;
  EXPECT_FALSE(make_sink_plan(options).has_value());
  options.relay = {"127.0.0.1:0"};
  options.submissions = {"[::1]:0"};
  const auto plan = make_sink_plan(options).value();
  ASSERT_EQ(plan.listens.size(), 2U);
  EXPECT_EQ(plan.listens[1].role, Role::kSubmissions);
}

TEST(Options, ASinkDoesNotOfferWhatItIsNotToOffer) {
  SinkRunOptions options;
  options.relay = {"127.0.0.1:0"};
  options.with = "LIMITS,MTRK";
  options.without = "CHUNKING,LIMITS";
  const auto plan = make_sink_plan(options);
  ASSERT_FALSE(plan.has_value());
  EXPECT_NE(plan.error().find("both name LIMITS:"), std::string::npos) << plan.error();
  options.without = "CHUNKING";
  EXPECT_TRUE(make_sink_plan(options).has_value());
}

TEST(Options, AListOfCiphersIsOfAVersionThatThereIs) {
  RunOptions options = to("127.0.0.1:465");
  options.tls_suites = "TLS_AES_128_GCM_SHA256";
  EXPECT_EQ(refusal(options), "");
  options.tls_version = "1.2";
  EXPECT_NE(refusal(options).find("--tls-suites is of TLS 1.3"), std::string::npos);
  options.tls_suites.clear();
  options.tls_ciphers = "ECDHE+AESGCM";
  EXPECT_EQ(refusal(options), "");
  options.tls_version = "1.3";
  EXPECT_NE(refusal(options).find("--tls-ciphers is of TLS 1.2"), std::string::npos);
  options.tls_suites = "TLS_AES_128_GCM_SHA256";
  EXPECT_EQ(refusal(options), "") << "both are for whichever version there is";
  options.tls_suites.clear();
  options.tls_version = "any";
  options.class_texts = {"name=old,tls-version=1.2", "name=new,tls-version=1.3"};
  EXPECT_EQ(refusal(options), "") << "what a class has of the run is for others too";
  SinkRunOptions sink;
  sink.relay = {"127.0.0.1:0"};
  sink.tls.tls_version = "1.2";
  sink.tls.tls_suites = "TLS_AES_128_GCM_SHA256";
  EXPECT_FALSE(make_sink_plan(sink).has_value());
}

TEST(Options, TheNameOfASinkCannotBreakItsGreeting) {
  SinkRunOptions options;
  options.relay = {"127.0.0.1:0"};
  for (const char* name : {"", "a\r\nb", "a b", "b\u00FCcher.example", "a..b"}) {
    options.sink.host_name = name;
    const auto plan = make_sink_plan(options);
    ASSERT_FALSE(plan.has_value()) << name;
    EXPECT_NE(plan.error().find("--host-name"), std::string::npos) << plan.error();
  }
  for (const char* name : {"localhost", "mx.example.com", "[127.0.0.1]", "[IPv6:::1]"}) {
    options.sink.host_name = name;
    EXPECT_TRUE(make_sink_plan(options).has_value()) << name;
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
