#include "loadgen/run_options.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "loadgen/option_values.h"
#include "loadgen/workload_options.h"

namespace smtpmark::loadgen {

namespace {

constexpr auto kTakeAll = CLI::MultiOptionPolicy::TakeAll;
constexpr std::uint64_t kMostCount = std::numeric_limits<std::uint64_t>::max();

void define_security(CLI::App& command, SessionOptions& options,
                     const OptionMark& only_with_target) {
  only_with_target(
      command.add_option("--role", options.role, "What the port is for (default: by its number)")
          ->check(CLI::IsMember({"relay", "submission", "submissions", "lmtp"})));
  only_with_target(
      command
          .add_option("--tls", options.tls,
                      "opportunistic (default on 25), required (587: never falls back to "
                      "plaintext), implicit (465) or none")
          ->check(CLI::IsMember({"none", "opportunistic", "required", "implicit"})));
  define_auth(command, options, only_with_target);
  define_tls(command, options, only_with_target);
}

void define_session(CLI::App& command, SessionOptions& options,
                    const OptionMark& only_with_target) {
  command.add_option("--target", options.target,
                     "HOST:PORT or unix:PATH to load; several with commas, which sessions go to in "
                     "turn; without it the main job runs on the embedded sink");
  only_with_target(command.add_option("--source", options.source,
                                      "Addresses to connect from in turn, as 127.0.0.2, "
                                      "127.0.0.10-127.0.0.19 or fd00::1-fd00::9"));
  CLI::Option* const proxy =
      only_with_target(command
                           .add_option("--proxy", options.proxy,
                                       "Begin with a header of the PROXY protocol: v1 or v2")
                           ->check(CLI::IsMember({"v1", "v2"})));
  only_with_target(command.add_option("--proxy-client", options.proxy_client,
                                      "Clients that this header names in turn, given as for "
                                      "--source (default: the connection's own address)"))
      ->needs(proxy);
  define_security(command, options, only_with_target);
  command.add_option("--helo", options.helo_name, "Name in EHLO, as client{1..100}.example.com")
      ->capture_default_str();
  define_workload(command, options);
  only_with_target(command
                       .add_option("--messages-per-connection", options.messages_per_connection,
                                   "Messages a session; 0: sessions without a message")
                       ->check(whole_number(0, kMostCount))
                       ->capture_default_str());
  define_dialogue(command, options.dialogue, only_with_target);
  command.add_option("--timeout", options.timeout_s, "Longest wait for a reply")
      ->transform(seconds())
      ->check(sensible_time())
      ->capture_default_str();
}

// The load in an open loop: when turns are due, and what becomes of those that must wait.
void define_open_loop(CLI::App& command, RunOptions& options, const OptionMark& only_with_target) {
  only_with_target(
      command
          .add_option("--rate", options.rate,
                      "Open loop: turns a second, latency from the intended start; with --stage, "
                      "what the first stage starts from. Default: as fast as replies come")
          ->check(number_between(0.001, 1e9)));
  only_with_target(command
                       .add_option("--rate-of", options.rate_of,
                                   "What a turn is: messages (default), or whole sessions (default "
                                   "without messages)")
                       ->check(CLI::IsMember({"messages", "sessions"})));
  only_with_target(
      command
          .add_option("--stage", options.stages,
                      "TIME:RATE, the rate changes evenly to RATE within TIME (as 10s:500), or "
                      "TIME@RATE, it stays at RATE for TIME; may be given again")
          ->multi_option_policy(kTakeAll));
  only_with_target(command
                       .add_option("--arrivals", options.arrivals,
                                   "When turns are due: constant, poisson or burst")
                       ->check(CLI::IsMember({"constant", "poisson", "burst"}))
                       ->capture_default_str());
  only_with_target(
      command.add_option("--burst", options.burst, "Turns at once, with --arrivals burst")
          ->check(CLI::Range(2, 1000000)));
  command.add_option("--seed", options.seed, "Of random arrivals, sizes and addresses")
      ->check(whole_number(0, kMostCount))
      ->capture_default_str();
  only_with_target(
      command.add_option("--backlog", options.backlog, "Turns that may wait for a connection")
          ->check(number_between(0, 1e9)));
  only_with_target(
      command
          .add_option("--backlog-policy", options.backlog_policy,
                      "What a turn does that finds the backlog full: drop (it is not begun), stop "
                      "(the run ends); queue: there is no bound (default without --backlog)")
          ->check(CLI::IsMember({"queue", "drop", "stop"})));
}

void define_end(CLI::App& command, RunOptions& options, const OptionMark& only_with_target) {
  command
      .add_option("--duration", options.duration_s,
                  "Length of the measured part (as 10, 500ms, 2m; default 10s, main job 1s a part "
                  "and round)")
      ->transform(seconds())
      ->check(sensible_time());
  only_with_target(command
                       .add_option("--messages", options.messages,
                                   "End after so many messages (sessions, without messages)")
                       ->check(whole_number(1, kMostCount)));
  only_with_target(command.add_option("--sessions", options.sessions, "End after so many sessions")
                       ->check(whole_number(1, kMostCount)));
  command
      .add_option("--warmup", options.warmup_s,
                  "Load before the measured part (default 0, main job 0.5s); --messages and "
                  "--sessions count there too")
      ->transform(seconds())
      ->check(number_between(0.0, 31536000.0));
  only_with_target(
      command
          .add_option("--cooldown", options.cooldown_s, "Load behind the measured part (default 0)")
          ->transform(seconds())
          ->check(number_between(0.0, 31536000.0)));
  only_with_target(
      command
          .add_option("--stop-when", options.stop_when,
                      "End the run early, with exit code 1, when this is true of the measured part "
                      "so far, as \"errors > 1 %\" or \"p99 of message > 200 ms\"; may be given "
                      "again")
          ->multi_option_policy(kTakeAll));
}

void define_output(CLI::App& command, RunOptions& options) {
  command.add_flag("--quiet", options.quiet, "Print nothing but errors");
  command.add_option("--name", options.name, "Name of the result (default: the job's)");
  command.add_option("--results-dir", options.results_dir, "Folder that results go to")
      ->capture_default_str();
  command.add_option("--json", options.json, "Write the result to this file as well");
  define_outputs(command, options.outputs);
}

void define_watch(CLI::App& command, RunOptions& options, const OptionMark& only_with_target) {
  CLI::Option* const pids = only_with_target(
      command.add_option("--server-pid", options.server_pids,
                         "Processes of the server on this machine, as 123,456: their CPU time and "
                         "that of all their children is measured"));
  only_with_target(command.add_option("--server-cgroup", options.server_cgroup,
                                      "Control group (v2) of the server, for the same"))
      ->excludes(pids);
  only_with_target(command
                       .add_option("--measure", options.measure,
                                   "all, or counters without latencies: what measuring costs")
                       ->check(CLI::IsMember({"all", "counters"}))
                       ->capture_default_str());
  command.add_option("--metrics", options.metrics,
                     "Serve http://ADDRESS:PORT/metrics for Prometheus during the run");
  command.add_flag("--metrics-anywhere", options.metrics_anywhere,
                   "The address of --metrics is not on loopback, and that is meant");
}

}  // namespace

void define_run(CLI::App& command, RunOptions& options) {
  const OptionMark only_with_target = [&options](CLI::Option* option) {
    option->each([&options, name = option->get_name()](const std::string&) {
      options.target_only.push_back(name);
    });
    return option;
  };
  command.add_option("--scenario", options.scenario,
                     "TOML file with options of this command; those given here override it");
  define_session(command, options, only_with_target);
  command
      .add_option("--class", options.class_texts,
                  "A part of the load, as name=relay,weight=70,target=HOST:PORT,tls=none: any "
                  "option of a session; what it leaves out is as for the run; may be given again")
      ->multi_option_policy(kTakeAll);
  command.add_option("--connections", options.connections, "Connections at once")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  define_open_loop(command, options, only_with_target);
  define_end(command, options, only_with_target);
  command.add_option("--threads", options.threads, "Generator threads, a ring each")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  only_with_target(command.add_option("--pin", options.pin, "Pin thread i to processor PIN + i")
                       ->check(whole_number(0, kMostProcessor)));
  define_ring(command, options.ring);
  command.add_flag("--allow-remote", options.allow_remote,
                   "The target is not on loopback, and that is meant");
  command.add_flag("--i-am-authorized", options.authorized,
                   "The target is public or the recipients are real, and that is permitted");
  define_output(command, options);
  define_watch(command, options, only_with_target);
}

void define_class(CLI::App& command, ClassOptions& options) {
  command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  command.add_option("--name", options.class_name);
  command.add_option("--weight", options.weight)->check(number_between(1e-6, 1e6));
  define_session(command, options, [](CLI::Option* option) { return option; });
}

}  // namespace smtpmark::loadgen
