#include "loadgen/run_verdict.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "loadgen/generator.h"

namespace smtpmark::loadgen {
namespace {

// Of a run in which nothing stood in front of the server.
RunFacts clean_facts() {
  RunFacts facts;
  facts.surroundings.busiest_thread = 0.5;
  facts.surroundings.longest_stall_s = 0.02;
  facts.lag_count = 1000;
  facts.lag_p99_ms = 0.2;
  facts.connects = 1000;
  facts.connect_p99_ms = 2.0;
  facts.connections_asked = 100;
  facts.connections_reached = 100;
  facts.waiting_share = 0.1;
  return facts;
}

struct Trouble {
  const char* name;  // of the verdict
  const char* code;
  std::function<void(RunFacts&)> make;
};

const std::vector<Trouble>& troubles() {
  static const std::vector<Trouble> all = {
      {"nothing-measured", "nothing", [](RunFacts& f) { f.nothing_measured = true; }},
      {"clock-trouble", "clock", [](RunFacts& f) { f.surroundings.clock_jump_s = 0.2; }},
      {"clock-trouble", "clock", [](RunFacts& f) { f.surroundings.longest_stall_s = 0.8; }},
      {"port-exhausted", "ports", [](RunFacts& f) { f.ports_exhausted = 1; }},
      {"connections-not-reached", "connections",
       [](RunFacts& f) {
         f.connections_reached = 20;
         f.waiting_share = 0.8;
       }},
      {"generator-limited", "generator-cpu",
       [](RunFacts& f) { f.surroundings.busiest_thread = 0.93; }},
      {"connect-limited", "connect-queue",
       [](RunFacts& f) { f.surroundings.listen_overflows = 2; }},
      {"connect-limited", "connect-queue", [](RunFacts& f) { f.surroundings.syn_retransmits = 2; }},
      {"connect-limited", "connect-queue", [](RunFacts& f) { f.connect_p99_ms = 1010.0; }},
      {"rate-not-kept", "schedule-lag", [](RunFacts& f) { f.lag_p99_ms = 12.0; }},
      {"rate-not-kept", "schedule-lag", [](RunFacts& f) { f.dropped = 3; }},
  };
  return all;
}

TEST(RunVerdict, ACleanRunHasNoFinding) {
  const RunVerdict verdict = judge(clean_facts());
  EXPECT_TRUE(verdict.clean());
  EXPECT_EQ(verdict.name, "clean");
  EXPECT_TRUE(judge({}).clean()) << "nothing measured, nothing found";
}

TEST(RunVerdict, EachTroubleHasItsNameAndASentence) {
  for (const Trouble& trouble : troubles()) {
    RunFacts facts = clean_facts();
    trouble.make(facts);
    const RunVerdict verdict = judge(facts);
    EXPECT_EQ(verdict.name, trouble.name);
    ASSERT_EQ(verdict.findings.size(), 1U) << trouble.name;
    EXPECT_EQ(verdict.findings.front().code, trouble.code);
    EXPECT_FALSE(verdict.findings.front().text.empty());
  }
}

TEST(RunVerdict, AllTroublesAreToldAndTheGravestGivesTheName) {
  RunFacts facts = clean_facts();
  for (const Trouble& trouble : troubles()) trouble.make(facts);
  const RunVerdict verdict = judge(facts);
  EXPECT_EQ(verdict.name, "nothing-measured");
  EXPECT_EQ(verdict.findings.size(), 7U);
}

TEST(RunVerdict, WhatIsNoTroubleFindsNone) {
  RunFacts facts = clean_facts();
  facts.connects = 100'000;
  facts.surroundings.syn_retransmits = 100;  // 1 in 1,000 is lost on many a network
  EXPECT_TRUE(judge(facts).clean());
  facts = clean_facts();
  facts.connections_reached = 40;  // but the others are between two sessions, and wait for nobody
  EXPECT_TRUE(judge(facts).clean());
  facts = clean_facts();
  facts.waiting_share = 0.7;  // a slow greeting for all
  EXPECT_TRUE(judge(facts).clean());
  facts = clean_facts();
  facts.connections_asked = 0;  // an open loop takes as many as it needs
  facts.connections_reached = 3;
  facts.waiting_share = 0.9;
  EXPECT_TRUE(judge(facts).clean());
  facts.connections_asked = 100;
  facts.connections_reached = 0;  // nobody got in: the errors say why
  EXPECT_TRUE(judge(facts).clean());
}

TEST(RunFacts, AreTakenFromTheWindowAndTheErrors) {
  RunPlan plan;
  plan.load.connections = 10;
  LoadResult result;
  result.metrics.begin(0, {100, io::kNever}, 1);
  result.metrics.record(Phase::kScheduleLag, 0, 50);
  result.metrics.record(Phase::kScheduleLag, 0, 20 * io::kMillisecond);
  result.metrics.record(Phase::kConnect, 0, io::kSecond);
  result.metrics.error(5, Phase::kConnect, "address-not-available", 0, {}, "no port");
  result.metrics.occupancy().served();
  result.metrics.occupancy().served();
  result.metrics.occupancy().left(100, 300, 400);
  result.surroundings.syn_retransmits = 7;
  const RunFacts facts = facts_of(plan, result);
  EXPECT_EQ(facts.lag_count, 1U);
  EXPECT_NEAR(facts.lag_p99_ms, 20.0, 0.1);
  EXPECT_EQ(facts.connects, 1U);
  EXPECT_NEAR(facts.connect_p99_ms, 1000.0, 1.0);
  EXPECT_EQ(facts.ports_exhausted, 1U);
  EXPECT_EQ(facts.connections_asked, 10U);
  EXPECT_EQ(facts.connections_reached, 2U);
  EXPECT_NEAR(facts.waiting_share, 2.0 / 3.0, 1e-9);
  EXPECT_EQ(facts.surroundings.syn_retransmits, 7U);
}

TEST(RunFacts, NothingIsMeasuredWhereMessagesWereMeantAndNoneCameToItsEnd) {
  RunPlan plan;
  LoadResult result;
  result.metrics.begin(0, {100, 200}, 1);
  result.metrics.count(&Counters::messages_accepted, 50);
  EXPECT_TRUE(facts_of(plan, result).nothing_measured) << "the one message came before";
  plan.classes.front().session.messages_per_connection = 0;
  EXPECT_FALSE(facts_of(plan, result).nothing_measured);
  plan.classes.front().session.messages_per_connection = 1;
  LoadResult failed = result;
  failed.metrics.error(50, Phase::kConnect, "refused", 0, {}, "");
  EXPECT_FALSE(facts_of(plan, failed).nothing_measured) << "the errors say why";
  result.metrics.count(&Counters::messages_accepted, 150);
  EXPECT_FALSE(facts_of(plan, result).nothing_measured);
}

TEST(RunFacts, AnOpenLoopAndACountAskForFewerConnections) {
  RunPlan plan;
  plan.load.connections = 10;
  plan.classes.front().session.messages_per_connection = 4;
  plan.load.count = 13;
  EXPECT_EQ(facts_of(plan, {}).connections_asked, 4U);
  plan.load.count = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(facts_of(plan, {}).connections_asked, 10U);
  plan.load.set_rate(5.0);
  EXPECT_EQ(facts_of(plan, {}).connections_asked, 0U);
}

TEST(RunFacts, AClassIsAskedForItsOwnPart) {
  RunPlan plan;
  plan.load.connections = 8;
  plan.classes.resize(2);
  plan.classes[0].weight = 3.0;
  LoadResult result;
  result.classes.resize(2);
  result.classes[1].metrics.occupancy().served();
  EXPECT_EQ(facts_of_class(plan, 0, result).connections_asked, 6U);
  EXPECT_EQ(facts_of_class(plan, 1, result).connections_asked, 2U);
  EXPECT_EQ(facts_of_class(plan, 1, result).connections_reached, 1U);
  EXPECT_EQ(facts_of(plan, result).connections_asked, 8U);
}

}  // namespace
}  // namespace smtpmark::loadgen
