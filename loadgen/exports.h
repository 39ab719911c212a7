// A result in the formats of others. All read the JSON of results/README.md and throw
// nlohmann::json::exception when a member is missing or of another type.
#ifndef SMTPMARK_LOADGEN_EXPORTS_H_
#define SMTPMARK_LOADGEN_EXPORTS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "loadgen/thresholds.h"

namespace smtpmark::loadgen {

// A figure a line (RFC 4180): job, group, figure, value. Groups are the members of a job, as
// "rates" or "phases.message".
std::string render_csv(const nlohmann::json& result);

// Tables for a pull request: throughput, latencies of what people ask for, findings, errors,
// thresholds.
std::string render_job_markdown(const nlohmann::json& result,
                                const std::vector<ThresholdOutcome>& thresholds);

// The OpenMetrics text format, version 1.0: times in seconds.
std::string render_openmetrics(const nlohmann::json& result);

// For CI: a test case for each threshold, and one for each job: whether it ended as planned and
// without errors.
std::string render_job_junit(const nlohmann::json& result,
                             const std::vector<ThresholdOutcome>& thresholds);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_EXPORTS_H_
