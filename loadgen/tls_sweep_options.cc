#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "io/certificate.h"
#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {

namespace {

// Of `smtpmark run`: what sessions without a message have, and where results go.
constexpr std::array kKept = {"help",          "target",       "verify",         "ca-file",
                              "server-name",   "tls-sni",      "tls-pin",        "tls-alpn",
                              "tls-ciphers",   "tls-suites",   "tls-signatures", "client-cert",
                              "client-key",    "helo",         "timeout",        "connections",
                              "threads",       "duration",     "warmup",         "quiet",
                              "name",          "results-dir",  "json",           "server-pid",
                              "server-cgroup", "allow-remote", "i-am-authorized"};

constexpr double kDuration = 0.3;  // seconds of each cell in each round
constexpr double kWarmup = 0.05;
constexpr std::uint32_t kConnections = 16;
// What a cell without a target is planned with; the sink's own takes its place.
constexpr const char* kNoTarget = "127.0.0.1:25";
// TLS 1.2 needs the curve of an ECDSA certificate among its groups (RFC 8422, 5.1).
constexpr std::array<std::string_view, 3> kCurves = {"X25519", "P-256", "P-384"};

bool is_kept(const CLI::Option* option) {
  const std::vector<std::string>& names = option->get_lnames();
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return std::find(kKept.begin(), kKept.end(), name) != kKept.end();
  });
}

std::string groups_of(const std::string& version, const std::string& favourite) {
  std::string groups = favourite;
  if (version != "1.2") return groups;
  for (const std::string_view curve : kCurves) {
    if (curve != favourite) groups += ":" + std::string(curve);
  }
  return groups;
}

tl::expected<TlsCell, std::string> make_cell(const TlsSweepOptions& options, TlsCell cell) {
  RunOptions run = options;
  if (run.target.empty()) run.target = kNoTarget;
  run.role = cell.role;
  run.tls_version = cell.version;
  forget_other_version(run);
  run.tls_groups = groups_of(cell.version, cell.group);
  run.tls_resume = cell.resumed;
  run.handshake_only = true;
  auto plan = make_run_plan(run);
  if (!plan) return tl::unexpected(plan.error());
  cell.plan = std::move(*plan);
  cell.role = to_string(cell.plan.classes.front().session.role);
  return cell;
}

tl::expected<void, std::string> check(const TlsSweepOptions& options, bool roles_given) {
  if (options.target.empty()) {
    if (options.verify || !options.ca_file.empty() || !options.tls_pin.empty()) {
      return tl::unexpected(std::string(
          "--verify, --ca-file and --tls-pin need --target: without one the sink makes its keys "
          "anew"));
    }
    return {};
  }
  if (roles_given && options.roles.size() > 1) {
    return tl::unexpected(std::string("a target has one --role"));
  }
  return {};
}

}  // namespace

void define_tls_sweep(CLI::App& command, TlsSweepOptions& options) {
  options.duration_s = kDuration;
  options.warmup_s = kWarmup;
  options.connections = kConnections;
  options.name = "tls";
  define_run(command, options);
  for (CLI::Option* option : command.get_options()) {
    if (!is_kept(option)) command.remove_option(option);
  }
  command.get_option("--target")
      ->description("HOST:PORT to load; without it, the embedded sink in all three roles");
  command.get_option("--duration")
      ->description("Length of each cell's measured part in each round (default 300ms)");
  command.get_option("--warmup")->description("Load before it (default 50ms)");
  const auto list = [&command](const char* name, std::vector<std::string>& values,
                               const char* description) {
    return command.add_option(name, values, description)
        ->delimiter(',')
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->capture_default_str();
  };
  list("--role", options.roles, "Roles of the sink, or that of the target (default: by its port)")
      ->check(CLI::IsMember({"relay", "submission", "submissions"}));
  list("--version", options.versions, "TLS versions")->check(CLI::IsMember({"1.2", "1.3"}));
  list("--group", options.groups, "Groups of the key exchange");
  CLI::Option* const certificates = list("--cert", options.certificates,
                                         "Keys of the sink's certificates: ecdsa-p256, "
                                         "ecdsa-p384, rsa-2048, rsa-4096, ed25519");
  certificates->check(
      CLI::IsMember(std::vector<std::string>(io::kKeyKindNames.begin(), io::kKeyKindNames.end())));
  list("--resumption", options.resumption, "Handshakes that are full, or resumed")
      ->check(CLI::IsMember({"full", "resumed"}));
  CLI::Option* const chain =
      command.add_option("--cert-chain", options.cert_chain, "Certificates in the sink's chain")
          ->check(CLI::Range(std::size_t{1}, io::Certificate::kMostMade))
          ->capture_default_str();
  command.add_option("--rounds", options.rounds, "How often all cells are measured, in turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  certificates->excludes(command.get_option("--target"));
  chain->excludes(command.get_option("--target"));
}

tl::expected<std::vector<TlsCell>, std::string> make_tls_cells(const TlsSweepOptions& options) {
  const bool embedded = options.target.empty();
  const bool roles_given = options.roles != TlsSweepOptions{}.roles;
  if (auto good = check(options, roles_given); !good) return tl::unexpected(good.error());
  const std::vector<std::string> none = {""};  // by the port; the target's own
  const auto& roles = embedded || roles_given ? options.roles : none;
  const auto& certificates = embedded ? options.certificates : none;
  std::vector<TlsCell> cells;
  for (const std::string& role : roles) {
    for (const std::string& version : options.versions) {
      for (const std::string& certificate : certificates) {
        for (const std::string& group : options.groups) {
          for (const std::string& resumption : options.resumption) {
            auto cell = make_cell(options,
                                  {role, version, group, certificate, resumption == "resumed", {}});
            if (!cell) return tl::unexpected(cell.error());
            cells.push_back(std::move(*cell));
          }
        }
      }
    }
  }
  return cells;
}

}  // namespace smtpmark::loadgen
