#include "loadgen/regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

namespace smtpmark::loadgen {
namespace {

using nlohmann::json;

json result_of(double messages_per_s, const std::string& job = "25 plain") {
  return {{"environment", {{"cpu_model", "abacus"}, {"processors", 2}, {"kernel", "6.1"}}},
          {"jobs",
           {{{"name", job},
             {"ended", "completed"},
             {"measured", {{"errors", 0}}},
             {"rates", {{"messages_per_s", messages_per_s}, {"sessions_per_s", 0.0}}}}}}};
}

std::vector<json> results_of(const std::vector<double>& rates) {
  std::vector<json> results;
  results.reserve(rates.size());
  for (const double rate : rates) results.push_back(result_of(rate));
  return results;
}

Change only_change(const std::vector<json>& base, const std::vector<json>& fresh,
                   const CompareRules& rules = {}) {
  const auto verdict = compare_sets(base, fresh, rules);
  EXPECT_TRUE(verdict.has_value());
  EXPECT_EQ(verdict->changes.size(), 1U);
  return verdict->changes.at(0);
}

const std::vector<double> kSteady{1000, 1001, 1002, 1003, 1004, 1005};

std::vector<double> scaled(std::vector<double> rates, double factor) {
  for (double& rate : rates) rate = rate * factor + 0.01;
  return rates;
}

TEST(Regression, AClearLossIsWorse) {
  const Change change = only_change(results_of(kSteady), results_of(scaled(kSteady, 0.9)));
  EXPECT_EQ(change.finding, Finding::kWorse);
  EXPECT_NEAR(change.ratio, 0.9, 0.001);
  EXPECT_EQ(change.metric->name, "messages-per-s");
}

TEST(Regression, AClearGainIsBetter) {
  EXPECT_EQ(only_change(results_of(kSteady), results_of(scaled(kSteady, 1.1))).finding,
            Finding::kBetter);
}

TEST(Regression, ALossBelowTheThresholdIsTheSame) {
  EXPECT_EQ(only_change(results_of(kSteady), results_of(scaled(kSteady, 0.98))).finding,
            Finding::kSame);
}

TEST(Regression, AThresholdOfOnesOwnReplacesTheDefault) {
  CompareRules rules;
  rules.thresholds["messages-per-s"] = 0.01;
  EXPECT_EQ(only_change(results_of(kSteady), results_of(scaled(kSteady, 0.98)), rules).finding,
            Finding::kWorse);
  rules.thresholds["messages"] = 0.01;
  EXPECT_FALSE(compare_sets(results_of(kSteady), results_of(kSteady), rules).has_value());
}

TEST(Regression, LessCpuIsBetter) {
  std::vector<json> base = results_of(kSteady);
  std::vector<json> fresh = base;
  for (std::size_t i = 0; i < base.size(); ++i) {
    base[i]["jobs"][0] = {{"name", "a"}, {"measured", json::object()}};
    fresh[i]["jobs"][0] = base[i]["jobs"][0];
    base[i]["jobs"][0]["cpu"]["server_s_per_1000_messages"] = 0.030 + 0.0001 * double(i);
    fresh[i]["jobs"][0]["cpu"]["server_s_per_1000_messages"] = 0.020 + 0.0001 * double(i);
  }
  EXPECT_EQ(only_change(base, fresh).finding, Finding::kBetter);
  EXPECT_EQ(only_change(fresh, base).finding, Finding::kWorse);
  EXPECT_NEAR(only_change(base, fresh).base, 30.0, 0.5);  // us a message
}

TEST(Regression, ThreeRepeatsProveNothing) {
  const Change change = only_change(results_of({1000, 1001, 1002}), results_of({800, 801, 802}));
  EXPECT_EQ(change.finding, Finding::kCannotTell);
  EXPECT_GE(change.repeats_needed, 4U);
}

TEST(Regression, NoiseThatMayHideALossIsNotPassed) {
  const Change change = only_change(results_of({700, 900, 1000, 1100, 1300, 950}),
                                    results_of({750, 850, 1010, 1090, 1250, 970}));
  EXPECT_EQ(change.finding, Finding::kCannotTell);
  EXPECT_GT(change.repeats_needed, 20U);
}

TEST(Regression, OtherMachinesAndBrokenRunsAreObjectedTo) {
  std::vector<json> fresh = results_of(kSteady);
  fresh[3]["environment"]["cpu_model"] = "slide rule";
  EXPECT_EQ(compare_sets(results_of(kSteady), fresh, {})->objections.size(), 1U);
  CompareRules any;
  any.any_machine = true;
  EXPECT_TRUE(compare_sets(results_of(kSteady), fresh, any)->objections.empty());
  fresh[0]["jobs"][0]["measured"]["errors"] = 3;
  fresh[1]["jobs"][0]["ended"] = "interrupted";
  const auto verdict = compare_sets(results_of(kSteady), fresh, any);
  ASSERT_EQ(verdict->objections.size(), 2U);
  EXPECT_EQ(verdict->objections[0], "new: \"25 plain\" had 3 errors");
  EXPECT_EQ(verdict->objections[1], "new: \"25 plain\" was interrupted");
}

TEST(Regression, OtherLoopsAreObjectedTo) {
  const auto on = [](std::vector<json> results, const char* backend) {
    for (json& result : results) result["environment"]["io"]["backend"] = backend;
    return results;
  };
  const std::vector<json> uring = on(results_of(kSteady), "io_uring");
  const std::vector<json> epoll = on(results_of(kSteady), "epoll");
  const auto verdict = compare_sets(uring, epoll, {});
  ASSERT_EQ(verdict->objections.size(), 1U);
  EXPECT_EQ(verdict->objections[0],
            "the generator ran on different loops (base: io_uring; new: epoll): give both sides "
            "the same --io");
  EXPECT_TRUE(compare_sets(epoll, epoll, {})->objections.empty());
  EXPECT_TRUE(compare_sets(results_of(kSteady), epoll, {})->objections.empty())
      << "a result that does not say is no other";

  std::vector<json> mixed = uring;
  mixed[2] = epoll[2];
  EXPECT_EQ(compare_sets(mixed, mixed, {})->objections.size(), 1U);

  CompareRules any;
  any.any_io = true;
  EXPECT_TRUE(compare_sets(uring, epoll, any)->objections.empty());
}

TEST(Regression, WhatIsMissingIsNotPassedOver) {
  std::vector<json> base = results_of(kSteady);
  for (json& result : base) result["jobs"].push_back(result_of(500, "465")["jobs"][0]);
  const auto verdict = compare_sets(base, results_of(kSteady), {});
  ASSERT_TRUE(verdict.has_value());
  ASSERT_EQ(verdict->objections.size(), 1U);
  EXPECT_EQ(verdict->objections[0], "new: \"465\" has no messages-per-s, which the base has");
}

TEST(Regression, NothingInCommonIsNoComparison) {
  EXPECT_FALSE(compare_sets({result_of(1.0, "a")}, {result_of(1.0, "b")}, {}).has_value());
}

TEST(Regression, WhatTheGeneratorLimitedIsObjectedTo) {
  std::vector<json> fresh = results_of(kSteady);
  for (const std::size_t i : {1U, 4U}) {
    fresh[i]["jobs"][0]["verdict"] = {
        {"name", "generator-limited"},
        {"findings", {{{"code", "cpu"}, {"text", "thread 0 was at 99 % of its CPU"}}}}};
  }
  fresh[2]["jobs"][0]["verdict"] = {{"name", "clean"}, {"findings", json::array()}};
  fresh[3]["jobs"][0]["verdict"] = {{"name", "rate-not-kept"}};
  const auto verdict = compare_sets(results_of(kSteady), fresh, {});
  ASSERT_EQ(verdict->objections.size(), 1U);
  EXPECT_EQ(verdict->objections[0],
            "new: \"25 plain\" was generator-limited in 2 of 6 runs, which no number of repeats "
            "settles: thread 0 was at 99 % of its CPU");
  CompareRules any;
  any.any_verdict = true;
  EXPECT_TRUE(compare_sets(results_of(kSteady), fresh, any)->objections.empty());
  for (json& result : fresh) result["jobs"][0]["sink"] = json::object();
  EXPECT_TRUE(compare_sets(results_of(kSteady), fresh, {})->objections.empty());
}

TEST(Regression, AnEmptyPhaseHasNoPercentileToCompare) {
  std::vector<json> base = results_of(kSteady);
  std::vector<json> fresh = base;
  for (std::size_t i = 0; i < base.size(); ++i) {
    base[i]["jobs"][0]["phases"]["message"] = {{"p50_us", 100.0}, {"p99_us", 300.0}};
    fresh[i]["jobs"][0]["phases"]["message"] = {{"count", 0}, {"p50_us", 0.0}};
  }
  const auto verdict = compare_sets(base, fresh, {});
  ASSERT_EQ(verdict->objections.size(), 2U);
  EXPECT_EQ(verdict->objections[0], "new: \"25 plain\" has no message-p50, which the base has");
  EXPECT_EQ(compare_sets(fresh, fresh, {})->changes.size(), 1U);  // messages a second alone
}

TEST(Regression, RunsThatAcceptedNothingAreNoComparison) {
  const auto verdict = compare_sets(results_of({0, 0}), results_of({0, 0}), {});
  ASSERT_FALSE(verdict.has_value());
  EXPECT_NE(verdict.error().find("there is nothing to compare"), std::string::npos);
}

// A machine whose figures scatter by `noise`, and on which six of a job's figures are measured.
class Machine {
 public:
  explicit Machine(double noise) : noise_(0.0, noise) {}

  std::vector<json> repeats(std::size_t count, double speed) {
    std::vector<json> results;
    while (results.size() < count) {
      json result = result_of(20000 * speed * noise_(random_));
      json& job = result["jobs"][0];
      job["cpu"] = {{"generator_s_per_1000_messages", 0.03 * noise_(random_)},
                    {"server_s_per_1000_messages", 0.03 / speed * noise_(random_)}};
      job["phases"] = {
          {"message",
           {{"p50_us", 400 / speed * noise_(random_)}, {"p99_us", 900 / speed * noise_(random_)}}}};
      results.push_back(std::move(result));
    }
    return results;
  }

 private:
  std::mt19937_64 random_{25};
  std::lognormal_distribution<double> noise_;
};

// Runs one second apart, base first in the first pair, then in every second one.
void run_in_turn(std::vector<json>& base, std::vector<json>& fresh) {
  for (std::size_t i = 0; i < base.size(); ++i) {
    const auto begin = 1.8e9 + 2.0 * static_cast<double>(i);
    base[i]["started_s"] = begin + (i % 2 == 0 ? 0.0 : 1.0);
    fresh[i]["started_s"] = begin + (i % 2 == 0 ? 1.0 : 0.0);
  }
}

TEST(Regression, SidesThatTookTurnsAreComparedAsNeighbours) {
  // A machine that gets slower by half, and a new side that is slower by 6 % all the while.
  std::vector<double> slowing;
  slowing.reserve(10);
  for (int i = 0; i < 10; ++i) slowing.push_back(1000.0 - 50.0 * i);
  std::vector<json> base = results_of(slowing);
  std::vector<json> fresh = results_of(scaled(slowing, 0.94));
  EXPECT_EQ(only_change(base, fresh).finding, Finding::kCannotTell);
  run_in_turn(base, fresh);
  const Change change = only_change(base, fresh);
  EXPECT_EQ(change.finding, Finding::kWorse);
  EXPECT_NEAR(change.ratio, 0.94, 0.01);
  EXPECT_TRUE(compare_sets(base, fresh, {})->in_turn);
}

TEST(Regression, SidesThatTookNoTurnsAreNoNeighbours) {
  std::vector<json> base = results_of(kSteady);
  std::vector<json> fresh = results_of(kSteady);
  run_in_turn(base, fresh);
  std::swap(base[0]["started_s"], base[3]["started_s"]);
  EXPECT_TRUE(compare_sets(base, fresh, {})->in_turn);  // the order of files does not matter
  for (json& result : base) result["started_s"] = result["started_s"].get<double>() + 100.0;
  EXPECT_FALSE(compare_sets(base, fresh, {})->in_turn);
  run_in_turn(base, fresh);
  base[0]["started_s"] = fresh[0]["started_s"];
  EXPECT_FALSE(compare_sets(base, fresh, {})->in_turn);
  fresh.pop_back();
  EXPECT_FALSE(compare_sets(base, fresh, {})->in_turn);
}

TEST(Regression, NothingChangedIsCalledWorseInFewerThanFiveOfAHundred) {
  Machine machine(0.04);
  int alarms = 0;
  for (int i = 0; i < 100; ++i) {
    const auto verdict = compare_sets(machine.repeats(10, 1.0), machine.repeats(10, 1.0), {});
    alarms += verdict->overall() == Finding::kWorse ? 1 : 0;
  }
  EXPECT_LE(alarms, 5);
}

TEST(Regression, FivePercentAreFoundWithTenRepeats) {
  Machine machine(0.015);
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    const auto verdict = compare_sets(machine.repeats(10, 1.0), machine.repeats(10, 0.95), {});
    found += verdict->overall() == Finding::kWorse ? 1 : 0;
  }
  EXPECT_GE(found, 95);
}

}  // namespace
}  // namespace smtpmark::loadgen
