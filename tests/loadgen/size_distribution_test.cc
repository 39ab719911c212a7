// Distributions of sizes: their quantiles, and what is refused.
#include "loadgen/size_distribution.h"

#include <gtest/gtest.h>

#include "loadgen/workload_presets.h"

namespace smtpmark::loadgen {
namespace {

SizeDistribution sizes(const std::string& text) {
  auto parsed = parse_sizes(text);
  EXPECT_TRUE(parsed.has_value()) << parsed.error();
  return parsed.value_or(SizeDistribution());
}

TEST(SizeDistribution, ANumberIsEverySize) {
  const SizeDistribution fixed = sizes("10K");
  EXPECT_TRUE(fixed.fixed());
  for (const double p : {0.001, 0.5, 0.999}) EXPECT_EQ(fixed.quantile(p), 10240U);
}

TEST(SizeDistribution, UniformIsEvenlySpread) {
  const SizeDistribution uniform = sizes("uniform:1000-2000");
  EXPECT_FALSE(uniform.fixed());
  EXPECT_EQ(uniform.quantile(0.001), 1001U);
  EXPECT_EQ(uniform.quantile(0.5), 1500U);
  EXPECT_EQ(uniform.quantile(0.9), 1900U);
}

// The quantiles of the normal distribution, from a table of it.
TEST(SizeDistribution, LognormalHasItsMedianAndItsSigma) {
  const SizeDistribution lognormal = sizes("lognormal:10000,1");
  EXPECT_EQ(lognormal.quantile(0.5), 10000U);
  EXPECT_NEAR(static_cast<double>(lognormal.quantile(0.841344746)), 27182.8, 1.0);
  EXPECT_NEAR(static_cast<double>(lognormal.quantile(0.158655254)), 3678.8, 1.0);
}

TEST(SizeDistribution, AParetoTailThinsOutByItsAlpha) {
  const SizeDistribution tailed = sizes("lognormal:4096,1,pareto:8192,1");
  const SizeDistribution body = sizes("lognormal:4096,1");
  EXPECT_EQ(tailed.quantile(0.5), body.quantile(0.5));
  // Half of what is beyond a size is beyond twice that size.
  const double beyond = 0.02;
  const auto at = static_cast<double>(tailed.quantile(1.0 - beyond));
  ASSERT_GT(at, 8192.0);
  EXPECT_NEAR(static_cast<double>(tailed.quantile(1.0 - beyond / 2)), 2.0 * at, 2.0);
  EXPECT_EQ(sizes("lognormal:4096,1,pareto:8192,1,max:10K").quantile(0.999), 10240U);
}

TEST(SizeDistribution, ATableIsLinearBetweenItsLines) {
  const auto table =
      SizeDistribution::from_table("# size share\n1000 0\n2000\t50%\n\n2000 0.6\n4K 1 # end\n", "t")
          .value();
  EXPECT_EQ(table.quantile(0.25), 1500U);
  EXPECT_EQ(table.quantile(0.55), 2000U);
  EXPECT_EQ(table.quantile(0.8), 3048U);
}

TEST(SizeDistribution, WhatIsBelowTheFirstLineHasItsSize) {
  const auto table = SizeDistribution::from_table("500 10%\n1000 100%\n", "t").value();
  EXPECT_EQ(table.quantile(0.05), 500U);
}

TEST(SizeDistribution, TheRelayPresetHasTheSharesOfItsTable) {
  const SizeDistribution relay = sizes("relay");
  EXPECT_EQ(relay.quantile(0.235), 2048U);
  EXPECT_EQ(relay.quantile(0.492), 4096U);
  EXPECT_EQ(relay.quantile(0.905), 65536U);
  EXPECT_GE(relay.quantile(0.0001), 900U);
  const SizeDistribution office = sizes("office");
  EXPECT_EQ(office.quantile(0.05), 500U);
  EXPECT_EQ(office.quantile(0.3), 10240U);
  EXPECT_EQ(office.quantile(0.997), 10U * 1024 * 1024);
}

TEST(SizeDistribution, RefusesWhatCannotBeMeant) {
  for (const char* text : {"",
                           "x",
                           "-1",
                           "2G",
                           "1e3",
                           "uniform:",
                           "uniform:5",
                           "uniform:9-5",
                           "uniform:1-2-3",
                           "lognormal:",
                           "lognormal:4K",
                           "lognormal:4K,0",
                           "lognormal:4K,-1",
                           "lognormal:4K,nan",
                           "lognormal:0,1",
                           "lognormal:4K,1,pareto:8K",
                           "lognormal:4K,1,pareto:8K,0",
                           "lognormal:4K,1,max:",
                           "lognormal:4K,1,min:3",
                           "cdf:",
                           "cdf:/nonexistent",
                           "cdf:/"}) {
    EXPECT_FALSE(parse_sizes(text).has_value()) << text;
  }
}

TEST(SizeDistribution, AWrongLineOfATableIsNamed) {
  const auto complaint = [](const char* lines) {
    const auto parsed = SizeDistribution::from_table(lines, "sizes.txt");
    return parsed ? std::string() : parsed.error();
  };
  EXPECT_NE(complaint("1K 0\nhuge 1\n").find("sizes.txt:2: "), std::string::npos);
  EXPECT_NE(complaint("1K 0\n\n2K 1.5\n").find("sizes.txt:3: "), std::string::npos);
  EXPECT_NE(complaint("2K 0\n1K 1\n").find("sizes.txt:2: "), std::string::npos);
  EXPECT_NE(complaint("1K 0.5\n2K 0.4\n").find("sizes.txt:2: "), std::string::npos);
  EXPECT_NE(complaint("1K\n").find("sizes.txt:1: "), std::string::npos);
  EXPECT_NE(complaint("1K 0\n2K 0.9\n").find("before the share has become 1"), std::string::npos);
  EXPECT_NE(complaint("# nothing\n").find("no line"), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen
