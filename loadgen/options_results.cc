#include "loadgen/options.h"

namespace smtpmark::loadgen {

void define_show(CLI::App& command, ShowOptions& options) {
  command.add_option("file", options.file, "A result.json")->required();
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
  command
      .add_option("--threshold", options.thresholds,
                  "METRIC=PERCENT: the change that must not go unseen (may be given again)")
      ->multi_option_policy(kAll);
  command.add_flag("--any-machine", options.any_machine,
                   "Compare results of different machines all the same");
  command.add_option("--markdown", options.markdown, "Write the table to this file, for a comment");
  command.add_option("--junit", options.junit, "Write the findings to this file, for CI");
}

void define_report(CLI::App& command, ReportOptions& options) {
  command
      .add_option("results", options.results,
                  "Results, or folders of one; several are shown side by side")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("-o,--output", options.output, "The page to write")->capture_default_str();
}

}  // namespace smtpmark::loadgen
