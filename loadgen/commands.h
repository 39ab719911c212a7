// The subcommands.
#ifndef SMTPMARK_LOADGEN_COMMANDS_H_
#define SMTPMARK_LOADGEN_COMMANDS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/find_options.h"
#include "loadgen/options.h"
#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {

// Exit codes: 0 done without errors, 1 with errors or not at all, 2 a command line that cannot be
// meant.
inline constexpr int kFailed = 1;
inline constexpr int kBadCommandLine = 2;
// Of `run` and `show`, when nothing else went wrong: a threshold is not met; a verdict is not clean
// and --fail-on-verdict is given.
inline constexpr int kThresholdMissed = 3;
inline constexpr int kNotClean = 4;
// Of `compare` and `ab` instead, whose 1 and 2 are findings: worse, and nobody can tell.
inline constexpr int kNotCompared = 3;
// File descriptors beside those of connections.
inline constexpr std::uint64_t kSpareDescriptors = 64;

// Says `sentence` on standard error; returns `exit_code`.
int complain(const std::string& sentence, int exit_code);

// Writes `text` to standard output, all of it. Fails with a sentence that has no end yet: what is
// lost by that, and what is not, is for the caller to say.
tl::expected<void, std::string> print_out(std::string_view text);

// Writes the files that `options` asks for and says on standard error what is wrong with them or
// with the result, which is in `file`; appends to `said` what is for standard output. Returns
// `exit_code`, or where that is 0 the one for what is wrong.
int settle_outputs(const OutputOptions& options, const nlohmann::json& result,
                   const std::string& file, std::string& said, int exit_code);

int command_find(FindOptions options, const std::vector<std::string>& command_line);
int command_run(const RunOptions& options, const std::vector<std::string>& command_line);
int command_sink(const SinkRunOptions& options);
int command_show(const ShowOptions& options);
int command_report(const ReportOptions& options);
int command_ab(const AbOptions& options);
int command_compare(const CompareOptions& options);
int command_tls(const TlsSweepOptions& options, const std::vector<std::string>& command_line);
int command_parse(const ParseOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COMMANDS_H_
