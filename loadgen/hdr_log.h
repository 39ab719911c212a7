// Latencies for the tools around HdrHistogram: its interval log, format version 1.3, with V2
// compressed histograms.
#ifndef SMTPMARK_LOADGEN_HDR_LOG_H_
#define SMTPMARK_LOADGEN_HDR_LOG_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "loadgen/histogram.h"

namespace smtpmark::loadgen {

// Base64 of the compressed histogram. Values are nanoseconds.
std::string encode_hdr(const Histogram& histogram);

// One interval for each phase of each job: its measured part. Tags are "job/phase", with an
// underscore for what a tag cannot hold. Throws nlohmann::json::exception when a member is missing
// or of another type.
std::string render_hdr_log(const nlohmann::json& result);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_HDR_LOG_H_
