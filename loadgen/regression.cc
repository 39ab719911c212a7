#include "loadgen/regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kLevel = 0.05;  // false alarms among comparisons in which nothing has changed

// The figure of every repeat that has it and in which it is not 0: a phase that never came has no
// percentile.
Sample figures_of(const std::vector<json>& results, const std::string& job, const Metric& metric) {
  Sample figures;
  const json::json_pointer where{std::string(metric.where)};
  for (const json& result : results) {
    for (const json& candidate : result.at("jobs")) {
      if (candidate.at("name") != job || !candidate.contains(where)) continue;
      const json& figure = candidate.at(where);
      if (figure.is_number() && figure.get<double>() > 0.0) {
        figures.push_back(figure.get<double>() * metric.scale);
      }
    }
  }
  return figures;
}

std::vector<std::string> jobs_of(const std::vector<json>& results) {
  std::vector<std::string> names;
  for (const json& result : results) {
    for (const json& job : result.at("jobs")) {
      const auto name = job.at("name").get<std::string>();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// The width of an interval shrinks with the root of the repeats; and the rank test needs some.
std::size_t repeats_for(const Change& change, std::size_t repeats, double level) {
  const double half_width = (change.interval.high - change.interval.low) / 2.0;
  const double factor = half_width / change.threshold;
  auto needed = static_cast<std::size_t>(
      std::ceil(static_cast<double>(repeats) * std::max(1.0, factor * factor)));
  needed = std::max(needed, repeats + 1);
  while (least_rank_test(needed) > level) ++needed;
  return needed;
}

Finding judge(const Change& change, double level) {
  const bool less_is_worse = change.metric->more_is_better;
  const double loss = less_is_worse ? 1.0 - change.interval.low : change.interval.high - 1.0;
  const double gain = less_is_worse ? change.interval.high - 1.0 : 1.0 - change.interval.low;
  const bool sure = change.p <= level;
  const bool is_worse = less_is_worse ? change.ratio < 1.0 : change.ratio > 1.0;
  if (loss > change.threshold) return sure && is_worse ? Finding::kWorse : Finding::kCannotTell;
  return gain > change.threshold && sure && !is_worse ? Finding::kBetter : Finding::kSame;
}

Change compare_figures(const std::string& job, const Metric& metric, double threshold,
                       const Sample& base, const Sample& fresh, double level) {
  Change change;
  change.job = job;
  change.metric = &metric;
  change.threshold = threshold;
  change.base = median_of(base);
  change.fresh = median_of(fresh);
  change.ratio = change.fresh / change.base;
  change.interval = ratio_interval(base, fresh);
  change.p = rank_test(base, fresh);
  change.finding = judge(change, level);
  const std::size_t repeats = std::min(base.size(), fresh.size());
  // An interval from a handful of repeats is too narrow to rule anything out.
  if (change.finding == Finding::kSame && least_rank_test(repeats) > level) {
    change.finding = Finding::kCannotTell;
  }
  if (change.finding == Finding::kCannotTell) {
    change.repeats_needed = repeats_for(change, repeats, level);
  }
  return change;
}

std::string machine_of(const json& result) {
  const json& environment = result.at("environment");
  return fmt::format(
      "{}, {} processors, Linux {}", environment.value("cpu_model", std::string("unknown CPU")),
      environment.value("processors", 0), environment.value("kernel", std::string("unknown")));
}

void object_to_machines(const std::vector<json>& base, const std::vector<json>& fresh,
                        std::vector<std::string>& objections) {
  std::set<std::string> machines;
  for (const auto* side : {&base, &fresh}) {
    for (const json& result : *side) machines.insert(machine_of(result));
  }
  if (machines.size() < 2) return;
  objections.push_back(
      fmt::format("the results are of different machines ({})", fmt::join(machines, "; ")));
}

// A run with errors, or cut short, has not measured what it was to measure.
void object_to_runs(const std::vector<json>& results, const char* side,
                    std::vector<std::string>& objections) {
  for (const json& result : results) {
    for (const json& job : result.at("jobs")) {
      const auto errors = job.at("measured").value("errors", std::uint64_t{0});
      const auto ended = job.value("ended", std::string("completed"));
      if (errors == 0 && ended == "completed") continue;
      objections.push_back(
          fmt::format("{}: \"{}\" {}", side, job.at("name").get<std::string>(),
                      errors != 0 ? fmt::format("had {} errors", errors) : "was " + ended));
    }
  }
}

// Whether a run with that verdict may have measured something else than what is compared. A rate
// that was not kept is what a slow server looks like, and its latencies say so. With the embedded
// sink the generator is compared as well.
bool is_beside_the_point(const json& job, const std::string& verdict) {
  if (verdict == "generator-limited") return !job.contains("sink");
  return !verdict.empty() && verdict != "clean" && verdict != "rate-not-kept";
}

struct Verdicts {
  std::size_t runs = 0;
  std::size_t limited = 0;
  std::string name;  // of the first that is limited, and why
  std::string reason;
};

void object_to_verdicts(const std::vector<json>& results, const char* side,
                        std::vector<std::string>& objections) {
  std::map<std::string, Verdicts> by_job;
  for (const json& result : results) {
    for (const json& job : result.at("jobs")) {
      Verdicts& verdicts = by_job[job.at("name").get<std::string>()];
      ++verdicts.runs;
      const json verdict = job.value("verdict", json::object());
      const auto name = verdict.value("name", std::string());
      if (!is_beside_the_point(job, name)) continue;
      if (++verdicts.limited > 1) continue;
      verdicts.name = name;
      const json findings = verdict.value("findings", json::array());
      if (!findings.empty()) verdicts.reason = ": " + findings.front().value("text", std::string());
    }
  }
  for (const auto& [job, verdicts] : by_job) {
    if (verdicts.limited == 0) continue;
    objections.push_back(
        fmt::format("{}: \"{}\" was {} in {} of {} runs, which no number of repeats settles{}",
                    side, job, verdicts.name, verdicts.limited, verdicts.runs, verdicts.reason));
  }
}

}  // namespace

std::string_view to_string(Finding finding) noexcept {
  switch (finding) {
    case Finding::kSame: return "same";
    case Finding::kBetter: return "better";
    case Finding::kWorse: return "WORSE";
    case Finding::kCannotTell: return "cannot tell";
  }
  return "unknown";
}

const std::vector<Metric>& metrics() {
  // CPU is what repeats best on a busy machine; tails are the noisiest.
  static const std::vector<Metric> all{
      {"messages-per-s", "/s", true, 0.05, 1.0, "/rates/messages_per_s"},
      {"sessions-per-s", "/s", true, 0.05, 1.0, "/rates/sessions_per_s"},
      {"handshakes-per-s", "/s", true, 0.05, 1.0, "/rates/handshakes_per_s"},
      {"generator-cpu", " us", false, 0.05, 1e3, "/cpu/generator_s_per_1000_messages"},
      {"server-cpu", " us", false, 0.05, 1e3, "/cpu/server_s_per_1000_messages"},
      {"message-p50", " us", false, 0.10, 1.0, "/phases/message/p50_us"},
      {"message-p99", " us", false, 0.25, 1.0, "/phases/message/p99_us"},
      {"handshake-p50", " us", false, 0.10, 1.0, "/phases/tls_handshake/p50_us"},
  };
  return all;
}

Finding Verdict::overall() const noexcept {
  auto worst = Finding::kSame;
  for (const Change& change : changes) {
    if (change.finding == Finding::kWorse) return Finding::kWorse;
    if (change.finding == Finding::kCannotTell) worst = Finding::kCannotTell;
    if (change.finding == Finding::kBetter && worst == Finding::kSame) worst = Finding::kBetter;
  }
  return worst;
}

tl::expected<Verdict, std::string> compare_sets(const std::vector<json>& base,
                                                const std::vector<json>& fresh,
                                                const CompareRules& rules) {
  for (const auto& rule : rules.thresholds) {
    const bool known = std::any_of(metrics().begin(), metrics().end(),
                                   [&](const Metric& metric) { return metric.name == rule.first; });
    if (!known) return tl::unexpected("no metric is named \"" + rule.first + "\"");
  }
  struct Pair {
    std::string job;
    const Metric* metric;
    Sample base;
    Sample fresh;
  };
  Verdict verdict;
  std::vector<Pair> pairs;
  for (const std::string& job : jobs_of(base)) {
    for (const Metric& metric : metrics()) {
      Pair pair{job, &metric, figures_of(base, job, metric), figures_of(fresh, job, metric)};
      if (pair.base.empty()) continue;
      if (pair.fresh.empty()) {
        verdict.objections.push_back(
            fmt::format("new: \"{}\" has no {}, which the base has", job, metric.name));
      } else {
        pairs.push_back(std::move(pair));
      }
    }
  }
  if (pairs.empty()) {
    return tl::unexpected(std::string(
        "there is nothing to compare: no job of the same name has a figure on both sides, "
        "so nothing was accepted or measured on one of them"));
  }

  const double level = kLevel / static_cast<double>(pairs.size());
  for (const Pair& pair : pairs) {
    const auto given = rules.thresholds.find(std::string(pair.metric->name));
    const double threshold =
        given != rules.thresholds.end() ? given->second : pair.metric->threshold;
    verdict.changes.push_back(
        compare_figures(pair.job, *pair.metric, threshold, pair.base, pair.fresh, level));
  }
  if (!rules.any_machine) object_to_machines(base, fresh, verdict.objections);
  object_to_runs(base, "base", verdict.objections);
  object_to_runs(fresh, "new", verdict.objections);
  if (!rules.any_verdict) {
    object_to_verdicts(base, "base", verdict.objections);
    object_to_verdicts(fresh, "new", verdict.objections);
  }
  return verdict;
}

}  // namespace smtpmark::loadgen
