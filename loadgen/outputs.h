// What `run` and `show` make of a result beside the table: files for others, thresholds, exit
// codes.
#ifndef SMTPMARK_LOADGEN_OUTPUTS_H_
#define SMTPMARK_LOADGEN_OUTPUTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/predicate.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

struct OutputOptions {
  std::string csv;
  std::string markdown;
  std::string openmetrics;
  std::string junit;
  std::string hdr_log;
  std::vector<std::string> thresholds;
  bool fail_on_verdict = false;
};

// Adds --csv, --markdown, --openmetrics, --junit, --hdr-log, --threshold and --fail-on-verdict.
void define_outputs(CLI::App& command, OutputOptions& options);

// What has become of them.
struct Outputs {
  std::vector<std::string> written;   // files
  std::vector<std::string> failures;  // a sentence for each file that could not be written
  std::string thresholds;             // a line for each, for the screen
  bool thresholds_met = true;
  bool clean = true;  // every verdict
};

// Writes every file that was asked for; one that fails does not keep the others from being written.
// Fails with a sentence when a threshold is none (parse_thresholds() says so before a run) or the
// result, which is in `file`, is damaged.
tl::expected<Outputs, std::string> make_outputs(const OutputOptions& options,
                                                const nlohmann::json& result,
                                                const std::string& file);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_OUTPUTS_H_
