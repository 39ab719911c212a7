#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/startup.h"
#include "loadgen/commands.h"
#include "loadgen/delivery.h"
#include "loadgen/environment.h"
#include "loadgen/interrupt.h"
#include "loadgen/result_folder.h"
#include "loadgen/result_json.h"
#include "loadgen/server_usage.h"
#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {

namespace {

using nlohmann::json;

Finished finish(TlsSweepResult sweep, json result) {
  Finished finished;
  finished.errors = sweep.errors;
  finished.interrupted = sweep.interrupted;
  finished.failure = sweep.failure;
  result["tls_matrix"] = std::move(sweep.matrix);
  result["tls_resumption"] = std::move(sweep.resumption);
  finished.result = std::move(result);
  return finished;
}

tl::expected<std::optional<ServerUsage>, std::string> watch_server(const TlsSweepOptions& options) {
  if (options.server_pids.empty() && options.server_cgroup.empty()) return std::nullopt;
  if (options.target.empty()) {
    return tl::unexpected(
        std::string("--server-pid and --server-cgroup need --target: the sink is embedded"));
  }
  auto server = options.server_cgroup.empty() ? ServerUsage::of_processes(options.server_pids)
                                              : ServerUsage::of_cgroup(options.server_cgroup);
  if (!server) return tl::unexpected(server.error());
  return std::move(*server);
}

}  // namespace

int command_tls(const TlsSweepOptions& options, const std::vector<std::string>& command_line) {
  auto cells = make_tls_cells(options);
  if (!cells) return complain(cells.error(), kBadCommandLine);
  auto server = watch_server(options);
  if (!server) return complain(server.error(), kBadCommandLine);
  watch_interrupts();
  if (auto enough = io::ensure_descriptors(std::uint64_t{options.connections} * 2 +
                                           std::uint64_t{options.threads} * 8 + kSpareDescriptors);
      !enough) {
    return complain(enough.error().message, kFailed);
  }
  const auto ring = settle_ring(options.ring);
  if (!ring) return complain(ring.error(), kFailed);
  for (TlsCell& cell : *cells) cell.plan.load.ring = ring->mode;
  json frame = make_result(options.name, command_line, describe_environment(ring->features));
  const auto folder = make_result_folder(options.results_dir, options.name,
                                         frame.at("started_utc").get<std::string>());
  if (!folder) return complain(folder.error(), kFailed);
  LoadHooks hooks;
  hooks.interrupted = &interrupted();
  hooks.hurried = &hurried();
  if (*server) hooks.server_cpu = [&server] { return (*server)->cpu_seconds(); };
  const auto announce = [&options](const std::string& what) {
    if (!options.quiet) fmt::print(stderr, "running: {}\n", what);
  };
  TlsSweepResult sweep = run_tls_sweep(options, std::move(*cells), hooks, announce);
  return deliver(options, finish(std::move(sweep), std::move(frame)), *folder + "/result.json");
}

}  // namespace smtpmark::loadgen
