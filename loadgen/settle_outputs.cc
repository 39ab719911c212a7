#include "loadgen/commands.h"

#include <nlohmann/json.hpp>
#include "loadgen/outputs.h"
#include "loadgen/terminal_text.h"

namespace smtpmark::loadgen {

int settle_outputs(const OutputOptions& options, const nlohmann::json& result,
                   const std::string& file, std::string& said, int exit_code) {
  const auto worst = [&exit_code](int code) {
    if (exit_code == 0) exit_code = code;
  };
  const auto outputs = make_outputs(options, result, file);
  if (!outputs) {
    worst(complain(outputs.error(), kFailed));
    return exit_code;
  }
  for (const std::string& failure : outputs->failures) worst(complain(failure, kFailed));
  said += printable_lines(outputs->thresholds);
  for (const std::string& written : outputs->written) said += "written: " + written + "\n";
  if (!outputs->thresholds_met) {
    // Each line of them is on the screen, but for --quiet.
    worst(complain("a threshold is not met", kThresholdMissed));
  }
  if (options.fail_on_verdict && !outputs->clean) {
    worst(complain("the figures may not mean the server: see the verdict", kNotClean));
  }
  return exit_code;
}

}  // namespace smtpmark::loadgen
