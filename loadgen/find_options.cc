#include "loadgen/find_options.h"

#include <CLI/CLI.hpp>

#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

namespace {

constexpr double kProbeDuration = 5.0;  // seconds
constexpr double kProbeWarmup = 1.0;

}  // namespace

void define_find(CLI::App& command, FindOptions& options) {
  options.duration_s = kProbeDuration;
  options.warmup_s = kProbeWarmup;
  options.name = "find";
  define_run(command, options);
  for (const char* name : {"--rate", "--stage", "--messages", "--sessions", "--stop-when"}) {
    command.remove_option(command.get_option(name));
  }
  command.get_option("--duration")
      ->description("Length of the measured part of each run (default 5s)");
  command.get_option("--warmup")->description("Load before the measured part (default 1s)");
  command.get_option("--target")->description("HOST:PORT to load");
  command.add_option("--objective", options.objective,
                     "What has to hold, as \"p99 of message < 50 ms and errors < 0.1 %\"");
  command.add_option("--start-rate", options.start_rate, "Turns a second of the first run")
      ->check(number_between(0.01, 1e9))
      ->capture_default_str();
  command.add_option("--max-rate", options.most_rate, "Turns a second that are not exceeded")
      ->check(number_between(0.01, 1e9));
  command
      .add_option("--precision", options.precision,
                  "Percent between the rate found and a rate that failed")
      ->check(number_between(0.1, 100.0))
      ->capture_default_str();
  command
      .add_option("--confirmations", options.confirmations,
                  "More runs at the rate found, which must meet the objective too")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
}

}  // namespace smtpmark::loadgen
