#include "loadgen/rate_search.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace smtpmark::loadgen {
namespace {

// A server that carries so much, seen through runs.
struct Model {
  double capacity_per_s = 1000.0;
  double generator_limit_per_s = 1e12;
  std::vector<double> tried;
  std::vector<bool> confirmations;

  ProbeOutcome operator()(double rate, bool confirmation) {
    tried.push_back(rate);
    confirmations.push_back(confirmation);
    if (rate >= generator_limit_per_s) return ProbeOutcome::kGeneratorLimited;
    return rate <= capacity_per_s ? ProbeOutcome::kMet : ProbeOutcome::kMissed;
  }
};

SearchResult search(Model& model, const SearchBounds& bounds = {}) {
  return search_rate(bounds, [&model](double rate, bool again) { return model(rate, again); });
}

TEST(RateSearch, FindsTheCapacityWithinItsPrecisionWhereverItStarts) {
  for (const double capacity : {3.0, 99.0, 100.0, 101.0, 1234.0, 54321.0}) {
    for (const double start : {100.0, 500.0}) {
      Model model;
      model.capacity_per_s = capacity;
      SearchBounds bounds;
      bounds.start_per_s = start;
      const SearchResult result = search(model, bounds);
      EXPECT_EQ(result.end, SearchEnd::kFound);
      ASSERT_TRUE(result.found_per_s.has_value()) << capacity;
      EXPECT_LE(*result.found_per_s, capacity);
      EXPECT_GE(*result.found_per_s * 1.05, capacity);
      EXPECT_LT(model.tried.size(), 30U);
    }
  }
}

TEST(RateSearch, TheRateFoundIsTriedAgain) {
  Model model;
  SearchBounds bounds;
  bounds.confirmations = 3;
  const SearchResult result = search(model, bounds);
  for (std::size_t i = model.tried.size() - 3; i < model.tried.size(); ++i) {
    EXPECT_EQ(model.tried[i], *result.found_per_s);
    EXPECT_TRUE(model.confirmations[i]);
  }
}

TEST(RateSearch, OneBadMomentOnTheWayUpHidesNothing) {
  Model model;
  bool hiccup = false;
  const SearchResult result = search_rate({}, [&](double rate, bool again) {
    if (rate == 200.0 && !hiccup) return hiccup = true, ProbeOutcome::kMissed;
    return model(rate, again);
  });
  EXPECT_TRUE(hiccup);
  EXPECT_GT(*result.found_per_s, 950.0);
}

TEST(RateSearch, ACandidateThatDoesNotHoldIsLowered) {
  Model model;
  const SearchResult result = search_rate({}, [&](double rate, bool again) {
    return again && rate > 900.0 && rate < 1000.0 ? ProbeOutcome::kMissed : model(rate, again);
  });
  EXPECT_EQ(result.end, SearchEnd::kFound);
  EXPECT_LE(*result.found_per_s, 900.0);
  EXPECT_GT(*result.found_per_s, 800.0);
}

TEST(RateSearch, ACandidateThatIsBeyondTheGeneratorIsLoweredAndThatIsSaid) {
  Model model;
  const SearchResult result = search_rate({}, [&](double rate, bool again) {
    return again && rate > 900.0 && rate < 1000.0 ? ProbeOutcome::kGeneratorLimited
                                                  : model(rate, again);
  });
  EXPECT_EQ(result.end, SearchEnd::kGeneratorLimited);
  EXPECT_LE(*result.found_per_s, 900.0);
}

TEST(RateSearch, SaysWhenNoCandidateHolds) {
  Model model;
  const SearchResult result = search_rate({}, [&](double rate, bool again) {
    return again ? ProbeOutcome::kMissed : model(rate, again);
  });
  EXPECT_EQ(result.end, SearchEnd::kNotConfirmed);
  EXPECT_FALSE(result.found_per_s.has_value());
}

TEST(RateSearch, GoesAsHighAsTheGeneratorAndSaysSo) {
  for (const double limit : {50.0, 3000.0}) {
    Model model;
    model.capacity_per_s = 1e9;
    model.generator_limit_per_s = limit;
    const SearchResult result = search(model);
    EXPECT_EQ(result.end, SearchEnd::kGeneratorLimited);
    EXPECT_LT(*result.found_per_s, limit);
    EXPECT_GE(*result.found_per_s * 1.05, limit);
  }
  Model none;
  none.generator_limit_per_s = 0.0;
  EXPECT_FALSE(search(none).found_per_s.has_value());
  EXPECT_EQ(search(none).end, SearchEnd::kGeneratorLimited);
}

TEST(RateSearch, AServerThatFailsBelowTheGeneratorsLimitIsTheLimit) {
  Model model;
  model.capacity_per_s = 1200.0;
  model.generator_limit_per_s = 1500.0;
  const SearchResult result = search(model);
  EXPECT_EQ(result.end, SearchEnd::kFound);
  EXPECT_GE(*result.found_per_s * 1.05, 1200.0);
}

TEST(RateSearch, SaysWhenEveryRateHoldsAndWhenNoneDoes) {
  Model strong;
  strong.capacity_per_s = 1e9;
  SearchBounds bounds;
  bounds.most_per_s = 1500.0;
  const SearchResult all = search(strong, bounds);
  EXPECT_EQ(all.end, SearchEnd::kAlwaysMet);
  EXPECT_EQ(*all.found_per_s, 1500.0);
  Model weak;
  weak.capacity_per_s = 0.0;
  const SearchResult none = search(weak);
  EXPECT_EQ(none.end, SearchEnd::kNeverMet);
  EXPECT_FALSE(none.found_per_s.has_value());
}

TEST(RateSearch, EndsAtOnceWhenARunCannotBeDone) {
  int runs = 0;
  const SearchResult result = search_rate({}, [&runs](double, bool) {
    return ++runs == 3 ? ProbeOutcome::kBroken : ProbeOutcome::kMet;
  });
  EXPECT_EQ(result.end, SearchEnd::kBroken);
  EXPECT_FALSE(result.found_per_s.has_value());
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace smtpmark::loadgen
