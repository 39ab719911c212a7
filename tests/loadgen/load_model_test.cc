// How load is given: classes, arrivals, stages, backlogs, ends.
#include <gtest/gtest.h>

#include <vector>

#include "tests/loadgen/loaded_sink.h"

namespace smtpmark::loadgen {
namespace {

using testing::expect_no_errors;
using testing::plan_for;
using testing::run;
using testing::start_sink;
using testing::turns;

constexpr TimeNs kHalfSecond = io::kSecond / 2;

// A plan of one class a role and weight, each with a sink of its own.
struct Mix {
  explicit Mix(const std::vector<std::pair<Role, double>>& parts) {
    plan.classes.clear();
    for (const auto& [role, weight] : parts) {
      sinks.push_back(start_sink(role));
      ClassPlan one = plan_for(sinks.back()->listens().front().address, role).classes[0];
      one.name = to_string(role);
      one.weight = weight;
      plan.classes.push_back(one);
    }
    plan.load.connections = 20;
  }
  RunPlan plan;
  std::vector<std::unique_ptr<Sink>> sinks;
};

TEST(LoadModel, ClassesShareTheTurnsOfAnOpenLoopByWeight) {
  Mix mix({{Role::kRelay, 70}, {Role::kSubmission, 20}, {Role::kSubmissions, 10}});
  mix.plan.load.threads = 2;
  mix.plan.load.set_rate(400.0);
  mix.plan.load.duration_ns = kHalfSecond;
  const LoadResult result = run(mix.plan);
  expect_no_errors(result);
  ASSERT_EQ(result.classes.size(), 3U);
  const double wanted[] = {140, 40, 20};
  std::uint64_t accepted = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    mix.sinks[i]->stop();
    const Counters& total = result.classes[i].metrics.total();
    EXPECT_NEAR(static_cast<double>(total.messages_accepted + total.turns_unstarted), wanted[i],
                1.0);
    EXPECT_EQ(total.messages_accepted, mix.sinks[i]->counters().messages_received);
    accepted += total.messages_accepted;
  }
  EXPECT_GT(accepted, 0U);
  EXPECT_EQ(result.metrics.total().messages_accepted, accepted);
  EXPECT_EQ(result.metrics.histogram(Phase::kMessage).count(),
            result.classes[0].metrics.histogram(Phase::kMessage).count() +
                result.classes[1].metrics.histogram(Phase::kMessage).count() +
                result.classes[2].metrics.histogram(Phase::kMessage).count());
}

TEST(LoadModel, ClassesShareConnectionsAndCountOfAClosedLoopByWeight) {
  Mix mix({{Role::kRelay, 3}, {Role::kSubmissions, 1}});
  mix.plan.load.connections = 8;
  mix.plan.load.count = 200;
  mix.plan.classes[0].session.messages_per_connection = 1000;
  mix.plan.classes[1].session.messages_per_connection = 1000;
  const LoadResult result = run(mix.plan);
  expect_no_errors(result);
  EXPECT_EQ(result.classes[0].metrics.total().messages_accepted, 150U);
  EXPECT_EQ(result.classes[1].metrics.total().messages_accepted, 50U);
  EXPECT_EQ(result.classes[0].metrics.total().sessions_started, 6U);
  EXPECT_EQ(result.classes[1].metrics.total().sessions_started, 2U);
}

TEST(LoadModel, AClassWithFewerConnectionsThanThreadsStillSendsItsShare) {
  Mix mix({{Role::kRelay, 9}, {Role::kSubmission, 1}});
  mix.plan.load.connections = 10;
  mix.plan.load.threads = 3;
  mix.plan.load.set_rate(100.0);
  mix.plan.load.duration_ns = kHalfSecond;
  const LoadResult result = run(mix.plan);
  expect_no_errors(result);
  EXPECT_EQ(turns(result), 50U);
  const Counters& least = result.classes[1].metrics.total();
  EXPECT_GT(least.messages_accepted, 0U);
  EXPECT_EQ(least.messages_accepted + least.turns_unstarted, 5U);
}

TEST(LoadModel, ARateOfSessionsCountsWholeSessions) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.turn_of = TurnOf::kSession;
  plan.classes[0].session.messages_per_connection = 3;
  plan.load.set_rate(60.0);
  plan.load.count = 30;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  EXPECT_EQ(result.metrics.total().sessions_completed, 30U);
  EXPECT_EQ(result.metrics.total().messages_accepted, 90U);
  EXPECT_EQ(result.metrics.histogram(Phase::kSessionUncorrected).count(),
            result.metrics.histogram(Phase::kSession).count());
  EXPECT_EQ(result.metrics.histogram(Phase::kMessageUncorrected).count(), 0U)
      << "messages of such a session have no intended start";
}

TEST(LoadModel, TheUncorrectedFigureHidesTheQueueThatTheCorrectedOneShows) {
  const auto sink = start_sink(Role::kSubmissions);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.load.connections = 1;
  plan.load.set_rate(1e5);
  plan.load.count = 50;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  const Histogram& corrected = result.metrics.histogram(Phase::kMessage);
  const Histogram& uncorrected = result.metrics.histogram(Phase::kMessageUncorrected);
  EXPECT_EQ(corrected.count(), 50U);
  EXPECT_EQ(uncorrected.count(), 50U);
  EXPECT_GT(corrected.percentile_ns(90.0), 5 * uncorrected.percentile_ns(90.0));
  EXPECT_EQ(result.metrics.histogram(Phase::kScheduleLag).count(), 50U);
  EXPECT_GT(result.most_waiting, 30U);
}

TEST(LoadModel, ABacklogThatIsFullDropsTurnsAndAllAreAccountedFor) {
  const auto sink = start_sink(Role::kSubmissions);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.load.connections = 2;
  plan.load.set_rate(20000.0);
  plan.load.duration_ns = kHalfSecond;
  plan.load.backlog_policy = BacklogPolicy::kDrop;
  plan.load.backlog = 10;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  const Counters& total = result.metrics.total();
  EXPECT_GT(total.turns_dropped, 1000U);
  EXPECT_LE(total.turns_unstarted, 10U);
  EXPECT_EQ(result.most_waiting, 10U);
  EXPECT_EQ(total.messages_accepted + total.turns_dropped + total.turns_unstarted, 10000U);
}

TEST(LoadModel, ABacklogThatIsFullMayStopTheRun) {
  const auto sink = start_sink(Role::kSubmissions);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.load.connections = 2;
  plan.load.set_rate(20000.0);
  plan.load.duration_ns = 60 * io::kSecond;
  plan.load.backlog_policy = BacklogPolicy::kStop;
  plan.load.backlog = 100;
  const LoadResult result = run(plan);
  EXPECT_EQ(result.ending, Ending::kStopped);
  EXPECT_NE(result.stop_reason.find("--backlog 100"), std::string::npos);
  EXPECT_LT(result.measured_s, 20.0);
}

TEST(LoadModel, ConditionsStopARunAndKeepItsFigures) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.messages_per_connection = 10;
  plan.load.threads = 2;
  plan.load.duration_ns = 60 * io::kSecond;
  plan.load.stop_when = {parse_predicate("errors > 50 %").value(),
                         parse_predicate("p50 of mail > 0 ms").value()};
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.ending, Ending::kStopped);
  EXPECT_NE(result.stop_reason.find("the run ends when p50 of mail > 0 ms"), std::string::npos)
      << result.stop_reason;
  EXPECT_LT(result.measured_s, 30.0);
  EXPECT_EQ(result.metrics.total().messages_accepted, sink->counters().messages_received);
}

TEST(LoadModel, WarmUpAndCoolDownAreKeptOutOfTheFigures) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.load.set_rate(200.0);
  plan.load.warmup_ns = plan.load.duration_ns = plan.load.cooldown_ns = 300 * io::kMillisecond;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  EXPECT_EQ(turns(result), 180U);
  const std::uint64_t measured = result.metrics.measured().messages_accepted;
  EXPECT_GT(measured, 0U);
  EXPECT_LT(measured, result.metrics.total().messages_accepted);
  EXPECT_NEAR(result.measured_s, 0.3, 0.1);
}

TEST(LoadModel, StagesAreSentAsPlanned) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.messages_per_connection = 50;
  plan.load.stages = {{0.0, 400.0, 400 * io::kMillisecond}, {100.0, 100.0, 300 * io::kMillisecond}};
  plan.load.duration_ns = 700 * io::kMillisecond;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  EXPECT_EQ(turns(result), 80U + 30U);
}

TEST(LoadModel, AScheduleThatIsOverEndsARunThatHasNoOtherEnd) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.load.stages = {{100.0, 100.0, 200 * io::kMillisecond}};
  plan.load.count = 1000;
  const LoadResult result = run(plan);
  EXPECT_EQ(turns(result), 20U);
}

TEST(LoadModel, ProgressIsShownOnceASecond) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.load.threads = 2;
  plan.load.warmup_ns = io::kSecond / 10;
  plan.load.duration_ns = 2 * io::kSecond + kHalfSecond;
  std::vector<LoadProgress> seen;
  LoadHooks hooks;
  hooks.on_second = [&seen](const LoadProgress& progress) { seen.push_back(progress); };
  const LoadResult result = run(plan, hooks);
  expect_no_errors(result);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_NEAR(seen[0].elapsed_s, 1.0, 0.3);
  EXPECT_NEAR(seen[0].planned_s, 2.6, 1e-6);
  EXPECT_GT(seen[0].total.messages_accepted, 0U);
  EXPECT_GT(seen[1].total.messages_accepted, seen[0].total.messages_accepted);
  EXPECT_LT(seen[1].total.messages_accepted, result.metrics.total().messages_accepted);
  EXPECT_EQ(seen[1].measured.histogram(Phase::kMessage).count(),
            seen[1].measured.counters.messages_accepted);
}

}  // namespace
}  // namespace smtpmark::loadgen
