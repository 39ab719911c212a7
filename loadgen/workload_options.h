// From the options of a workload to the messages that it means.
#ifndef SMTPMARK_LOADGEN_WORKLOAD_OPTIONS_H_
#define SMTPMARK_LOADGEN_WORKLOAD_OPTIONS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/plan.h"
#include "loadgen/workload.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// Adds the options to a command, or to the keys of a class.
void define_workload(CLI::App& command, WorkloadOptions& options);

// Refuses with a sentence what cannot be meant. Reads what files are named, and renders nothing.
tl::expected<void, std::string> check_workload(const WorkloadOptions& options);

// Plans what the sessions send. Where all messages are the same, that is in the plan's own members
// and its workload stays empty. Unless `authorized`, recipients have to be in reserved domains.
tl::expected<void, std::string> plan_workload(const WorkloadOptions& options, std::uint64_t seed,
                                              bool authorized, SessionPlan& plan);

// For the configuration in a result; `run` is the id of the run.
void add_workload(const SessionPlan& plan, std::uint64_t run, nlohmann::json& config);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_WORKLOAD_OPTIONS_H_
