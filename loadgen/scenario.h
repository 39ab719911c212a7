// A scenario: the options of a run in a TOML file, and its classes. docs/load.md is its reference.
#ifndef SMTPMARK_LOADGEN_SCENARIO_H_
#define SMTPMARK_LOADGEN_SCENARIO_H_

#include <string>
#include <tl/expected.hpp>

#include "loadgen/run_options.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// Sets each option of `command` that options.scenario names, unless the command line has it, and
// the classes. Behind the parsing of the command line; nothing to do without a scenario. Fails with
// a sentence that begins with file, line and column.
tl::expected<void, std::string> load_scenario(CLI::App& command, RunOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SCENARIO_H_
