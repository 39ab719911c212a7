#include "loadgen/comparison.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace smtpmark::loadgen {
namespace {

// A round in which `messages` were accepted in two seconds for `cpu_s` seconds of CPU on each side.
LoadResult round_of(std::uint64_t messages, double cpu_s) {
  LoadResult result;
  result.metrics.begin(0, {}, 1);
  result.metrics.count(&Counters::messages_accepted, 1, messages);
  result.metrics.record(Phase::kMail, 0, messages);
  result.measured_s = 2.0;
  result.generator_cpu_s = result.server_cpu_s = cpu_s;
  return result;
}

WayRounds same(std::vector<LoadResult> results) {
  WayRounds way;
  way.one_message.results = results;
  way.long_sessions.results = std::move(results);
  return way;
}

TEST(Comparison, TakesTheMedianOfTheRatiosOfTheRounds) {
  // A slow second round hits both sides and does not show.
  const WayRounds base = same({round_of(1000, 1.0), round_of(100, 1.0), round_of(1000, 1.0)});
  const WayRounds with = same({round_of(500, 1.0), round_of(50, 1.0), round_of(400, 1.0)});
  const nlohmann::json line = compare_ways("with", with, base);
  EXPECT_DOUBLE_EQ(line.at("long_rate").at("median").get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(line.at("long_rate").at("least").get<double>(), 0.4);
  EXPECT_DOUBLE_EQ(line.at("one_message_cpu").at("median").get<double>(), 2.0);
  EXPECT_DOUBLE_EQ(line.at("one_message_cpu").at("most").get<double>(), 2.5);
  EXPECT_NE(line.at("text").get<std::string>().find("0.50 (0.40-0.50)"), std::string::npos);
}

TEST(Comparison, AnUnfinishedRoundIsLeftOut) {
  const WayRounds base = same({round_of(1000, 1.0), round_of(1000, 1.0)});
  const WayRounds with = same({round_of(500, 1.0)});
  EXPECT_DOUBLE_EQ(compare_ways("with", with, base).at("long_rate").at("most").get<double>(), 0.5);
}

TEST(Comparison, NoMessagesAreNoDivisionByZero) {
  const WayRounds none = same({round_of(0, 0.0)});
  const nlohmann::json line = compare_ways("none", none, none);
  EXPECT_TRUE(line.at("long_cpu").at("median").is_null());
  EXPECT_EQ(line.at("text"),
            fmt::format("{:<38}{:>19}{:>19}{:>19}{:>19}", "none", "-", "-", "-", "-"));
}

TEST(Comparison, ARoundInWhichASideMeasuredNothingIsLeftOut) {
  const WayRounds base = same({round_of(1000, 1.0), round_of(0, 1.0), round_of(1000, 1.0)});
  const WayRounds with = same({round_of(500, 1.0), round_of(500, 1.0), round_of(0, 1.0)});
  const nlohmann::json rate = compare_ways("with", with, base).at("long_rate");
  EXPECT_EQ(rate, nlohmann::json({{"median", 0.5}, {"least", 0.5}, {"most", 0.5}}));
}

TEST(Comparison, RoundsAddUp) {
  Rounds rounds;
  rounds.results = {round_of(10, 1.0), round_of(20, 2.0)};
  const LoadResult all = rounds.merged();
  EXPECT_EQ(all.metrics.total().messages_accepted, 30U);
  EXPECT_EQ(all.metrics.histogram(Phase::kMail).count(), 2U);
  EXPECT_DOUBLE_EQ(all.measured_s, 4.0);
  EXPECT_DOUBLE_EQ(all.server_cpu_s, 3.0);
}

}  // namespace
}  // namespace smtpmark::loadgen
