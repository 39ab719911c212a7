#include "loadgen/main_job.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/certificate.h"
#include "loadgen/comparison.h"
#include "loadgen/cpu.h"
#include "loadgen/option_values.h"
#include "loadgen/result_json.h"
#include "loadgen/run_verdict.h"
#include "loadgen/sink.h"
#include "loadgen/workload_options.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kDuration = 1.0;  // seconds of each part in each round
constexpr int kRounds = 3;  // all parts in turn, so that a slow moment does not hit one alone
constexpr double kWarmup = 0.5;
constexpr std::uint64_t kLongSession = 1'000'000;  // messages: longer than a part lasts

// One of the four ways to hand in mail.
struct Way {
  const char* title;
  Role role;
  TlsPolicy tls;
  bool auth;
};

constexpr std::array<Way, 4> kWays = {{
    {"plain", Role::kRelay, TlsPolicy::kNone, false},
    {"STARTTLS", Role::kRelay, TlsPolicy::kRequired, false},
    {"STARTTLS, AUTH", Role::kSubmission, TlsPolicy::kRequired, true},
    {"TLS, AUTH", Role::kSubmissions, TlsPolicy::kImplicit, true},
}};
constexpr std::size_t kPlain = 0;
constexpr std::size_t kStarttls = 1;
constexpr std::size_t kSubmission = 2;
constexpr std::size_t kImplicit = 3;

constexpr std::array<std::uint16_t, 3> kRealPorts = {25, 587, 465};
constexpr std::array<std::uint16_t, 3> kHighPorts = {2525, 2587, 2465};

io::Address loopback(std::uint16_t port) {
  return io::Address::resolve("127.0.0.1", port).value();
}

// The ports of the three roles: the real ones where they can be bound, others elsewhere.
struct Ports {
  std::array<std::uint16_t, 3> numbers{};
  std::string note;
};

std::string try_ports(const std::array<std::uint16_t, 3>& numbers,
                      const io::Certificate& certificate) {
  SinkPlan plan;
  for (const std::uint16_t number : numbers)
    plan.listens.push_back({Role::kRelay, loopback(number)});
  const auto sink = Sink::start(plan, certificate);
  return sink ? std::string() : sink.error();
}

Ports choose_ports(const io::Certificate& certificate) {
  const std::string obstacle = try_ports(kRealPorts, certificate);
  if (obstacle.empty()) return {kRealPorts, "embedded sink on ports 25, 587 and 465"};
  Ports ports{kHighPorts, ""};
  if (!try_ports(kHighPorts, certificate).empty()) ports.numbers = {0, 0, 0};
  ports.note =
      fmt::format("embedded sink on {} in place of 25, 587 and 465: {}",
                  ports.numbers[0] == 0 ? "free ports" : "ports 2525, 2587 and 2465", obstacle);
  return ports;
}

// What a row is called: by its real port, or by the role's where another stands in.
std::string name_part(const Way& way, bool long_sessions, std::uint16_t port) {
  const std::uint16_t real = kRealPorts[static_cast<std::size_t>(way.role)];
  const std::string where = port == real ? fmt::format("{}", real)
                            : port == 0  ? fmt::format("for {}", real)
                                         : fmt::format("{} for {}", port, real);
  return fmt::format("{} {}, {}", where, way.title, long_sessions ? "long sessions" : "1 message");
}

// `mail` says what is sent.
RunPlan plan_part(const Way& way, bool long_sessions, std::uint16_t port, const RunOptions& options,
                  const SessionPlan& mail) {
  RunPlan plan;
  plan.name = name_part(way, long_sessions, port);
  plan.id = new_run_id();
  SessionPlan& session = plan.classes.front().session;
  session.role = way.role;
  session.tls = way.tls;
  if (way.auth) session.auth = auth_as(parser::kAuthPlain, kSinkUser, kSinkPassword);
  session.helo_name = Pattern::parse(options.helo_name).value();  // checked before
  plan.classes.front().helo_text = options.helo_name;
  session.sender = mail.sender;
  session.recipient = mail.recipient;
  session.recipients = mail.recipients;
  session.message_size = mail.message_size;
  session.workload = mail.workload;
  session.parameters = mail.parameters;
  session.messages_per_connection = long_sessions ? kLongSession : 1;
  session.timeout_ns = to_ns(options.timeout_s);
  LoadPlan& load = plan.load;
  load.connections = options.connections;
  load.threads = options.threads;
  load.ring = options.ring_mode;
  load.seed = options.seed;
  load.duration_ns = to_ns(options.duration_s > 0.0 ? options.duration_s : kDuration);
  load.warmup_ns = to_ns(options.warmup_s >= 0.0 ? options.warmup_s : kWarmup);
  // Generator and sink side by side, where there is room for both.
  const auto sides = 2 * static_cast<int>(options.threads);
  load.first_cpu = usable_processors() >= sides ? 0 : -1;
  return plan;
}

// A part: one way, with one message a session or with long sessions.
struct Part {
  RunPlan plan;
  std::uint16_t port;
  Rounds* rounds;
  SinkCounters received;
};

// Messages that one side counts and the other does not, beyond those in doubt.
std::uint64_t lost_messages(const Counters& sent, const SinkCounters& received) {
  if (received.messages_received < sent.messages_accepted) {
    return sent.messages_accepted - received.messages_received;
  }
  const std::uint64_t surplus = received.messages_received - sent.messages_accepted;
  return surplus > sent.messages_in_doubt ? surplus - sent.messages_in_doubt : 0;
}

// Runs one round of a part against a sink of its own, so that both sides' counts are its own.
tl::expected<void, std::string> run_round(Part& part, const io::Certificate& certificate,
                                          const LoadHooks& hooks, MainJobResult& all) {
  RunPlan& plan = part.plan;
  SinkPlan sink_plan;
  ClassPlan& only = plan.classes.front();
  sink_plan.listens.push_back({only.session.role, loopback(part.port)});
  sink_plan.threads = plan.load.threads;
  sink_plan.connections = plan.load.connections;
  sink_plan.ring = plan.load.ring;
  if (plan.load.first_cpu >= 0) sink_plan.first_cpu = static_cast<int>(plan.load.threads);
  auto sink = Sink::start(sink_plan, certificate);
  if (!sink) return tl::unexpected(sink.error());
  only.targets = {(*sink)->listens().front().address};
  only.target_text = only.targets.front().to_string() + " (embedded sink)";

  LoadHooks with_sink = hooks;
  with_sink.server_cpu = [&sink] { return (*sink)->cpu_seconds(); };
  auto result = run_load(plan, with_sink);
  if (!result) return tl::unexpected(result.error());
  (*sink)->stop();
  part.received.add((*sink)->counters());
  const Counters& total = result->metrics.total();
  all.lost += lost_messages(total, (*sink)->counters());
  all.errors += total.errors;
  all.interrupted = result->ending == Ending::kInterrupted;
  part.rounds->results.push_back(std::move(*result));
  return {};
}

json part_to_json(const Part& part) {
  json job = job_to_json(part.plan, part.rounds->merged(), &part.received);
  // Seconds of different rounds are different seconds.
  job["series"] = json::array();
  job["rounds"] = json::array();
  for (const LoadResult& round : part.rounds->results) {
    const json one = job_to_json(part.plan, round, nullptr);
    for (json second : one.at("series")) {
      second["round"] = job["rounds"].size();
      job["series"].push_back(std::move(second));
    }
    job["rounds"].push_back({{"measured_s", one.at("measured_s")},
                             {"rates", one.at("rates")},
                             {"generator_cpu_s", round.generator_cpu_s},
                             {"server_cpu_s", round.server_cpu_s}});
  }
  return job;
}

// All parts in turn, round after round, until they are done or something stands in the way.
void run_rounds(std::vector<Part>& parts, const io::Certificate& certificate,
                const LoadHooks& hooks, const std::function<void(const std::string&)>& announce,
                MainJobResult& all) {
  for (int round = 1; round <= kRounds; ++round) {
    for (Part& part : parts) {
      announce(fmt::format("round {} of {}: {}", round, kRounds, part.plan.name));
      if (auto done = run_round(part, certificate, hooks, all); !done) {
        all.failure = part.plan.name + ": " + done.error();
        return;
      }
      if (all.interrupted) return;
    }
  }
}

}  // namespace

tl::expected<MainJobResult, std::string> run_main_job(
    const RunOptions& options, const LoadHooks& hooks,
    const std::function<void(const std::string&)>& announce) {
  const auto certificate = io::Certificate::self_signed();
  if (!certificate) return tl::unexpected(certificate.error());
  SessionPlan mail;
  if (auto good = plan_workload(options, options.seed, true, mail); !good) {
    return tl::unexpected(good.error());
  }
  const Ports ports = choose_ports(*certificate);
  std::array<WayRounds, kWays.size()> ways;
  std::vector<Part> parts;
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    const std::uint16_t port = ports.numbers[static_cast<std::size_t>(kWays[i].role)];
    for (const bool long_sessions : {false, true}) {
      Rounds& rounds = long_sessions ? ways[i].long_sessions : ways[i].one_message;
      parts.push_back({plan_part(kWays[i], long_sessions, port, options, mail), port, &rounds, {}});
    }
  }
  MainJobResult all;
  all.notes.push_back(ports.note);
  run_rounds(parts, *certificate, hooks, announce, all);
  for (const Part& part : parts) {
    if (part.rounds->results.empty()) continue;
    all.jobs.push_back(part_to_json(part));
    const std::string nothing = nothing_measured(facts_of(part.plan, part.rounds->merged()));
    if (nothing.empty() || all.interrupted || !all.failure.empty()) continue;
    all.failure = part.plan.name + ": " + nothing;
  }
  if (ways[kImplicit].long_sessions.results.empty()) return all;  // there is not one whole round
  all.comparison = {
      compare_ways("STARTTLS against plain (25)", ways[kStarttls], ways[kPlain]),
      compare_ways("AUTH (587 against 25 with STARTTLS)", ways[kSubmission], ways[kStarttls]),
      compare_ways("implicit (465) against STARTTLS (587)", ways[kImplicit], ways[kSubmission])};
  return all;
}

}  // namespace smtpmark::loadgen
