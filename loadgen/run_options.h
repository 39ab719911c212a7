// The options of `smtpmark run`, and the plan that they mean.
#ifndef SMTPMARK_LOADGEN_RUN_OPTIONS_H_
#define SMTPMARK_LOADGEN_RUN_OPTIONS_H_

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/auth_options.h"
#include "loadgen/dialogue_options.h"
#include "loadgen/outputs.h"
#include "loadgen/plan.h"
#include "loadgen/ring_options.h"
#include "loadgen/settings.h"
#include "loadgen/tls_options.h"
#include "loadgen/workload.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// What a session does: of the run, or of one of its classes.
struct SessionOptions : TlsOptions, AuthOptions, WorkloadOptions {
  std::string target;  // several with commas: sessions go to them in turn
  std::string source;  // addresses to connect from, in turn
  std::string proxy;   // version of the PROXY protocol; empty: none
  std::string proxy_client;
  std::string role;  // empty: by the port
  std::string tls;   // empty: by the role
  std::string helo_name = "client.example.com";
  DialogueOptions dialogue;
  std::uint64_t messages_per_connection = 1;
  double timeout_s = 30.0;
};

struct ClassOptions : SessionOptions {
  std::string class_name;
  double weight = 1.0;
};

struct RunOptions : SessionOptions {
  std::string scenario;
  std::vector<std::string> class_texts;  // of --class
  std::vector<Settings> classes;         // of the scenario; --class takes their place
  std::uint32_t connections = 100;
  double rate = 0.0;
  std::string rate_of;  // empty: messages, or sessions without messages
  std::vector<std::string> stages;
  std::string arrivals = "constant";
  std::uint64_t burst = 0;
  std::uint64_t seed = 1;
  double backlog = -1.0;       // negative: not given
  std::string backlog_policy;  // empty: drop with a backlog, else queue
  double duration_s = 0.0;
  double warmup_s = -1.0;  // negative: not given
  double cooldown_s = 0.0;
  std::uint64_t messages = 0;
  std::uint64_t sessions = 0;
  std::vector<std::string> stop_when;
  std::uint32_t threads = 1;
  int pin = -1;
  RingFlags ring;
  io::RingMode ring_mode;  // what `ring` has been settled to
  bool allow_remote = false;
  bool authorized = false;
  bool quiet = false;
  std::string name;
  std::string results_dir = "results";
  std::string json;
  OutputOptions outputs;
  std::string measure = "all";
  std::string server_pids;
  std::string server_cgroup;
  std::string metrics;  // ADDRESS:PORT
  bool metrics_anywhere = false;

  // Options that make no sense without a target, when one was given.
  std::vector<std::string> target_only;

  // Without a target of its own and without classes: the main job on the embedded sink.
  bool is_main_job() const { return target.empty() && class_texts.empty() && classes.empty(); }
};

// Add the options of a subcommand; `options` receives the values when the command line is parsed.
void define_run(CLI::App& command, RunOptions& options);
// The keys of a class.
void define_class(CLI::App& command, ClassOptions& options);

// Refuses with a sentence values that cannot be meant, with a target or without.
tl::expected<void, std::string> check_run_options(const RunOptions& options);

// Fills in what ports and roles imply, and refuses with a sentence what cannot be meant.
tl::expected<RunPlan, std::string> make_run_plan(const RunOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RUN_OPTIONS_H_
