// The command line, as given.
#ifndef SMTPMARK_LOADGEN_OPTIONS_H_
#define SMTPMARK_LOADGEN_OPTIONS_H_

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/auth_options.h"
#include "loadgen/outputs.h"
#include "loadgen/run_options.h"
#include "loadgen/sink.h"
#include "loadgen/tls_options.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

struct SinkRunOptions {
  std::vector<std::string> relay;
  std::vector<std::string> submission;
  std::vector<std::string> submissions;
  std::vector<std::string> lmtp;
  std::string with;     // extensions beyond those of SinkOptions
  std::string without;  // and fewer of them
  SinkOptions sink;
  SinkAuthOptions auth;
  double timeout_s = 300.0;
  std::uint32_t threads = 1;
  std::uint32_t connections = 1024;
  int pin = -1;
  RingFlags ring;
  SinkTlsOptions tls;
  std::string json;
};

struct ShowOptions {
  std::string file;
  OutputOptions outputs;
};

struct ReportOptions {
  std::vector<std::string> results;
  std::string output = "report.html";
};

struct CompareOptions {
  std::vector<std::string> sides;  // base and new: a result, or a folder of repeats
  std::vector<std::string> base;
  std::vector<std::string> fresh;
  std::vector<std::string> thresholds;  // "messages-per-s=5"
  std::string threshold_file;
  bool any_machine = false;
  bool any_io = false;
  bool any_verdict = false;
  std::string markdown;
  std::string junit;
};

struct AbOptions {
  std::string base;  // commands that start a server; both or none
  std::string fresh;
  std::string base_options;  // of `smtpmark run`, for one side
  std::string fresh_options;
  std::vector<std::string> run_options;  // for both
  std::uint32_t repeats = 10;
  std::uint32_t warmups = 1;
  double start_timeout_s = 10.0;
  std::string name = "ab";
  std::string results_dir = "results";
  bool quiet = false;
  CompareOptions compare;
};

struct ParseOptions {
  bool replies = false;
  bool ehlo = false;
  bool data = false;
  bool session = false;
  parser::Profile profile = parser::Profile::kStrict;
  bool fail_on_reject = false;
};

// Add the options of a subcommand; `options` receives the values when the command line is parsed.
void define_sink(CLI::App& command, SinkRunOptions& options);
void define_show(CLI::App& command, ShowOptions& options);
void define_report(CLI::App& command, ReportOptions& options);
void define_compare(CLI::App& command, CompareOptions& options);
void define_ab(CLI::App& command, AbOptions& options);
void define_parse(CLI::App& command, ParseOptions& options);

// Refuses with a sentence what cannot be meant.
tl::expected<SinkPlan, std::string> make_sink_plan(const SinkRunOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_OPTIONS_H_
