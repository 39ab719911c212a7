#include "loadgen/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "loadgen/run_verdict.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kMissing = 0.02;  // of the planned turns, and the rate still counts as kept

// Those that a rate is about: messages or whole sessions.
std::uint64_t turns_done(const RunPlan& plan, const LoadResult& result) {
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < plan.classes.size(); ++i) {
    const Counters& measured = result.classes[i].metrics.measured();
    done += plan.classes[i].session.turn_of == TurnOf::kSession ? measured.sessions_completed
                                                                : measured.messages_accepted;
  }
  return done;
}

// Random arrivals scatter by the root of their number, and some turns straddle the window's edges.
bool keeps_rate(double achieved_per_s, double rate_per_s, double seconds) {
  const double planned = rate_per_s * seconds;
  const double chance = 3.0 / std::sqrt(std::max(planned, 1.0));
  return achieved_per_s >= rate_per_s * (1.0 - kMissing - chance);
}

bool is_generators(std::string_view verdict) {
  return verdict == "generator-limited" || verdict == "port-exhausted";
}

double us(const Histogram& histogram, double percentile) {
  return static_cast<double>(histogram.percentile_ns(percentile)) / 1e3;
}

}  // namespace

std::string_view outcome_of(bool met, std::string_view verdict) noexcept {
  if (met) return "met";
  return is_generators(verdict) ? verdict : "missed";
}

Phase phase_of_curve(const Predicate& objective, const RunPlan& plan) {
  for (const Comparison& comparison : objective.comparisons) {
    if (comparison.figure == Comparison::Figure::kPercentile ||
        comparison.figure == Comparison::Figure::kMean) {
      return comparison.phase;
    }
  }
  const bool sessions = plan.classes.front().session.turn_of == TurnOf::kSession;
  return sessions ? Phase::kSession : Phase::kMessage;
}

Point judge_point(const RunPlan& plan, const LoadResult& result, const Predicate& objective,
                  double rate_per_s) {
  Point point;
  point.rate_per_s = rate_per_s;
  if (result.measured_s > 0.0) {
    point.achieved_per_s = static_cast<double>(turns_done(plan, result)) / result.measured_s;
  }
  const Figures figures = figures_of(result.metrics, result.measured_s);
  point.text = describe(objective, figures);
  point.verdict = judge(facts_of(plan, result)).name;
  const bool kept = keeps_rate(point.achieved_per_s, rate_per_s, result.measured_s);
  if (result.ending == Ending::kInterrupted || result.ending == Ending::kAborted) {
    point.outcome = ProbeOutcome::kBroken;
  } else if (is_generators(point.verdict)) {
    point.outcome = ProbeOutcome::kGeneratorLimited;
  } else if (kept && judge(objective, figures) == Truth::kTrue) {
    point.outcome = ProbeOutcome::kMet;
  }
  return point;
}

json point_to_json(const Point& point, const LoadResult& result, Phase phase, bool confirmation) {
  const Histogram& histogram = result.metrics.histogram(phase);
  return {{"rate_per_s", point.rate_per_s},
          {"achieved_per_s", point.achieved_per_s},
          {"met", point.outcome == ProbeOutcome::kMet},
          {"p50_us", us(histogram, 50.0)},
          {"p90_us", us(histogram, 90.0)},
          {"p99_us", us(histogram, 99.0)},
          {"p99_9_us", us(histogram, 99.9)},
          {"error_share", error_share(result.metrics.measured())},
          {"verdict", point.verdict},
          {"confirmation", confirmation}};
}

std::string conclusion(const SearchResult& search, const Predicate& objective, const json& curve) {
  double limit = 0.0;  // the lowest rate that was the generator's, and not met
  for (const json& point : curve) {
    const double rate = point.at("rate_per_s").get<double>();
    const bool generators = is_generators(point.at("verdict").get<std::string>());
    if (generators && rate > search.found_per_s.value_or(0.0) && (limit == 0.0 || rate < limit)) {
      limit = rate;
    }
  }
  const std::string found =
      search.found_per_s ? fmt::format("{:.4g}/s", *search.found_per_s) : std::string();
  switch (search.end) {
    case SearchEnd::kFound:
      return fmt::format("{} is the highest rate that was found to meet: {}", found,
                         objective.text);
    case SearchEnd::kAlwaysMet:
      return fmt::format("every rate up to --max-rate {} meets: {}", found, objective.text);
    case SearchEnd::kNeverMet: return "no rate that was tried meets: " + objective.text;
    case SearchEnd::kGeneratorLimited:
      return fmt::format(
          "at {:.4g}/s the generator was the limit, not the server: {}", limit,
          found.empty() ? "nothing was found" : "the server carries " + found + " or more");
    case SearchEnd::kNotConfirmed:
      return "no rate met the objective again when it was tried again: " + objective.text;
    case SearchEnd::kBroken: break;
  }
  return "the search was ended before it had found a rate";
}

std::string render_curve(const json& result) {
  const json& curve = result.at("curve");
  std::string text = fmt::format("{:>12}{:>13}{:>10}{:>10}{:>10}{:>10}{:>10}  {}\n", "rate/s",
                                 "achieved/s", "p50", "p90", "p99", "p99.9", "errors",
                                 "ms, of " + result.at("curve_of").get<std::string>());
  constexpr std::array<const char*, 4> kPercentiles = {"p50_us", "p90_us", "p99_us", "p99_9_us"};
  for (const json& point : curve) {
    text += fmt::format("{:>12.1f}{:>13.1f}", point.at("rate_per_s").get<double>(),
                        point.at("achieved_per_s").get<double>());
    for (const char* key : kPercentiles) {
      text += fmt::format("{:>10.3f}", point.at(key).get<double>() / 1e3);
    }
    const auto verdict = point.at("verdict").get<std::string>();
    const std::string_view outcome = outcome_of(point.at("met").get<bool>(), verdict);
    text += fmt::format("{:>9.2f}%  {}{}{}\n", point.at("error_share").get<double>() * 100.0,
                        outcome, point.at("confirmation").get<bool>() ? ", again" : "",
                        verdict == "clean" || verdict == outcome ? "" : ", " + verdict);
  }
  return text + "\n" + result.at("search").at("text").get<std::string>() + "\n\n";
}

}  // namespace smtpmark::loadgen
