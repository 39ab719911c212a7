// How much load the options mean, and how fast.
#ifndef SMTPMARK_LOADGEN_LOAD_OPTIONS_H_
#define SMTPMARK_LOADGEN_LOAD_OPTIONS_H_

#include <string>
#include <tl/expected.hpp>

#include "loadgen/run_options.h"

namespace smtpmark::loadgen {

// The plan of the load, without its classes. Refuses with a sentence what cannot be meant, as a
// rate that gives no turn at all or more than threads can begin.
tl::expected<LoadPlan, std::string> make_load_plan(const RunOptions& options);

// What a turn is in a class that sends so many messages a session.
TurnOf turn_of(const RunOptions& options, std::uint64_t messages_per_connection);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_LOAD_OPTIONS_H_
