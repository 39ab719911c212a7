#include "loadgen/thresholds.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loadgen/result_figures.h"
#include "tests/loadgen/sample_result.h"

namespace smtpmark::loadgen::testing {
namespace {

using nlohmann::json;

Truth met(const std::string& threshold, const json& result = sample_result()) {
  const auto outcomes = hold_against(parse_thresholds({threshold}).value(), result);
  return outcomes.size() == 1 ? outcomes.front().met : Truth::kUnknown;
}

TEST(Thresholds, AreHeldAgainstTheFiguresOfTheResult) {
  EXPECT_EQ(met("p99 of message < 100 ms"), Truth::kTrue);
  EXPECT_EQ(met("p99 of message < 90 ms"), Truth::kFalse);
  EXPECT_EQ(met("median of message <= 51 ms"), Truth::kTrue);
  EXPECT_EQ(met("mean of message < 50 ms"), Truth::kFalse);
  EXPECT_EQ(met("messages/s >= 50"), Truth::kTrue);
  EXPECT_EQ(met("messages/s > 51"), Truth::kFalse);
  EXPECT_EQ(met("errors < 2"), Truth::kTrue);
  EXPECT_EQ(met("errors < 0.5 %"), Truth::kFalse);
}

TEST(Thresholds, OfAPhaseWithoutASampleAreNotMet) {
  const auto outcomes =
      hold_against(parse_thresholds({"p99 of quit < 1 s"}).value(), sample_result());
  EXPECT_EQ(outcomes.front().met, Truth::kUnknown);
  EXPECT_FALSE(all_met(outcomes));
  EXPECT_EQ(render_thresholds(outcomes),
            "NOT MET sample: p99 of quit < 1 s (p99 of quit has no sample)\n");
}

TEST(Thresholds, HoldForEveryJobOrForAllClassesTogether) {
  json result = sample_result("one");
  result["jobs"].push_back(sample_result("two")["jobs"][0]);
  const auto thresholds = parse_thresholds({"errors < 5", "messages/s > 1"}).value();
  EXPECT_EQ(hold_against(thresholds, result).size(), 4U);
  EXPECT_TRUE(all_met(hold_against(thresholds, result)));
  result["together"] = sample_result("all")["jobs"][0];
  const auto outcomes = hold_against(thresholds, result);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes.front().job, "all");
}

TEST(Thresholds, WhatIsNoneIsASentence) {
  const auto refused = parse_thresholds({"errors < 5", "luck > 5"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("--threshold: "), std::string::npos);
}

TEST(ResultFigures, PhasesOutsideOfTheWindowHaveNoSample) {
  json result = sample_result();
  EXPECT_EQ(figures_of(result["jobs"][0]).histogram(Phase::kMessage).count(), 100U);
  result["jobs"][0]["phases"]["message"]["outside_window"] = true;
  EXPECT_EQ(figures_of(result["jobs"][0]).histogram(Phase::kMessage).count(), 0U);
  result["jobs"][0]["measured"].erase("errors");
  EXPECT_THROW(figures_of(result["jobs"][0]), json::exception);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
