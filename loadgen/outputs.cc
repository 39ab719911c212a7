#include "loadgen/outputs.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "loadgen/exports.h"
#include "loadgen/hdr_log.h"
#include "loadgen/result_json.h"
#include "loadgen/thresholds.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

Outputs make(const OutputOptions& options, const std::vector<Predicate>& thresholds,
             const json& result) {
  const std::vector<ThresholdOutcome> outcomes = hold_against(thresholds, result);
  Outputs outputs;
  outputs.thresholds = render_thresholds(outcomes);
  outputs.thresholds_met = all_met(outcomes);
  const json& jobs = result.at("jobs");
  outputs.clean = std::all_of(jobs.begin(), jobs.end(), [](const json& job) {
    return job.at("verdict").at("findings").empty();
  });
  const auto write = [&outputs](const std::string& path, const std::function<std::string()>& text) {
    if (path.empty()) return;
    if (auto written = write_text(path, text()); !written) {
      outputs.failures.push_back(written.error());
    } else {
      outputs.written.push_back(path);
    }
  };
  write(options.csv, [&] { return render_csv(result); });
  write(options.markdown, [&] { return render_job_markdown(result, outcomes); });
  write(options.openmetrics, [&] { return render_openmetrics(result); });
  write(options.junit, [&] { return render_job_junit(result, outcomes); });
  write(options.hdr_log, [&] { return render_hdr_log(result); });
  return outputs;
}

}  // namespace

void define_outputs(CLI::App& command, OutputOptions& options) {
  command.add_option("--csv", options.csv, "Write every figure to this file, one a line");
  command.add_option("--markdown", options.markdown, "Write tables to this file, for a comment");
  command.add_option("--openmetrics", options.openmetrics,
                     "Write the figures to this file in the OpenMetrics text format");
  command.add_option("--junit", options.junit,
                     "Write jobs and thresholds to this file as test cases, for CI");
  command.add_option("--hdr-log", options.hdr_log,
                     "Write the latencies to this file as an HdrHistogram log");
  command
      .add_option(
          "--threshold", options.thresholds,
          "Exit with 3 unless this holds, as \"p99 of message < 50 ms and errors < 0.1 %\"; "
          "may be given again")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--fail-on-verdict", options.fail_on_verdict,
                   "Exit with 4 unless the figures mean the server (verdict clean)");
}

tl::expected<Outputs, std::string> make_outputs(const OutputOptions& options, const json& result,
                                                const std::string& file) {
  const auto thresholds = parse_thresholds(options.thresholds);
  if (!thresholds) return tl::unexpected(thresholds.error());
  try {
    return make(options, *thresholds, result);
  } catch (const json::exception& error) {
    return tl::unexpected(damaged_result(file, error));
  }
}

}  // namespace smtpmark::loadgen
