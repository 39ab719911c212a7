// A result as text for a terminal.
#ifndef SMTPMARK_LOADGEN_REPORT_TABLE_H_
#define SMTPMARK_LOADGEN_REPORT_TABLE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace smtpmark::loadgen {

// The latencies of each job, then throughput and cost, then the comparison, then errors. Fails with
// a sentence that names `file`, where the result is, when a member is missing or of another type.
tl::expected<std::string, std::string> render_result(const nlohmann::json& result,
                                                     const std::string& file);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REPORT_TABLE_H_
