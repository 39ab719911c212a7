#include "loadgen/thresholds.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "loadgen/result_figures.h"

namespace smtpmark::loadgen {

using nlohmann::json;

tl::expected<std::vector<Predicate>, std::string> parse_thresholds(
    const std::vector<std::string>& texts) {
  std::vector<Predicate> thresholds;
  for (const std::string& text : texts) {
    auto threshold = parse_predicate(text);
    if (!threshold) return tl::unexpected("--threshold: " + threshold.error());
    thresholds.push_back(std::move(*threshold));
  }
  return thresholds;
}

std::vector<ThresholdOutcome> hold_against(const std::vector<Predicate>& thresholds,
                                           const json& result) {
  std::vector<ThresholdOutcome> outcomes;
  const auto hold = [&](const json& job) {
    const Figures figures = figures_of(job);
    for (const Predicate& threshold : thresholds) {
      outcomes.push_back({job.at("name").get<std::string>(), threshold.text,
                          judge(threshold, figures), describe(threshold, figures)});
    }
  };
  if (thresholds.empty()) return outcomes;
  if (result.contains("together")) {
    hold(result.at("together"));
  } else {
    for (const json& job : result.at("jobs")) hold(job);
  }
  return outcomes;
}

bool all_met(const std::vector<ThresholdOutcome>& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const ThresholdOutcome& one) { return one.met == Truth::kTrue; });
}

std::string render_thresholds(const std::vector<ThresholdOutcome>& outcomes) {
  std::string text;
  for (const ThresholdOutcome& one : outcomes) {
    text += fmt::format("{} {}: {} ({})\n", one.met == Truth::kTrue ? "met    " : "NOT MET",
                        one.job, one.threshold, one.figures);
  }
  return text;
}

}  // namespace smtpmark::loadgen
