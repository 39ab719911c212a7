#include "loadgen/options.h"

#include <algorithm>
#include <map>

#include "loadgen/safety.h"

namespace smtpmark::loadgen {

namespace {

constexpr double kDefaultDuration = 10.0;  // seconds

CLI::Validator seconds() {
  return CLI::AsNumberWithUnit(
      std::map<std::string, double>{{"ms", 1e-3}, {"s", 1.0}, {"m", 60.0}, {"h", 3600.0}},
      CLI::AsNumberWithUnit::CASE_INSENSITIVE, "TIME");
}

// A millisecond to a year.
CLI::Validator sensible_time() {
  return CLI::Range(0.001, 31536000.0);
}

// What would end a command line early or start another one.
bool is_clean(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_mailbox(const std::string& text) {
  const std::size_t at = text.rfind('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() && is_clean(text) &&
         text.find_first_of("<> ") == std::string::npos;
}

tl::expected<Role, std::string> role_of(const RunOptions& options, std::uint16_t port) {
  if (options.role == "relay") return Role::kRelay;
  if (options.role == "submission") return Role::kSubmission;
  if (options.role == "submissions") return Role::kSubmissions;
  switch (port) {
    case 25: return Role::kRelay;
    case 587: return Role::kSubmission;
    case 465: return Role::kSubmissions;
    default:
      return tl::unexpected("port " + std::to_string(port) +
                            " does not tell what it is for: give --role relay, submission or "
                            "submissions");
  }
}

TlsPolicy tls_of(const RunOptions& options, Role role) {
  if (options.tls == "none") return TlsPolicy::kNone;
  if (options.tls == "opportunistic") return TlsPolicy::kOpportunistic;
  if (options.tls == "required") return TlsPolicy::kRequired;
  if (options.tls == "implicit") return TlsPolicy::kImplicit;
  switch (role) {
    case Role::kRelay: return TlsPolicy::kOpportunistic;
    case Role::kSubmission: return TlsPolicy::kRequired;
    case Role::kSubmissions: return TlsPolicy::kImplicit;
  }
  return TlsPolicy::kOpportunistic;
}

AuthChoice auth_of(const RunOptions& options) {
  if (options.auth == "plain") return AuthChoice::kPlain;
  if (options.auth == "login") return AuthChoice::kLogin;
  if (options.auth == "auto") return AuthChoice::kAuto;
  if (options.auth == "none" || options.user.empty()) return AuthChoice::kNone;
  return AuthChoice::kAuto;
}

}  // namespace

std::uint64_t to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

tl::expected<void, std::string> check_run_options(const RunOptions& options) {
  if (!is_mailbox(options.from)) {
    return tl::unexpected("--from " + options.from + " is not an address");
  }
  if (!is_mailbox(options.to)) return tl::unexpected("--to " + options.to + " is not an address");
  if (options.helo_name.empty() || !is_clean(options.helo_name)) {
    return tl::unexpected(std::string("--helo is not a host name"));
  }
  if (options.size == 1) {
    return tl::unexpected(std::string("--size 1 is not possible: a line ends with two octets"));
  }
  if (options.connections < options.threads) {
    return tl::unexpected("--connections " + std::to_string(options.connections) +
                          " is fewer than --threads " + std::to_string(options.threads));
  }
  if (options.user.empty() != options.password.empty()) {
    return tl::unexpected(std::string("--user and --password belong together"));
  }
  if (options.tls == "none" && (options.verify || !options.ca_file.empty())) {
    return tl::unexpected(std::string("--tls none leaves nothing for --verify to verify"));
  }
  if (!options.auth.empty() && options.auth != "none" && options.user.empty()) {
    return tl::unexpected("--auth " + options.auth + " needs --user and --password");
  }
  return {};
}

void define_run(CLI::App& command, RunOptions& options) {
  const auto only_with_target = [&options](CLI::Option* option) {
    option->each([&options, name = option->get_name()](const std::string&) {
      options.target_only.push_back(name);
    });
    return option;
  };
  command.add_option("--target", options.target,
                     "HOST:PORT to load; without it the main job runs on the embedded sink");
  only_with_target(
      command.add_option("--role", options.role, "What the port is for (default: by its number)")
          ->check(CLI::IsMember({"relay", "submission", "submissions"})));
  only_with_target(
      command
          .add_option("--tls", options.tls,
                      "opportunistic (default on 25), required (587: never falls back to "
                      "plaintext), implicit (465) or none")
          ->check(CLI::IsMember({"none", "opportunistic", "required", "implicit"})));
  only_with_target(
      command.add_option("--auth", options.auth, "AUTH mechanism (default: auto with --user)")
          ->check(CLI::IsMember({"none", "auto", "plain", "login"})));
  only_with_target(command.add_option("--user", options.user, "User to authenticate as"));
  only_with_target(command.add_option("--password", options.password, "Password of the user"));
  only_with_target(command.add_flag("--auth-without-tls", options.auth_without_tls,
                                    "Send the password even where the session has no TLS"));
  only_with_target(
      command.add_flag("--verify", options.verify, "Verify the server's certificate and name"));
  only_with_target(command.add_option("--ca-file", options.ca_file,
                                      "CA certificates in PEM (implies --verify)"));
  only_with_target(command.add_option("--server-name", options.server_name,
                                      "Name for SNI and verification (default: the target's)"));
  command.add_option("--helo", options.helo_name, "Name in EHLO")->capture_default_str();
  command.add_option("--from", options.from, "Reverse-path")->capture_default_str();
  command.add_option("--to", options.to, "Forward-path")->capture_default_str();
  command.add_option("--connections", options.connections, "Connections at once")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  only_with_target(command
                       .add_option("--messages-per-connection", options.messages_per_connection,
                                   "Messages a session; 0: sessions without a message")
                       ->capture_default_str());
  command.add_option("--recipients", options.recipients, "Recipients a message")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command
      .add_option("--size", options.size, "Octets a message, header included (as 1024, 10K, 1M)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 30))
      ->capture_default_str();
  only_with_target(
      command
          .add_option("--rate", options.rate,
                      "Open loop: messages a second (sessions a second without messages), "
                      "latency from the intended start. Default: as fast as replies come")
          ->check(CLI::Range(0.001, 1e8)));
  command
      .add_option("--duration", options.duration_s,
                  "Length of the measured part (as 10, 500ms, 2m; default 10s, main job 1s a part "
                  "and round)")
      ->transform(seconds())
      ->check(sensible_time());
  only_with_target(command
                       .add_option("--messages", options.messages,
                                   "End after so many messages (sessions, without messages)")
                       ->check(CLI::PositiveNumber));
  command
      .add_option(
          "--warmup", options.warmup_s,
          "Load before the measured part (default 0, main job 0.5s); --messages count there too")
      ->transform(seconds())
      ->check(CLI::Range(0.0, 31536000.0));
  command.add_option("--threads", options.threads, "Generator threads, a ring each")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "Longest wait for a reply")
      ->transform(seconds())
      ->check(sensible_time())
      ->capture_default_str();
  only_with_target(command.add_option("--pin", options.pin, "Pin thread i to processor PIN + i")
                       ->check(CLI::NonNegativeNumber));
  command.add_flag("--allow-remote", options.allow_remote,
                   "The target is not on loopback, and that is meant");
  command.add_flag("--i-am-authorized", options.authorized,
                   "The target is public or the recipients are real, and that is permitted");
  command.add_flag("--quiet", options.quiet, "Print nothing but errors");
  command.add_option("--name", options.name, "Name of the result (default: the job's)");
  command.add_option("--results-dir", options.results_dir, "Folder that results go to")
      ->capture_default_str();
  command.add_option("--json", options.json, "Write the result to this file as well");
}

void define_sink(CLI::App& command, SinkRunOptions& options) {
  command.add_option("--relay", options.relay, "HOST:PORT with the customs of port 25")->take_all();
  command.add_option("--submission", options.submission, "HOST:PORT with the customs of port 587")
      ->take_all();
  command
      .add_option("--submissions", options.submissions, "HOST:PORT with the customs of port 465")
      ->take_all();
  command.add_option("--user", options.sink.user, "User that may authenticate")
      ->capture_default_str();
  command.add_option("--password", options.sink.password, "Password of the user")
      ->capture_default_str();
  command.add_option("--host-name", options.sink.host_name, "Name in the greeting")
      ->capture_default_str();
  command.add_option("--size-limit", options.sink.size_limit, "Largest message, octets")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "Longest wait for a command")
      ->transform(seconds())
      ->check(sensible_time())
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads, a ring and a listener each")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--connections", options.connections, "Connections expected at once")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_option("--pin", options.pin, "Pin thread i to processor PIN + i")
      ->check(CLI::NonNegativeNumber);
  auto* certificate = command.add_option("--cert", options.certificate,
                                         "Certificate chain, PEM (default: self-signed P-256)");
  auto* key = command.add_option("--key", options.key, "Private key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  command
      .add_option("--tls-tickets", options.tls_tickets,
                  "Session tickets behind a TLS handshake; 0: no session can be resumed")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  command.add_option("--json", options.json, "Write the counters to this file at the end");
}

void define_show(CLI::App& command, ShowOptions& options) {
  command.add_option("file", options.file, "A result.json")->required();
}

void define_compare(CLI::App& command, CompareOptions& options) {
  constexpr auto kAll = CLI::MultiOptionPolicy::TakeAll;
  auto* sides = command
                    .add_option("results", options.sides,
                                "BASE and NEW: each a result, or a folder of repeats")
                    ->expected(2)
                    ->multi_option_policy(kAll);
  auto* base = command.add_option("--base", options.base, "Repeats of the base")
                   ->multi_option_policy(kAll)
                   ->excludes(sides);
  auto* fresh = command.add_option("--new", options.fresh, "Repeats of what is new")
                    ->multi_option_policy(kAll)
                    ->excludes(sides);
  base->needs(fresh);
  fresh->needs(base);
  command
      .add_option("--threshold", options.thresholds,
                  "METRIC=PERCENT: the change that must not go unseen (may be given again)")
      ->multi_option_policy(kAll);
  command.add_flag("--any-machine", options.any_machine,
                   "Compare results of different machines all the same");
  command.add_option("--markdown", options.markdown, "Write the table to this file, for a comment");
  command.add_option("--junit", options.junit, "Write the findings to this file, for CI");
}

void define_parse(CLI::App& command, ParseOptions& options) {
  CLI::Option* const profile =
      command
          .add_option("--profile", options.profile,
                      "What to take beyond the RFCs: strict, postfix-like or permissive")
          ->check(CLI::IsMember({"strict", "postfix-like", "permissive"}))
          ->capture_default_str();
  CLI::Option* const modes[] = {
      command.add_flag("--replies", options.replies, "Replies, as a server sends them"),
      command.add_flag("--ehlo", options.ehlo, "Replies to EHLO, and what they offer"),
      command.add_flag("--data", options.data, "One message, as it follows DATA, to its end"),
      command.add_flag("--session", options.session,
                       "All that a client sends to a server that accepts everything (default: "
                       "command lines alone)")};
  for (CLI::Option* const mode : modes) {
    for (CLI::Option* const other : modes) {
      if (mode != other) mode->excludes(other);
    }
    if (mode != modes[3]) mode->excludes(profile);  // a profile is about commands
  }
  command.add_flag("--fail-on-reject", options.fail_on_reject,
                   "Exit with 1 when anything was rejected or incomplete");
}

tl::expected<RunPlan, std::string> make_run_plan(const RunOptions& options) {
  if (auto good = check_run_options(options); !good) return tl::unexpected(good.error());
  const auto host_port = io::split_host_port(options.target);
  if (!host_port) return tl::unexpected(host_port.error());
  if (host_port->port == 0) return tl::unexpected("port 0 of " + options.target + " is no target");
  const auto role = role_of(options, host_port->port);
  if (!role) return tl::unexpected(role.error());
  const auto target = io::Address::resolve(host_port->host, host_port->port);
  if (!target) return tl::unexpected(target.error());
  if (auto safe = check_target(*target, options.to, options.allow_remote, options.authorized);
      !safe) {
    return tl::unexpected(safe.error());
  }

  RunPlan plan;
  plan.name = options.name.empty() ? options.target : options.name;
  ClassPlan& only = plan.classes.front();
  only.target = *target;
  only.target_text = options.target;
  SessionPlan& session = only.session;
  session.role = *role;
  session.tls = tls_of(options, *role);
  session.auth = auth_of(options);
  session.auth_without_tls = options.auth_without_tls;
  session.user = options.user;
  session.password = options.password;
  session.helo_name = options.helo_name;
  session.sender = options.from;
  session.recipient = options.to;
  session.recipients = options.recipients;
  session.messages_per_connection = options.messages_per_connection;
  session.message_size = options.size;
  session.timeout_ns = to_ns(options.timeout_s);
  if (session.messages_per_connection == 0) session.turn_of = TurnOf::kSession;

  LoadPlan& load = plan.load;
  load.connections = options.connections;
  load.threads = options.threads;
  if (options.rate > 0.0) load.set_rate(options.rate);
  load.count = options.messages;
  load.warmup_ns = to_ns(std::max(options.warmup_s, 0.0));
  load.first_cpu = options.pin;
  const bool unbounded = options.messages == 0 && options.duration_s == 0.0;
  load.duration_ns = to_ns(unbounded ? kDefaultDuration : options.duration_s);

  only.tls.verify = options.verify || !options.ca_file.empty();
  only.tls.ca_file = options.ca_file;
  only.tls.host_name = options.server_name.empty() ? host_port->host : options.server_name;
  return plan;
}

tl::expected<SinkPlan, std::string> make_sink_plan(const SinkRunOptions& options) {
  SinkPlan plan;
  plan.options = options.sink;
  plan.options.timeout_ns = to_ns(options.timeout_s);
  plan.threads = options.threads;
  plan.connections = options.connections;
  plan.first_cpu = options.pin;
  plan.tls.tickets = options.tls_tickets;
  const std::pair<Role, const std::vector<std::string>*> groups[] = {
      {Role::kRelay, &options.relay},
      {Role::kSubmission, &options.submission},
      {Role::kSubmissions, &options.submissions}};
  for (const auto& [role, texts] : groups) {
    for (const std::string& text : *texts) {
      const auto address = io::Address::resolve(text);
      if (!address) return tl::unexpected(address.error());
      plan.listens.push_back({role, *address});
    }
  }
  if (plan.listens.empty()) {
    return tl::unexpected(std::string(
        "nothing to listen on: give --relay, --submission or --submissions with HOST:PORT"));
  }
  return plan;
}

}  // namespace smtpmark::loadgen
