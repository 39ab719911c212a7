// Latency against load: what `smtpmark find` makes of its runs.
#ifndef SMTPMARK_LOADGEN_CURVE_H_
#define SMTPMARK_LOADGEN_CURVE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "loadgen/generator.h"
#include "loadgen/plan.h"
#include "loadgen/rate_search.h"

namespace smtpmark::loadgen {

// The phase whose latencies the curve shows: the first one that the objective names, else that of
// the turn.
Phase phase_of_curve(const Predicate& objective, const RunPlan& plan);

// One run at `rate_per_s` and what it says about the objective. A rate is met when the objective
// is, and when as many turns ended as were planned: within 2 % and what chance may take.
struct Point {
  double rate_per_s = 0.0;
  double achieved_per_s = 0.0;
  ProbeOutcome outcome = ProbeOutcome::kMissed;
  std::string verdict;
  std::string text;  // what the figures of the objective were
};
Point judge_point(const RunPlan& plan, const LoadResult& result, const Predicate& objective,
                  double rate_per_s);

// "met", "missed", or the verdict where it was the generator that did not reach the rate.
std::string_view outcome_of(bool met, std::string_view verdict) noexcept;

// A row of `curve` (results/README.md).
nlohmann::json point_to_json(const Point& point, const LoadResult& result, Phase phase,
                             bool confirmation);

// One sentence on what the search came to.
std::string conclusion(const SearchResult& search, const Predicate& objective,
                       const nlohmann::json& curve);

// The table of a result that has a curve.
std::string render_curve(const nlohmann::json& result);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CURVE_H_
