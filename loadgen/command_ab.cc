#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "loadgen/ab.h"
#include "loadgen/commands.h"
#include "loadgen/compare_rules.h"
#include "loadgen/environment.h"
#include "loadgen/interrupt.h"
#include "loadgen/result_folder.h"
#include "loadgen/scenario.h"

namespace smtpmark::loadgen {

namespace {

// The options of `smtpmark run` of one side, checked before anything is started; and the ports that
// its server has to open.
tl::expected<AbSide, std::string> make_side(const std::string& name, const std::string& server,
                                            const std::string& own_options,
                                            const std::vector<std::string>& common) {
  AbSide side{name, server, {}, common};
  for (std::string& word : CLI::detail::split_up(own_options)) {
    if (!word.empty()) side.options.push_back(CLI::detail::remove_quotes(word));
  }
  CLI::App app("", "run");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  RunOptions run;
  define_run(app, run);
  try {
    std::vector<std::string> words(side.options.rbegin(), side.options.rend());
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(fmt::format("options of {}: {}", name, error.what()));
  }
  if (const auto read = load_scenario(app, run); !read) {
    return tl::unexpected(fmt::format("options of {}: {}", name, read.error()));
  }
  side.io = run.ring.io;
  if (run.is_main_job()) {
    if (server.empty()) return side;
    return tl::unexpected(
        fmt::format("the server of {} needs a target: give -- --target HOST:PORT", name));
  }
  const auto plan = make_run_plan(run);
  if (!plan) return tl::unexpected(fmt::format("options of {}: {}", name, plan.error()));
  for (const ClassPlan& one : plan->classes) {
    side.ports.insert(side.ports.end(), one.targets.begin(), one.targets.end());
  }
  side.tell_pid = !server.empty() && app.get_option_no_throw("--server-pid") != nullptr;
  return side;
}

tl::expected<AbPlan, std::string> make_plan(const AbOptions& options) {
  AbPlan plan;
  auto base = make_side("base", options.base, options.base_options, options.run_options);
  if (!base) return tl::unexpected(base.error());
  auto fresh = make_side("new", options.fresh, options.fresh_options, options.run_options);
  if (!fresh) return tl::unexpected(fresh.error());
  plan.base = std::move(*base);
  plan.fresh = std::move(*fresh);
  plan.repeats = options.repeats;
  plan.warmups = options.warmups;
  plan.start_timeout_s = options.start_timeout_s;
  std::error_code failed;
  plan.program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return tl::unexpected("cannot find this program: " + failed.message());
  auto folder = make_result_folder(options.results_dir, options.name, utc_now());
  if (!folder) return tl::unexpected(folder.error());
  plan.folder = *folder;
  return plan;
}

}  // namespace

int command_ab(const AbOptions& options) {
  if (options.base.empty() != options.fresh.empty()) {
    return complain("--base and --new belong together", kNotCompared);
  }
  // What cannot be meant ends here, and not after an hour of runs.
  if (const auto rules = rules_of(options.compare); !rules) {
    return complain(rules.error(), kNotCompared);
  }
  watch_interrupts();
  const auto plan = make_plan(options);
  if (!plan) return complain(plan.error(), kNotCompared);
  const auto announce = [&options](const std::string& what) {
    if (!options.quiet) fmt::print(stderr, "running: {}\n", what);
  };
  const auto outcome = run_ab(*plan, interrupted(), announce);
  if (!outcome) return complain(outcome.error(), kNotCompared);
  if (outcome->interrupted) {
    complain(fmt::format("interrupted: {} results of base and {} of new are kept in {}",
                         outcome->base_runs, outcome->fresh_runs, plan->folder),
             0);
    if (outcome->base_runs == 0 || outcome->fresh_runs == 0) return kNotCompared;
  }
  CompareOptions compare = options.compare;
  compare.sides = {plan->folder + "/base", plan->folder + "/new"};
  if (plan->base.io != plan->fresh.io) compare.any_io = true;  // that is what is compared
  const int exit_code = command_compare(compare);
  fmt::print("results: {}\n", plan->folder);
  return exit_code;
}

}  // namespace smtpmark::loadgen
