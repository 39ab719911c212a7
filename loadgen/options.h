// The command line, as given.
#ifndef SMTPMARK_LOADGEN_OPTIONS_H_
#define SMTPMARK_LOADGEN_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/plan.h"
#include "loadgen/sink.h"

namespace smtpmark::loadgen {

struct RunOptions {
  std::string target;  // empty: the main job on the embedded sink
  std::string role;    // empty: by the port
  std::string tls;     // empty: by the role
  std::string auth;    // empty: auto where a user is given
  bool auth_without_tls = false;
  std::string user;
  std::string password;
  bool verify = false;
  std::string ca_file;
  std::string server_name;
  std::string helo_name = "client.example.com";
  std::string from = "load@example.com";
  std::string to = "sink@example.com";
  std::uint32_t connections = 100;
  std::uint64_t messages_per_connection = 1;
  std::uint32_t recipients = 1;
  std::uint64_t size = 1024;
  double rate = 0.0;
  double duration_s = 0.0;
  double warmup_s = -1.0;  // negative: not given
  std::uint64_t messages = 0;
  std::uint32_t threads = 1;
  double timeout_s = 30.0;
  int pin = -1;
  bool allow_remote = false;
  bool authorized = false;
  bool quiet = false;
  std::string name;
  std::string results_dir = "results";
  std::string json;

  // Options that make no sense without --target, when one was given.
  std::vector<std::string> target_only;
};

struct SinkRunOptions {
  std::vector<std::string> relay;
  std::vector<std::string> submission;
  std::vector<std::string> submissions;
  SinkOptions sink;
  double timeout_s = 300.0;
  std::uint32_t threads = 1;
  std::uint32_t connections = 1024;
  int pin = -1;
  std::string certificate;
  std::string key;
  std::uint32_t tls_tickets = 0;
  std::string json;
};

struct ShowOptions {
  std::string file;
};

struct CompareOptions {
  std::vector<std::string> sides;  // base and new: a result, or a folder of repeats
  std::vector<std::string> base;
  std::vector<std::string> fresh;
  std::vector<std::string> thresholds;  // "messages-per-s=5"
  bool any_machine = false;
  std::string markdown;
  std::string junit;
};

struct ParseOptions {
  bool replies = false;
  bool ehlo = false;
  bool data = false;
  bool session = false;
  std::string profile = "strict";
  bool fail_on_reject = false;
};

// Add the options of a subcommand; `options` receives the values when the command line is parsed.
void define_run(CLI::App& command, RunOptions& options);
void define_sink(CLI::App& command, SinkRunOptions& options);
void define_show(CLI::App& command, ShowOptions& options);
void define_compare(CLI::App& command, CompareOptions& options);
void define_parse(CLI::App& command, ParseOptions& options);

// Seconds of the command line, which are limited to a year, as nanoseconds.
std::uint64_t to_ns(double seconds);

// Refuses with a sentence values that cannot be meant, with a target or without.
tl::expected<void, std::string> check_run_options(const RunOptions& options);

// Fills in what the port and the role imply, and refuses with a sentence what cannot be meant.
tl::expected<RunPlan, std::string> make_run_plan(const RunOptions& options);
tl::expected<SinkPlan, std::string> make_sink_plan(const SinkRunOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_OPTIONS_H_
