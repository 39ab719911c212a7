// From options to a plan: stages, arrivals, backlogs, classes, and what is refused.
#include <gtest/gtest.h>

#include <limits>

#include "loadgen/load_options.h"
#include "loadgen/run_options.h"

namespace smtpmark::loadgen {
namespace {

RunOptions relay() {
  RunOptions options;
  options.target = "127.0.0.1:25";
  return options;
}

template <class Change>
RunOptions with(Change change) {
  RunOptions options = relay();
  change(options);
  return options;
}

std::string plan_refusal(const RunOptions& options) {
  const auto plan = make_run_plan(options);
  return plan ? "" : plan.error();
}

void expect_refusal(const RunOptions& options, const std::string& part) {
  EXPECT_NE(plan_refusal(options).find(part), std::string::npos)
      << part << " / " << plan_refusal(options);
}

TEST(RunPlan, StagesAreRampsAndSteps) {
  const auto plan = make_run_plan(with([](RunOptions& o) {
                      o.stages = {"10s:500", "1m@2000", "500ms:0"};
                    })).value();
  ASSERT_EQ(plan.load.stages.size(), 3U);
  EXPECT_EQ(plan.load.stages[0].from_per_s, 0.0);
  EXPECT_EQ(plan.load.stages[0].to_per_s, 500.0);
  EXPECT_EQ(plan.load.stages[1].from_per_s, 2000.0);
  EXPECT_EQ(plan.load.stages[1].length_ns, 60 * io::kSecond);
  EXPECT_EQ(plan.load.stages[2].from_per_s, 2000.0);
  EXPECT_EQ(plan.load.stages[2].to_per_s, 0.0);
  EXPECT_EQ(plan.load.duration_ns, 70'500'000'000U);
}

TEST(RunPlan, WarmUpAndCoolDownAreTakenFromTheStages) {
  const auto plan = make_run_plan(with([](RunOptions& o) {
                      o.rate = 10.0;
                      o.stages = {"10s:500", "20s@500", "5s:0"};
                      o.warmup_s = 10.0;
                      o.cooldown_s = 5.0;
                    })).value();
  EXPECT_EQ(plan.load.stages[0].from_per_s, 10.0) << "--rate is what the first stage starts from";
  EXPECT_EQ(plan.load.duration_ns, 20 * io::kSecond);
}

TEST(RunPlan, RefusesStagesThatCannotBeMeant) {
  for (const char* text : {"", "10s", "10s:", ":5", "10:5:3", "0s:5", "10s:-1", "10s:nan",
                           "10s:inf", "-1s:5", "10parsecs:5", "1e9s:5"}) {
    expect_refusal(with([text](RunOptions& o) { o.stages = {text}; }), "--stage");
  }
  expect_refusal(with([](RunOptions& o) { o.stages = {"2s:9"}, o.warmup_s = 3.0; }), "to measure");
  expect_refusal(with([](RunOptions& o) { o.stages = {"2s:9"}, o.duration_s = 3.0; }),
                 "--duration");
}

TEST(RunPlan, RefusesRatesThatAreImpossible) {
  expect_refusal(with([](RunOptions& o) { o.rate = 2e6; }), "more than 1 thread can begin");
  expect_refusal(with([](RunOptions& o) { o.stages = {"9s:3e6"}, o.threads = 2; }), "2 threads");
  expect_refusal(with([](RunOptions& o) { o.rate = 0.01; }), "not a single one");
  expect_refusal(with([](RunOptions& o) { o.stages = {"9s@0"}; }), "not a single one");
  EXPECT_EQ(plan_refusal(with([](RunOptions& o) { o.rate = 0.2; })), "");
}

TEST(RunPlan, RefusesWhatOnlyAnOpenLoopKnows) {
  expect_refusal(with([](RunOptions& o) { o.arrivals = "poisson"; }), "--rate");
  expect_refusal(with([](RunOptions& o) { o.backlog = 5.0; }), "--rate");
  expect_refusal(with([](RunOptions& o) { o.rate = 5.0, o.arrivals = "burst"; }), "--burst");
  expect_refusal(with([](RunOptions& o) { o.rate = 5.0, o.burst = 9; }), "--arrivals burst");
  expect_refusal(
      with([](RunOptions& o) { o.rate = 5.0, o.backlog = 9, o.backlog_policy = "queue"; }),
      "leave out --backlog");
  expect_refusal(with([](RunOptions& o) { o.rate = 5.0, o.backlog_policy = "stop"; }),
                 "needs --backlog");
}

TEST(RunPlan, ABacklogAloneDrops) {
  const auto plan = make_run_plan(with([](RunOptions& o) { o.rate = 5, o.backlog = 7; })).value();
  EXPECT_EQ(plan.load.backlog_policy, BacklogPolicy::kDrop);
  EXPECT_EQ(plan.load.backlog, 7U);
}

TEST(RunPlan, ATurnIsAMessageOrASession) {
  const auto turn_of = [](const RunOptions& options) {
    return make_run_plan(options).value().classes[0].session.turn_of;
  };
  EXPECT_EQ(turn_of(relay()), TurnOf::kMessage);
  EXPECT_EQ(turn_of(with([](RunOptions& o) { o.messages_per_connection = 0; })), TurnOf::kSession);
  EXPECT_EQ(turn_of(with([](RunOptions& o) { o.rate_of = "sessions"; })), TurnOf::kSession);
  EXPECT_EQ(turn_of(with([](RunOptions& o) { o.sessions = 9; })), TurnOf::kSession);
  expect_refusal(with([](RunOptions& o) { o.messages = o.sessions = 9; }), "leave one");
  expect_refusal(with([](RunOptions& o) { o.sessions = 9, o.rate_of = "messages"; }), "--sessions");
  expect_refusal(with([](RunOptions& o) { o.messages = 9, o.rate_of = "sessions"; }), "--sessions");
  expect_refusal(with([](RunOptions& o) { o.messages_per_connection = 0, o.rate_of = "messages"; }),
                 "sessions without a message");
}

TEST(RunPlan, ACoolDownNeedsAnEndInFrontOfIt) {
  expect_refusal(with([](RunOptions& o) { o.messages = 9, o.cooldown_s = 1.0; }), "--duration");
}

TEST(RunPlan, StopConditionsAreRead) {
  const auto plan = make_run_plan(with([](RunOptions& o) {
                      o.stop_when = {"errors > 1 %", "p99 of message > 200 ms"};
                    })).value();
  EXPECT_EQ(plan.load.stop_when.size(), 2U);
  expect_refusal(with([](RunOptions& o) { o.stop_when = {"p99 of luck > 1 s"}; }),
                 "--stop-when \"p99 of luck > 1 s\": column 8");
}

TEST(RunPlan, ClassesTakeFromTheRunWhatTheyDoNotSay) {
  const auto plan = make_run_plan(with([](RunOptions& o) {
                      o.size = "4096";
                      o.user = "u";
                      o.password = "a,b";
                      o.class_texts = {"name=relay,weight=70,auth=none",
                                       "name=mua,weight=30,target=127.0.0.1:587,size=10K,verify",
                                       "name=other,target=127.0.0.1:465,password=\"x,y\""};
                    })).value();
  ASSERT_EQ(plan.classes.size(), 3U);
  EXPECT_EQ(plan.name, "mix");
  EXPECT_EQ(plan.classes[0].target_text, "127.0.0.1:25");
  EXPECT_EQ(plan.classes[0].session.message_size, 4096U);
  EXPECT_FALSE(plan.classes[0].session.auth.wanted());
  EXPECT_EQ(plan.classes[1].session.role, Role::kSubmission);
  EXPECT_EQ(plan.classes[1].session.message_size, 10240U);
  EXPECT_EQ((*plan.classes[1].session.auth.users)[0].password, "a,b");
  EXPECT_TRUE(plan.classes[1].tls.verify);
  EXPECT_EQ(plan.classes[1].weight, 30.0);
  EXPECT_EQ(plan.classes[2].weight, 1.0);
  EXPECT_EQ((*plan.classes[2].session.auth.users)[0].password, "x,y");
}

TEST(RunPlan, AUserOfAClassTakesThePlaceOfTheFileOfUsersOfItsRun) {
  const auto plan = make_run_plan(with([](RunOptions& o) {
                      o.users = "/does/not/exist";
                      o.wrong_password_share = 0.1;
                      o.class_texts = {"name=a,auth=none", "name=b,user=u,password=p",
                                       "name=c,user=u,token=t,auth=xoauth2"};
                    })).value();
  EXPECT_FALSE(plan.classes[0].session.auth.wanted());
  EXPECT_EQ((*plan.classes[1].session.auth.users)[0].password, "p");
  EXPECT_EQ(plan.classes[1].session.auth.wrong_password_share, 0.1);
  EXPECT_EQ((*plan.classes[2].session.auth.users)[0].token, "t");
  expect_refusal(with([](RunOptions& o) {
                   o.user = "u";
                   o.password = "p";
                   o.class_texts = {"name=a,users=/does/not/exist"};
                 }),
                 "class a: cannot read /does/not/exist");
}

TEST(RunPlan, RefusesClassesThatCannotBeMeant) {
  const auto refused = [](std::vector<std::string> texts, const char* part) {
    expect_refusal(with([&texts](RunOptions& o) { o.class_texts = texts; }), part);
  };
  refused({"weight=1"}, "no name");
  refused({""}, "no name");
  refused({"name=a,wieght=1"}, "is \"weight\" meant?");
  refused({"name=a,weight=0"}, "weight");
  refused({"name=a,weight=nan"}, "weight");
  refused({"name=a,rate=5"}, "there is no option \"rate\"");
  refused({"name=a,password=\"x"}, "quote");
  refused({"name=a,password=\"x\"y"}, "comma");
  refused({"name=a", "name=a"}, "two classes");
  refused({"name=a,target=127.0.0.1:2525"}, "class a: port 2525");
  refused({"name=a,weight=1000", "name=b,weight=1"}, "class b has no share");
  refused({"name=a,target=10.0.0.1:25"}, "--allow-remote");
}

TEST(RunPlan, RefusesOptionsOfTlsWhereThereIsNone) {
  const auto over_unix = [](auto change) {
    return with([&change](RunOptions& o) {
      o.target = "unix:z.sock";
      o.role = "lmtp";
      change(o);
    });
  };
  EXPECT_EQ(plan_refusal(over_unix([](RunOptions&) {})), "");
  expect_refusal(over_unix([](RunOptions& o) { o.verify = true, o.ca_file = "ca.pem"; }),
                 "--verify needs TLS, which unix:z.sock is not loaded with");
  expect_refusal(over_unix([](RunOptions& o) { o.ca_file = "ca.pem"; }), "--ca-file needs TLS");
  expect_refusal(over_unix([](RunOptions& o) { o.tls_version = "1.2"; }), "--tls-version needs");
  expect_refusal(over_unix([](RunOptions& o) { o.handshake_only = true; }), "--handshake-only");
  expect_refusal(over_unix([](RunOptions& o) {
                   o.user = o.password = "x";
                   o.auth = "scram-sha-256-plus";
                 }),
                 "--auth scram-sha-256-plus needs TLS");
  expect_refusal(over_unix([](RunOptions& o) { o.class_texts = {"name=a,tls-pin=x"}; }),
                 "class a: --tls-pin needs TLS");
  EXPECT_EQ(
      plan_refusal(over_unix([](RunOptions& o) { o.tls = "required", o.tls_version = "1.2"; })),
      "");
  expect_refusal(with([](RunOptions& o) { o.tls = "none", o.tls_version = "1.2"; }),
                 "--tls none leaves nothing for --tls-version to do");
}

TEST(RunPlan, ADeviceSpeaksNoTlsOnARelaysPortUnlessAskedTo) {
  const auto tls_of = [](auto change) {
    return make_run_plan(with([&change](RunOptions& o) {
             o.workload = "device";
             o.pool = "16M";
             change(o);
           }))
        .value()
        .classes[0]
        .session.tls;
  };
  EXPECT_EQ(tls_of([](RunOptions&) {}), TlsPolicy::kNone);
  EXPECT_EQ(tls_of([](RunOptions& o) { o.tls = "required"; }), TlsPolicy::kRequired);
  EXPECT_EQ(tls_of([](RunOptions& o) { o.target = "127.0.0.1:587"; }), TlsPolicy::kRequired);
  EXPECT_EQ(tls_of([](RunOptions& o) { o.workload = "notification"; }), TlsPolicy::kOpportunistic);
}

TEST(RunPlan, AClientOfAProxyNeedsTheProxy) {
  expect_refusal(with([](RunOptions& o) { o.proxy_client = "192.0.2.1"; }), "--proxy-client needs");
  expect_refusal(with([](RunOptions& o) { o.class_texts = {"name=a,proxy-client=192.0.2.1"}; }),
                 "class a: --proxy-client needs --proxy");
  EXPECT_EQ(plan_refusal(with(
                [](RunOptions& o) { o.class_texts = {"name=a,proxy=v1,proxy-client=192.0.2.1"}; })),
            "");
}

TEST(RunPlan, TheServerIsNamedOneWayAlone) {
  expect_refusal(with([](RunOptions& o) { o.server_pids = "1", o.server_cgroup = "/x"; }),
                 "--server-pid and --server-cgroup");
}

TEST(Apportion, ThePartsAddUp) {
  EXPECT_EQ(apportion(100, {70, 20, 10}), (std::vector<std::uint64_t>{70, 20, 10}));
  EXPECT_EQ(apportion(10, {1, 1, 1}), (std::vector<std::uint64_t>{4, 3, 3}));
  EXPECT_EQ(apportion(3, {0.7, 0.2, 0.1}), (std::vector<std::uint64_t>{2, 1, 0}));
  EXPECT_EQ(apportion(0, {1, 2}), (std::vector<std::uint64_t>{0, 0}));
}

TEST(Apportion, ThePartsOfAnyCountAddUp) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t exact = std::uint64_t{1} << 53;  // the last count that a double knows
  for (const std::uint64_t whole : {kMost, kMost - 1, kMost / 2, kMost / 3, exact + 1}) {
    for (const std::vector<double>& weights : std::vector<std::vector<double>>{
             {1}, {1, 1}, {1, 1, 1}, {70, 20, 10}, {0.7, 0.2, 0.1}, {1e-9, 1, 1e9}}) {
      std::uint64_t left = whole;
      for (const std::uint64_t part : apportion(whole, weights)) {
        ASSERT_LE(part, left);
        left -= part;
      }
      EXPECT_EQ(left, 0U) << whole << " among " << weights.size();
    }
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
