// Workloads of real mail, by name. docs/workload.md says where each figure comes from.
#ifndef SMTPMARK_LOADGEN_WORKLOAD_PRESETS_H_
#define SMTPMARK_LOADGEN_WORKLOAD_PRESETS_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/size_distribution.h"
#include "loadgen/workload.h"

namespace smtpmark::loadgen {

// A scanner on port 25, which speaks no TLS unless that is asked for.
inline constexpr std::string_view kDeviceWorkload = "device";

std::vector<std::string> preset_names();

// The options with what their preset says filled in where they say nothing.
WorkloadOptions with_preset(WorkloadOptions options);

// "relay" and "office", or whatever SizeDistribution::parse() takes.
tl::expected<SizeDistribution, std::string> parse_sizes(const std::string& text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_WORKLOAD_PRESETS_H_
