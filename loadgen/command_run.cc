#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/startup.h"
#include "loadgen/commands.h"
#include "loadgen/cpu.h"
#include "loadgen/delivery.h"
#include "loadgen/environment.h"
#include "loadgen/generator.h"
#include "loadgen/interrupt.h"
#include "loadgen/live_line.h"
#include "loadgen/main_job.h"
#include "loadgen/metrics_endpoint.h"
#include "loadgen/report_table.h"
#include "loadgen/result_folder.h"
#include "loadgen/result_json.h"
#include "loadgen/run_verdict.h"
#include "loadgen/server_usage.h"
#include "loadgen/thresholds.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

bool has_measured(const LoadResult& load) {
  const Counters& seen = load.metrics.measured();
  return seen.messages_accepted + seen.sessions_completed + seen.tls_handshakes + seen.errors > 0;
}

Finished finish_single(const RunPlan& plan, const LoadResult& load, json result) {
  Finished finished;
  add_jobs(plan, load, result);
  finished.errors = load.metrics.total().errors;
  const bool measured = has_measured(load);
  finished.interrupted = load.ending == Ending::kInterrupted && measured;
  if (load.ending == Ending::kInterrupted && !measured) {
    finished.failure = "interrupted before anything was measured";
  } else if (load.ending == Ending::kAborted) {
    finished.failure = fmt::format("no session could be established with {}: {}",
                                   plan.classes.front().target_text, load.main_failure);
  } else if (load.ending == Ending::kStopped) {
    finished.failure = "the run was stopped: " + load.stop_reason;
  } else if (finished.errors > 0) {
    finished.failure = fmt::format("{} error{} in this run, most of them {}", finished.errors,
                                   finished.errors == 1 ? "" : "s", load.main_failure);
  } else if (!finished.interrupted) {
    finished.failure = nothing_measured(facts_of(plan, load));
  }
  finished.result = std::move(result);
  return finished;
}

// What watches a run from outside: the screen, a scraper, the clock of the server.
struct Watchers {
  std::optional<LiveLine> line;
  std::unique_ptr<MetricsEndpoint> endpoint;
  std::optional<ServerUsage> server;

  LoadHooks hooks() {
    LoadHooks hooks;
    hooks.interrupted = &interrupted();
    hooks.hurried = &hurried();
    hooks.on_wait = [this] {
      if (line) line->clear();
      complain(
          "interrupted: waiting for what is under way, 10 s at most; once more ends it at once", 0);
    };
    if (server) hooks.server_cpu = [this] { return server->cpu_seconds(); };
    if (line || endpoint) {
      hooks.on_second = [this](const LoadProgress& progress) {
        if (line) line->show(progress);
        if (endpoint) endpoint->show(progress);
      };
    }
    return hooks;
  }
};

tl::expected<void, std::string> set_up(const RunOptions& options, Watchers& watchers) {
  if (!options.quiet) watchers.line.emplace(stderr, isatty(STDERR_FILENO) == 1);
  if (!options.metrics.empty()) {
    auto endpoint = MetricsEndpoint::start(options.metrics, options.metrics_anywhere);
    if (!endpoint) return tl::unexpected(endpoint.error());
    watchers.endpoint = std::move(*endpoint);
  }
  if (options.server_pids.empty() && options.server_cgroup.empty()) return {};
  auto server = options.server_cgroup.empty() ? ServerUsage::of_processes(options.server_pids)
                                              : ServerUsage::of_cgroup(options.server_cgroup);
  if (!server) return tl::unexpected(server.error());
  watchers.server = std::move(*server);
  return {};
}

tl::expected<Finished, std::string> run_single(const RunPlan& plan, Watchers& watchers,
                                               json result) {
  const auto load = run_load(plan, watchers.hooks());
  if (watchers.line) watchers.line->clear();
  if (!load) return tl::unexpected(load.error());
  Finished finished = finish_single(plan, *load, std::move(result));
  if (watchers.server && !watchers.server->note().empty()) {
    finished.result["notes"].push_back("CPU of the server: " + watchers.server->note());
  }
  return finished;
}

tl::expected<Finished, std::string> run_main(RunOptions options, io::RingMode ring,
                                             Watchers& watchers, json result) {
  options.ring_mode = ring;
  const auto announce = [&](const std::string& part) {
    if (watchers.line) watchers.line->clear();
    if (!options.quiet) fmt::print(stderr, "running: {}\n", part);
  };
  auto main_job = run_main_job(options, watchers.hooks(), announce);
  if (watchers.line) watchers.line->clear();
  if (!main_job) return tl::unexpected(main_job.error());
  Finished finished;
  result["jobs"] = std::move(main_job->jobs);
  result["comparison"] = std::move(main_job->comparison);
  result["notes"] = main_job->notes;
  finished.errors = main_job->errors;
  finished.interrupted = main_job->interrupted;
  finished.failure = main_job->failure;
  if (finished.failure.empty() && main_job->lost > 0) {
    finished.failure = fmt::format(
        "{} messages differ between what the generator counts as "
        "accepted and the sink as received",
        main_job->lost);
  }
  finished.result = std::move(result);
  return finished;
}

}  // namespace

int deliver(const RunOptions& options, const Finished& finished, const std::string& path) {
  int exit_code = 0;
  std::vector<std::string> files = {path};
  if (!options.json.empty()) files.push_back(options.json);
  std::string written_files;
  for (const std::string& file : files) {
    if (auto written = write_json(file, finished.result); !written) {
      exit_code = complain(written.error(), kFailed);
    } else {
      written_files += "result: " + file + "\n";
    }
  }
  exit_code = settle_outputs(options.outputs, finished.result, path, written_files, exit_code);
  const auto table = render_result(finished.result, path);
  if (!table) {
    exit_code = complain(table.error(), kFailed);
  } else if (!options.quiet || exit_code == kFailed) {
    if (auto printed = print_out(*table + written_files); !printed) {
      exit_code =
          complain(printed.error() + "; `smtpmark show " + path + "` prints the table", kFailed);
    }
  }
  if (finished.interrupted) complain("interrupted: what was measured until then is kept", 0);
  if (!finished.failure.empty()) return complain(finished.failure, kFailed);
  if (finished.errors > 0) return complain(fmt::format("{} errors", finished.errors), kFailed);
  return exit_code;
}

int command_run(const RunOptions& options, const std::vector<std::string>& command_line) {
  const bool main_job = options.is_main_job();
  if (main_job && !options.target_only.empty()) {
    return complain(options.target_only.front() +
                        " needs --target: without one the main job runs, on the embedded sink",
                    kBadCommandLine);
  }
  if (auto good = check_run_options(options); !good) return complain(good.error(), kBadCommandLine);
  RunPlan plan;
  if (!main_job) {
    auto made = make_run_plan(options);
    if (!made) return complain(made.error(), kBadCommandLine);
    plan = std::move(*made);
  }
  if (auto good = parse_thresholds(options.outputs.thresholds); !good) {
    return complain(good.error(), kBadCommandLine);
  }
  watch_interrupts();
  Watchers watchers;
  if (auto good = set_up(options, watchers); !good) return complain(good.error(), kBadCommandLine);
  if (auto enough = io::ensure_descriptors(std::uint64_t{options.connections} * (main_job ? 2 : 1) +
                                           std::uint64_t{options.threads} * 8 + kSpareDescriptors);
      !enough) {
    return complain(enough.error().message, kFailed);
  }
  const auto ring = settle_ring(options.ring);
  if (!ring) return complain(ring.error(), kFailed);
  if (auto good = check_pin(options.pin, options.threads); !good) {
    return complain(good.error(), kBadCommandLine);
  }
  plan.load.ring = ring->mode;

  const std::string name =
      main_job ? (options.name.empty() ? "main-job" : options.name) : plan.name;
  json frame = make_result(name, command_line, describe_environment(ring->features));
  // Before the load, so that no load is run in vain.
  const auto folder =
      make_result_folder(options.results_dir, name, frame.at("started_utc").get<std::string>());
  if (!folder) return complain(folder.error(), kFailed);

  auto finished = main_job ? run_main(options, ring->mode, watchers, std::move(frame))
                           : run_single(plan, watchers, std::move(frame));
  if (!finished) return complain(finished.error(), kFailed);
  return deliver(options, *finished, *folder + "/result.json");
}

}  // namespace smtpmark::loadgen
