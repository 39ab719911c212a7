// Conditions that a result is to meet, for an exit code and for CI.
#ifndef SMTPMARK_LOADGEN_THRESHOLDS_H_
#define SMTPMARK_LOADGEN_THRESHOLDS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/predicate.h"

namespace smtpmark::loadgen {

// One threshold on one job.
struct ThresholdOutcome {
  std::string job;
  std::string threshold;  // as given
  Truth met = Truth::kUnknown;
  std::string figures;  // what it was held against, as "p99 of message: 61.3 ms"
};

// Fails with a sentence that names the column.
tl::expected<std::vector<Predicate>, std::string> parse_thresholds(
    const std::vector<std::string>& texts);

// Every threshold on every job; on all classes together where a run has several. What cannot be
// said for want of a sample is not met. Throws nlohmann::json::exception when a member is missing
// or of another type.
std::vector<ThresholdOutcome> hold_against(const std::vector<Predicate>& thresholds,
                                           const nlohmann::json& result);

bool all_met(const std::vector<ThresholdOutcome>& outcomes);
// A line each.
std::string render_thresholds(const std::vector<ThresholdOutcome>& outcomes);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_THRESHOLDS_H_
