// The subcommands. Each returns the exit code: 0 done without errors, 1 with errors or not at all,
// 2 a command line that cannot be meant.
#ifndef SMTPMARK_LOADGEN_COMMANDS_H_
#define SMTPMARK_LOADGEN_COMMANDS_H_

#include <string>
#include <vector>

#include "loadgen/options.h"

namespace smtpmark::loadgen {

int command_run(const RunOptions& options, const std::vector<std::string>& command_line);
int command_sink(const SinkRunOptions& options);
int command_show(const ShowOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COMMANDS_H_
