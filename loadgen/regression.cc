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

// In the unit of the metric; 0 when the result has none: a phase that never came has no percentile.
double figure_of(const json& result, const std::string& job, const Metric& metric) {
  const json::json_pointer where{std::string(metric.where)};
  for (const json& candidate : result.at("jobs")) {
    if (candidate.at("name") != job || !candidate.contains(where)) continue;
    const json& figure = candidate.at(where);
    if (figure.is_number()) return figure.get<double>() * metric.scale;
  }
  return 0.0;
}

// Of every repeat that has it.
Sample figures_of(const std::vector<json>& results, const std::string& job, const Metric& metric) {
  Sample figures;
  for (const json& result : results) {
    const double figure = figure_of(result, job, metric);
    if (figure > 0.0) figures.push_back(figure);
  }
  return figures;
}

struct Run {
  double started_s;
  bool is_fresh;
  const json* result;
};

// Of both sides, in the order in which they were made; empty when that cannot be told.
std::vector<Run> in_order(const std::vector<json>& base, const std::vector<json>& fresh) {
  std::vector<Run> runs;
  runs.reserve(base.size() + fresh.size());
  for (const json& result : base) runs.push_back({result.value("started_s", 0.0), false, &result});
  for (const json& result : fresh) runs.push_back({result.value("started_s", 0.0), true, &result});
  std::sort(runs.begin(), runs.end(),
            [](const Run& a, const Run& b) { return a.started_s < b.started_s; });
  const auto at_once = [](const Run& a, const Run& b) { return a.started_s == b.started_s; };
  if (std::adjacent_find(runs.begin(), runs.end(), at_once) != runs.end()) runs.clear();
  return runs;
}

// Results that were made one after the other, as many of each side.
struct Neighbours {
  std::vector<const json*> base;
  std::vector<const json*> fresh;
};

// `repeats` of each side in a block, and more in the last. Empty when the sides took no turns.
std::vector<Neighbours> neighbours(const std::vector<Run>& runs, std::size_t repeats) {
  std::vector<Neighbours> found;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i % (2 * repeats) == 0 && (found.empty() || runs.size() - i >= 2 * repeats)) {
      found.emplace_back();
    }
    (runs[i].is_fresh ? found.back().fresh : found.back().base).push_back(runs[i].result);
  }
  const bool balanced = std::all_of(found.begin(), found.end(), [](const Neighbours& some) {
    return some.base.size() == some.fresh.size();
  });
  if (!balanced) found.clear();
  return found;
}

// As few repeats in a block as there may be for the test to be sure. Empty when the sides took no
// turns, or when that leaves nothing but one block.
std::vector<Neighbours> decisive_neighbours(const std::vector<Run>& runs, double level) {
  for (std::size_t repeats = 2; 4 * repeats <= runs.size(); ++repeats) {
    std::vector<Neighbours> found = neighbours(runs, repeats);
    Blocks sizes;
    for (const Neighbours& some : found) {
      sizes.push_back({Sample(some.base.size()), Sample(some.fresh.size())});
    }
    if (!found.empty() && least_aligned_rank_test(sizes) <= level) return found;
  }
  return {};
}

// Empty when a repeat has no such figure.
Blocks blocks_of(const std::vector<Neighbours>& all, const std::string& job, const Metric& metric) {
  Blocks blocks;
  for (const Neighbours& some : all) {
    Block& block = blocks.emplace_back();
    for (const json* result : some.base) block.base.push_back(figure_of(*result, job, metric));
    for (const json* result : some.fresh) block.fresh.push_back(figure_of(*result, job, metric));
    const auto missing = [](const Sample& side) {
      return std::any_of(side.begin(), side.end(), [](double figure) { return !(figure > 0.0); });
    };
    if (missing(block.base) || missing(block.fresh)) return {};
  }
  return blocks;
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
                       const Sample& base, const Sample& fresh, const Blocks& blocks,
                       double level) {
  Change change;
  change.job = job;
  change.metric = &metric;
  change.threshold = threshold;
  change.base = median_of(base);
  change.fresh = median_of(fresh);
  const std::size_t repeats = std::min(base.size(), fresh.size());
  double least = least_rank_test(repeats);
  if (blocks.empty()) {
    change.ratio = change.fresh / change.base;
    change.interval = ratio_interval(base, fresh);
    change.p = rank_test(base, fresh);
  } else {
    const Block aligned = without_drift(blocks);
    change.ratio = median_of(aligned.fresh) / median_of(aligned.base);
    change.interval = ratio_interval(aligned.base, aligned.fresh);
    change.p = aligned_rank_test(blocks);
    least = least_aligned_rank_test(blocks);
  }
  change.finding = judge(change, level);
  // An interval from a handful of repeats is too narrow to rule anything out.
  if (change.finding == Finding::kSame && least > level) change.finding = Finding::kCannotTell;
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

// What the generator's loop stood on; "" when the result does not say.
std::string backend_of(const json& result) {
  static const json::json_pointer where("/environment/io/backend");
  return result.value(where, std::string());
}

// The generator needs more CPU time on epoll, so that its own figures differ and it is sooner the
// limit.
void object_to_backends(const std::vector<json>& base, const std::vector<json>& fresh,
                        std::vector<std::string>& objections) {
  const auto backends_of = [](const std::vector<json>& side) {
    std::set<std::string> backends;
    for (const json& result : side) backends.insert(backend_of(result));
    backends.erase("");
    return backends;
  };
  const std::set<std::string> of_base = backends_of(base);
  const std::set<std::string> of_fresh = backends_of(fresh);
  std::set<std::string> all = of_base;
  all.insert(of_fresh.begin(), of_fresh.end());
  if (all.size() < 2) return;
  objections.push_back(fmt::format(
      "the generator ran on different loops (base: {}; new: {}): give both sides the same --io",
      fmt::join(of_base, " and "), fmt::join(of_fresh, " and ")));
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
  const std::vector<Neighbours> in_turn = decisive_neighbours(in_order(base, fresh), level);
  verdict.in_turn = !in_turn.empty();
  for (const Pair& pair : pairs) {
    const auto given = rules.thresholds.find(std::string(pair.metric->name));
    const double threshold =
        given != rules.thresholds.end() ? given->second : pair.metric->threshold;
    verdict.changes.push_back(compare_figures(pair.job, *pair.metric, threshold, pair.base,
                                              pair.fresh,
                                              blocks_of(in_turn, pair.job, *pair.metric), level));
  }
  if (!rules.any_machine) object_to_machines(base, fresh, verdict.objections);
  if (!rules.any_io) object_to_backends(base, fresh, verdict.objections);
  object_to_runs(base, "base", verdict.objections);
  object_to_runs(fresh, "new", verdict.objections);
  if (!rules.any_verdict) {
    object_to_verdicts(base, "base", verdict.objections);
    object_to_verdicts(fresh, "new", verdict.objections);
  }
  return verdict;
}

}  // namespace smtpmark::loadgen
