// What `smtpmark compare` and `smtpmark ab` go by, from flags and a file.
#ifndef SMTPMARK_LOADGEN_COMPARE_RULES_H_
#define SMTPMARK_LOADGEN_COMPARE_RULES_H_

#include <map>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/options.h"
#include "loadgen/regression.h"

namespace smtpmark::loadgen {

// A TOML file with a line a metric, in percent: `messages-per-s = 3`. Failures are sentences with
// the file, the line and the column.
tl::expected<std::map<std::string, double>, std::string> read_thresholds(const std::string& file);

// The thresholds of the file, then those of the flags in their place.
tl::expected<CompareRules, std::string> rules_of(const CompareOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COMPARE_RULES_H_
