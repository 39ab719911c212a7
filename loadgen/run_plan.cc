#include <CLI/CLI.hpp>
#include <algorithm>

#include "loadgen/load_options.h"
#include "loadgen/option_values.h"
#include "loadgen/run_options.h"
#include "loadgen/safety.h"
#include "loadgen/sources.h"
#include "loadgen/text_input.h"
#include "loadgen/workload_options.h"
#include "loadgen/workload_presets.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;

tl::expected<Role, std::string> role_of(const SessionOptions& options, const io::Address& target) {
  if (options.role == "relay") return Role::kRelay;
  if (options.role == "submission") return Role::kSubmission;
  if (options.role == "submissions") return Role::kSubmissions;
  if (options.role == "lmtp") return Role::kLmtp;
  switch (target.port()) {
    case 24: return Role::kLmtp;
    case 25: return Role::kRelay;
    case 587: return Role::kSubmission;
    case 465: return Role::kSubmissions;
    default:
      return tl::unexpected(
          (target.is_unix() ? target.to_string() : "port " + std::to_string(target.port())) +
          " does not tell what it is for: give --role relay, submission, submissions or lmtp");
  }
}

TlsPolicy tls_of(const SessionOptions& options, Role role, bool is_unix) {
  if (options.tls == "none") return TlsPolicy::kNone;
  if (options.tls == "opportunistic") return TlsPolicy::kOpportunistic;
  if (options.tls == "required") return TlsPolicy::kRequired;
  if (options.tls == "implicit") return TlsPolicy::kImplicit;
  switch (role) {
    case Role::kRelay:
      if (options.workload == kDeviceWorkload) return TlsPolicy::kNone;
      [[fallthrough]];
    case Role::kLmtp: return is_unix ? TlsPolicy::kNone : TlsPolicy::kOpportunistic;
    case Role::kSubmission: return TlsPolicy::kRequired;
    case Role::kSubmissions: return TlsPolicy::kImplicit;
  }
  return TlsPolicy::kOpportunistic;
}

// What would be passed over without TLS, be it by --tls none or by what the target implies.
Complaint check_plaintext(const SessionOptions& options) {
  const bool binds = options.auth.ends_with("-plus");
  const std::string option = binds ? "--auth " + options.auth : needs_tls(options);
  if (option.empty()) return {};
  if (options.tls == "none") {
    return tl::unexpected("--tls none leaves nothing for " + option +
                          (binds ? " to bind to" : " to do"));
  }
  return tl::unexpected(option + " needs TLS, which " + options.target +
                        " is not loaded with unless asked for: give --tls opportunistic, "
                        "required or implicit");
}

Complaint check_session(const SessionOptions& options) {
  if (auto good = check_workload(options); !good) return good;
  if (options.helo_name.empty() || !is_clean(options.helo_name)) {
    return tl::unexpected(std::string("--helo is not a host name"));
  }
  if (!is_ascii(options.helo_name)) {
    return tl::unexpected("--helo " + options.helo_name +
                          " is not ASCII, and EHLO comes before SMTPUTF8 is known of: give its "
                          "A-label, as xn--bcher-kva.example");
  }
  const auto pattern = Pattern::parse(options.helo_name);
  if (!pattern) return tl::unexpected("--helo " + pattern.error());
  if (!is_host(pattern->lowest()) || !is_host(pattern->highest())) {
    return tl::unexpected("--helo " + options.helo_name +
                          " is neither a domain nor an address literal");
  }
  if (!options.proxy_client.empty() && options.proxy.empty()) {
    return tl::unexpected(std::string("--proxy-client needs --proxy v1 or v2"));
  }
  if (options.tls == "none") {
    if (auto good = check_plaintext(options); !good) return good;
  }
  return check_auth(options);
}

SessionPlan make_session_plan(const SessionOptions& options, Role role, bool is_unix) {
  SessionPlan session;
  session.role = role;
  session.tls = tls_of(options, role, is_unix);
  session.helo_name = Pattern::parse(options.helo_name).value();  // checked before
  session.messages_per_connection = options.messages_per_connection;
  session.timeout_ns = to_ns(options.timeout_s);
  session.handshake_only = options.handshake_only;
  if (options.handshake_only) {
    session.messages_per_connection = 0;
    if (session.tls == TlsPolicy::kOpportunistic) session.tls = TlsPolicy::kRequired;
  }
  return session;
}

// What a certificate is to name.
std::string host_of(const std::string& targets) {
  const auto host_port = io::split_host_port(targets.substr(0, targets.find(',')));
  return host_port ? host_port->host : "localhost";
}

Complaint resolve_targets(const SessionOptions& session, const RunOptions& run, ClassPlan& plan) {
  for (const std::string& text : CLI::detail::split(session.target, ',')) {
    const auto target = io::Address::resolve(text);
    if (!target) return tl::unexpected(target.error());
    if (target->port() == 0 && !target->is_unix()) {
      return tl::unexpected("port 0 of " + text + " is no target");
    }
    const auto safe = check_target(*target, run.allow_remote, run.authorized);
    if (!safe) return tl::unexpected(safe.error());
    plan.targets.push_back(*target);
    if (plan.targets.front().family() != target->family()) {
      return tl::unexpected("the targets " + session.target + " are not of one address family");
    }
  }
  plan.target_text = session.target;
  return {};
}

tl::expected<ClassPlan, std::string> make_class(const SessionOptions& session,
                                                const RunOptions& run) {
  if (auto good = check_session(session); !good) return tl::unexpected(good.error());
  ClassPlan plan;
  if (auto good = resolve_targets(session, run, plan); !good) return tl::unexpected(good.error());
  const io::Address& first = plan.targets.front();
  const auto role = role_of(session, first);
  if (!role) return tl::unexpected(role.error());
  for (const io::Address& other : plan.targets) {
    const auto its = role_of(session, other);
    if (!its) return tl::unexpected(its.error());
    if (*its != *role) {
      return tl::unexpected("the targets " + session.target + " are not of one kind: give --role");
    }
  }
  auto sources = parse_sources("--source", session.source, first.family());
  if (!sources) return tl::unexpected(sources.error());
  if (auto good = check_sources("--source", *sources); !good) return tl::unexpected(good.error());
  plan.sources = std::move(*sources);
  plan.source_text = session.source;
  auto clients = parse_sources("--proxy-client", session.proxy_client, first.family());
  if (!clients) return tl::unexpected(clients.error());
  plan.proxy_clients = std::move(*clients);
  plan.proxy_client_text = session.proxy_client;
  plan.helo_text = session.helo_name;
  plan.proxy = session.proxy == "v1"   ? ProxyVersion::kV1
               : session.proxy == "v2" ? ProxyVersion::kV2
                                       : ProxyVersion::kNone;
  plan.session = make_session_plan(session, *role, first.is_unix());
  if (plan.session.tls == TlsPolicy::kNone) {
    if (auto good = check_plaintext(session); !good) return tl::unexpected(good.error());
  }
  auto auth = make_auth_plan(session, run.seed);
  if (!auth) return tl::unexpected(auth.error());
  if (!session.handshake_only) plan.session.auth = std::move(*auth);
  if (auto good = plan_workload(session, run.seed, run.authorized, plan.session); !good) {
    return tl::unexpected(good.error());
  }
  if (auto good = plan_dialogue(session.dialogue, plan.session); !good) {
    return tl::unexpected(good.error());
  }
  plan.session.turn_of = turn_of(run, plan.session.messages_per_connection);
  if (run.rate_of == "messages" && plan.session.messages_per_connection == 0) {
    return tl::unexpected(
        std::string("sessions without a message have no --rate-of messages: give sessions"));
  }
  if (plan.session.tls == TlsPolicy::kNone) return plan;
  auto tls = make_client_tls(session, host_of(session.target));
  if (!tls) return tl::unexpected(tls.error());
  plan.tls = std::move(*tls);
  return plan;
}

// The settings of a class on top of what holds for the whole run.
tl::expected<ClassPlan, std::string> make_class(const Settings& settings, const RunOptions& run) {
  ClassOptions options;
  static_cast<SessionOptions&>(options) = run;
  CLI::App command;
  define_class(command, options);
  for (const Setting& setting : settings) {
    forget_what_it_replaces(options, setting.name);
    if (setting.name != "tls-version") continue;
    options.tls_version = setting.values.front();  // checked below
    forget_other_version(options);
  }
  for (const Setting& setting : settings) {
    if (auto good = apply(command, setting); !good) return tl::unexpected(good.error());
  }
  const std::string place = settings.empty() ? "a class" : settings.front().place;
  if (options.class_name.empty()) return tl::unexpected(place + ": the class has no name");
  if (options.target.empty()) {
    return tl::unexpected(place + ": class " + options.class_name + " has no target");
  }
  auto plan = make_class(options, run);
  if (!plan) return tl::unexpected("class " + options.class_name + ": " + plan.error());
  plan->name = options.class_name;
  plan->weight = options.weight;
  return plan;
}

tl::expected<std::vector<ClassPlan>, std::string> make_classes(const RunOptions& options) {
  std::vector<Settings> all;
  for (const std::string& text : options.class_texts) {
    auto settings = parse_settings(text);
    if (!settings) return tl::unexpected(settings.error());
    all.push_back(std::move(*settings));
  }
  if (all.empty()) all = options.classes;
  std::vector<ClassPlan> classes;
  for (const Settings& settings : all) {
    auto plan = make_class(settings, options);
    if (!plan) return tl::unexpected(plan.error());
    const bool taken = std::any_of(classes.begin(), classes.end(), [&plan](const ClassPlan& one) {
      return one.name == plan->name;
    });
    if (taken) return tl::unexpected("there are two classes of the name " + plan->name);
    classes.push_back(std::move(*plan));
  }
  if (!classes.empty()) return classes;
  auto only = make_class(static_cast<const SessionOptions&>(options), options);
  if (!only) return tl::unexpected(only.error());
  classes.push_back(std::move(*only));
  return classes;
}

// Each class needs a connection, and a turn when turns are counted.
Complaint check_shares(const RunPlan& plan) {
  const std::vector<double> parts = shares(plan.classes);
  const auto connections = apportion(plan.load.connections, parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (connections[i] > 0) continue;
    return tl::unexpected("class " + plan.classes[i].name + " has no share of " +
                          std::to_string(plan.load.connections) +
                          " connections: give more --connections, or it more weight");
  }
  return {};
}

}  // namespace

tl::expected<void, std::string> check_run_options(const RunOptions& options) {
  if (options.connections < options.threads) {
    return tl::unexpected("--connections " + std::to_string(options.connections) +
                          " is fewer than --threads " + std::to_string(options.threads));
  }
  if (!options.server_pids.empty() && !options.server_cgroup.empty()) {
    return tl::unexpected(
        std::string("--server-pid and --server-cgroup are the same: leave one of them out"));
  }
  return check_session(options);
}

tl::expected<RunPlan, std::string> make_run_plan(const RunOptions& options) {
  if (auto good = check_run_options(options); !good) return tl::unexpected(good.error());
  auto load = make_load_plan(options);
  if (!load) return tl::unexpected(load.error());
  auto classes = make_classes(options);
  if (!classes) return tl::unexpected(classes.error());
  RunPlan plan;
  plan.id = new_run_id();
  plan.classes = std::move(*classes);
  plan.load = std::move(*load);
  plan.name = options.name.empty() ? plan.classes.front().target_text : options.name;
  if (options.name.empty() && plan.classes.size() > 1) plan.name = "mix";
  if (auto good = check_shares(plan); !good) return tl::unexpected(good.error());
  return plan;
}

}  // namespace smtpmark::loadgen
