#include "loadgen/options.h"

#include <CLI/CLI.hpp>

namespace smtpmark::loadgen {

namespace {

void define_rules(CLI::App& command, CompareOptions& options) {
  command
      .add_option("--threshold", options.thresholds,
                  "METRIC=PERCENT: the change that must not go unseen (may be given again)")
      ->allow_extra_args(false)  // what follows is a result, or the end of the options
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--thresholds", options.threshold_file,
                     "TOML file with lines METRIC = PERCENT; --threshold has the last word");
  command.add_flag("--any-machine", options.any_machine,
                   "Compare results of different machines all the same");
  command.add_flag("--any-io", options.any_io,
                   "Compare runs on io_uring with runs on epoll all the same");
  command.add_flag("--any-verdict", options.any_verdict,
                   "Compare all the same what the generator, or the machine, may have limited");
  command.add_option("--markdown", options.markdown, "Write the table to this file, for a comment");
  command.add_option("--junit", options.junit, "Write the findings to this file, for CI");
}

}  // namespace

void define_show(CLI::App& command, ShowOptions& options) {
  command.add_option("file", options.file, "A result.json, or its folder")->required();
  define_outputs(command, options.outputs);
}

void define_compare(CLI::App& command, CompareOptions& options) {
  constexpr auto kAll = CLI::MultiOptionPolicy::TakeAll;
  auto* sides = command
                    .add_option("results", options.sides,
                                "BASE and NEW: each a result, or a folder of repeats")
                    ->expected(2)
                    ->multi_option_policy(kAll);
  auto* base = command.add_option("--base", options.base, "Repeats of the base")
                   ->multi_option_policy(kAll)
                   ->excludes(sides);
  auto* fresh = command.add_option("--new", options.fresh, "Repeats of what is new")
                    ->multi_option_policy(kAll)
                    ->excludes(sides);
  base->needs(fresh);
  fresh->needs(base);
  define_rules(command, options);
}

void define_report(CLI::App& command, ReportOptions& options) {
  command
      .add_option("results", options.results,
                  "Results, or folders of one; several are shown side by side")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("-o,--output", options.output, "The page to write")->capture_default_str();
}

void define_ab(CLI::App& command, AbOptions& options) {
  auto* base = command.add_option("--base", options.base,
                                  "Command that starts the server of the base, for each run anew");
  auto* fresh = command.add_option("--new", options.fresh, "Command that starts the new server");
  base->needs(fresh);
  fresh->needs(base);
  command.add_option("--base-options", options.base_options,
                     "Options of run that only the base gets, as \"--tls none\"");
  command.add_option("--new-options", options.fresh_options,
                     "Options of run that only the new one gets");
  command
      .add_option("run", options.run_options,
                  "Behind --: options of `smtpmark run`, for both (without --target the main job)")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--repeats", options.repeats, "Measured runs a side")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command.add_option("--warmup", options.warmups, "Runs a side before them, which do not count")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  command
      .add_option("--start-timeout", options.start_timeout_s,
                  "Seconds that a server may take until it answers")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command.add_option("--name", options.name, "Name of the folder of results")
      ->capture_default_str();
  command.add_option("--results-dir", options.results_dir, "Folder that it is made in")
      ->capture_default_str();
  command.add_flag("--quiet", options.quiet, "Do not say which run is on");
  define_rules(command, options.compare);
}

}  // namespace smtpmark::loadgen
