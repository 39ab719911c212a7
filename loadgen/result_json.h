// The result of a run as JSON; the schema is documented in results/README.md.
#ifndef SMTPMARK_LOADGEN_RESULT_JSON_H_
#define SMTPMARK_LOADGEN_RESULT_JSON_H_

#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "loadgen/generator.h"
#include "loadgen/plan.h"
#include "loadgen/sink_session.h"

namespace smtpmark::loadgen {

inline constexpr int kResultSchemaVersion = 2;
inline constexpr const char* kResultSchema = "smtpmark.result";

// A whole run as one job. `sink` is null when the target is not the embedded sink.
nlohmann::json job_to_json(const RunPlan& plan, const LoadResult& result, const SinkCounters* sink);

// Adds to `result` a job for each class of a run and, with several, `together`.
void add_jobs(const RunPlan& plan, const LoadResult& load, nlohmann::json& result);

nlohmann::json sink_counters_to_json(const SinkCounters& counters);

// The frame around the jobs: schema, name, start, command line, environment.
nlohmann::json make_result(const std::string& name, const std::vector<std::string>& command,
                           const nlohmann::json& environment);

// Writes whole or not at all: beside the file first, then renamed. Failures are sentences.
tl::expected<void, std::string> write_json(const std::string& path, const nlohmann::json& json);
tl::expected<void, std::string> write_text(const std::string& path, std::string_view text);

// Reads a result and checks its schema and version. Failures are sentences.
tl::expected<nlohmann::json, std::string> read_result(const std::string& path);

// The sentence about a result in which `error`, of nlohmann::json, was met: a member is missing or
// of another type.
std::string damaged_result(const std::string& path, const std::exception& error);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RESULT_JSON_H_
