#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "io/startup.h"
#include "loadgen/commands.h"
#include "loadgen/cpu.h"
#include "loadgen/curve.h"
#include "loadgen/delivery.h"
#include "loadgen/environment.h"
#include "loadgen/find_options.h"
#include "loadgen/generator.h"
#include "loadgen/interrupt.h"
#include "loadgen/rate_search.h"
#include "loadgen/result_folder.h"
#include "loadgen/result_json.h"
#include "loadgen/terminal_text.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kMostPerThread = 1e6;  // turns a second

// The runs of a search, and what is kept of them.
class Finder {
 public:
  Finder(const FindOptions& options, RunPlan plan, Predicate objective)
      : options_(options),
        plan_(std::move(plan)),
        objective_(std::move(objective)),
        phase_(phase_of_curve(objective_, plan_)) {
    hooks_.interrupted = &interrupted();
    hooks_.hurried = &hurried();
  }

  Finished find(json result) {
    SearchBounds bounds;
    bounds.start_per_s = options_.start_rate;
    bounds.most_per_s = options_.most_rate;
    bounds.precision = options_.precision / 100.0;
    bounds.confirmations = options_.confirmations;
    const SearchResult search = search_rate(
        bounds, [this](double rate, bool confirmation) { return probe(rate, confirmation); });
    return finish(search, std::move(result));
  }

 private:
  ProbeOutcome probe(double rate_per_s, bool confirmation) {
    plan_.load.set_rate(rate_per_s);
    auto load = run_load(plan_, hooks_);
    if (!load) {
      failure_ = load.error();
      return ProbeOutcome::kBroken;
    }
    Point point = judge_point(plan_, *load, objective_, rate_per_s);
    if (nothing_works(*load)) {
      failure_ =
          fmt::format("not one turn succeeded at {:.4g}/s: {}", rate_per_s, load->main_failure);
      point.outcome = ProbeOutcome::kBroken;
    }
    if (load->ending != Ending::kInterrupted) {
      curve_.push_back(point_to_json(point, *load, phase_, confirmation));
      announce(point, confirmation);
    }
    if (point.outcome == ProbeOutcome::kMet) {
      json& kept = met_[rate_per_s] = {{"jobs", json::array()}};
      add_jobs(plan_, *load, kept);
    }
    return point.outcome;
  }

  // Errors that have nothing to do with the rate, as a wrong password.
  bool nothing_works(const LoadResult& load) const {
    const Counters& total = load.metrics.total();
    return met_.empty() && total.errors > 0 && total.messages_accepted == 0 &&
           (total.sessions_completed == 0 || total.messages_failed > 0);
  }

  void announce(const Point& point, bool confirmation) const {
    if (options_.quiet) return;
    fmt::print(stderr, "{:.4g}/s{}: {} ({})\n", point.rate_per_s, confirmation ? ", again" : "",
               outcome_of(point.outcome == ProbeOutcome::kMet, point.verdict),
               printable(point.text));
  }

  Finished finish(const SearchResult& search, json result) {
    std::stable_sort(curve_.begin(), curve_.end(), [](const json& one, const json& other) {
      return one.at("rate_per_s").get<double>() < other.at("rate_per_s").get<double>();
    });
    const std::string text = conclusion(search, objective_, curve_);
    result["objective"] = objective_.text;
    result["curve_of"] = to_string(phase_);
    result["curve"] = std::move(curve_);
    result["search"] = {{"ended", to_string(search.end)}, {"text", text}};
    result["found"] = nullptr;
    if (search.found_per_s) {
      result["found"] = {{"rate_per_s", *search.found_per_s}};
      result.update(met_.at(*search.found_per_s));
    }
    Finished finished;
    finished.result = std::move(result);
    finished.interrupted = interrupted().load();
    const bool answered = search.end == SearchEnd::kFound || search.end == SearchEnd::kAlwaysMet;
    if (!failure_.empty()) {
      finished.failure = failure_;
    } else if (!answered) {
      finished.failure = finished.interrupted ? "interrupted before a rate was found" : text;
    }
    return finished;
  }

  const FindOptions& options_;
  RunPlan plan_;
  Predicate objective_;
  Phase phase_;
  LoadHooks hooks_;
  json curve_ = json::array();
  std::map<double, json> met_;  // the jobs of the latest run at each rate that was met
  std::string failure_;
};

tl::expected<RunPlan, std::string> make_probe_plan(FindOptions& options) {
  if (options.is_main_job()) return tl::unexpected(std::string("find needs --target or --class"));
  const double most = kMostPerThread * options.threads;
  if (options.most_rate == 0.0) options.most_rate = most;
  if (options.most_rate > most) {
    return tl::unexpected(
        fmt::format("--max-rate {:.10g} is more than {} threads can begin: {:.10g}",
                    options.most_rate, options.threads, most));
  }
  if (options.most_rate < options.start_rate) {
    return tl::unexpected(std::string("--max-rate is below --start-rate"));
  }
  options.rate = options.start_rate;
  return make_run_plan(options);
}

}  // namespace

int command_find(FindOptions options, const std::vector<std::string>& command_line) {
  if (options.objective.empty()) {
    return complain("--objective is missing: what has to hold, as \"p99 of message < 50 ms\"",
                    kBadCommandLine);
  }
  auto objective = parse_predicate(options.objective);
  if (!objective) {
    return complain("--objective \"" + options.objective + "\": " + objective.error(),
                    kBadCommandLine);
  }
  auto plan = make_probe_plan(options);
  if (!plan) return complain(plan.error(), kBadCommandLine);
  watch_interrupts();
  if (auto enough = io::ensure_descriptors(std::uint64_t{options.connections} +
                                           std::uint64_t{options.threads} * 8 + kSpareDescriptors);
      !enough) {
    return complain(enough.error().message, kFailed);
  }
  const auto ring = settle_ring(options.ring);
  if (!ring) return complain(ring.error(), kFailed);
  if (auto good = check_pin(options.pin, options.threads); !good) {
    return complain(good.error(), kBadCommandLine);
  }
  plan->load.ring = ring->mode;
  json frame = make_result(plan->name, command_line, describe_environment(ring->features));
  const auto folder = make_result_folder(options.results_dir, plan->name,
                                         frame.at("started_utc").get<std::string>());
  if (!folder) return complain(folder.error(), kFailed);
  Finder finder(options, std::move(*plan), std::move(*objective));
  return deliver(options, finder.find(std::move(frame)), *folder + "/result.json");
}

}  // namespace smtpmark::loadgen
