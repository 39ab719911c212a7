#include "loadgen/main_job.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "io/certificate.h"
#include "loadgen/cpu.h"
#include "loadgen/result_json.h"
#include "loadgen/sink.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kDuration = 3.0;  // seconds of each part
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

RunPlan plan_part(const Way& way, bool long_sessions, std::uint16_t port,
                  const RunOptions& options) {
  RunPlan plan;
  plan.name = name_part(way, long_sessions, port);
  SessionPlan& session = plan.session;
  session.role = way.role;
  session.tls = way.tls;
  session.auth = way.auth ? AuthChoice::kPlain : AuthChoice::kNone;
  session.user = SinkOptions{}.user;
  session.password = SinkOptions{}.password;
  session.helo_name = options.helo_name;
  session.sender = options.from;
  session.recipient = options.to;
  session.recipients = options.recipients;
  session.message_size = options.size;
  session.messages_per_connection = long_sessions ? kLongSession : 1;
  session.timeout_ns = to_ns(options.timeout_s);
  LoadPlan& load = plan.load;
  load.connections = options.connections;
  load.threads = options.threads;
  load.duration_ns = to_ns(options.duration_s > 0.0 ? options.duration_s : kDuration);
  load.warmup_ns = to_ns(options.warmup_s >= 0.0 ? options.warmup_s : kWarmup);
  // Generator and sink side by side, where there is room for both.
  const auto sides = 2 * static_cast<int>(options.threads);
  load.first_cpu = usable_processors() >= sides ? 0 : -1;
  return plan;
}

// Runs one part against a sink of its own, so that both sides' counts are its own.
tl::expected<void, std::string> run_part(RunPlan plan, std::uint16_t port,
                                         const io::Certificate& certificate, const LoadHooks& hooks,
                                         MainJobResult& all) {
  SinkPlan sink_plan;
  sink_plan.listens.push_back({plan.session.role, loopback(port)});
  sink_plan.threads = plan.load.threads;
  sink_plan.connections = plan.load.connections;
  if (plan.load.first_cpu >= 0) sink_plan.first_cpu = static_cast<int>(plan.load.threads);
  auto sink = Sink::start(sink_plan, certificate);
  if (!sink) return tl::unexpected(sink.error());
  plan.target = (*sink)->listens().front().address;
  plan.target_text = plan.target.to_string() + " (embedded sink)";

  LoadHooks with_sink = hooks;
  with_sink.server_cpu = [&sink] { return (*sink)->cpu_seconds(); };
  const auto result = run_load(plan, with_sink);
  if (!result) return tl::unexpected(result.error());
  (*sink)->stop();
  const SinkCounters& received = (*sink)->counters();
  const Counters& total = result->metrics.total();
  const bool within =
      received.messages_received >= total.messages_accepted &&
      received.messages_received <= total.messages_accepted + total.messages_in_doubt;
  if (!within) {
    all.lost += received.messages_received > total.messages_accepted
                    ? received.messages_received - total.messages_accepted
                    : total.messages_accepted - received.messages_received;
  }
  all.errors += total.errors;
  all.interrupted = result->ending == Ending::kInterrupted;
  all.jobs.push_back(job_to_json(plan, *result, &received));
  return {};
}

double ratio(double a, double b) {
  return b > 0.0 ? a / b : 0.0;
}

double cpu_of(const json& job, std::uint64_t count) {
  const json& cpu = job.at("cpu");
  return ratio(cpu.at("generator_s").get<double>() + cpu.at("server_s").get<double>(),
               static_cast<double>(count));
}

// Sessions/s and CPU a session of one-message sessions, messages/s and CPU a message of long ones.
json compare(const json& jobs, std::size_t with, std::size_t without, const char* what) {
  const auto rates = [&jobs](std::size_t way, bool long_sessions) {
    const json& job = jobs.at(2 * way + (long_sessions ? 1 : 0));
    return std::pair{job.at("rates").at("messages_per_s").get<double>(),
                     cpu_of(job, job.at("measured").at("messages_accepted").get<std::uint64_t>())};
  };
  const auto [rate_short, cpu_short] = rates(with, false);
  const auto [base_rate_short, base_cpu_short] = rates(without, false);
  const auto [rate_long, cpu_long] = rates(with, true);
  const auto [base_rate_long, base_cpu_long] = rates(without, true);
  const std::array<double, 4> ratios = {
      ratio(rate_short, base_rate_short), ratio(cpu_short, base_cpu_short),
      ratio(rate_long, base_rate_long), ratio(cpu_long, base_cpu_long)};
  return {{"what", what},
          {"one_message_rate", ratios[0]},
          {"one_message_cpu", ratios[1]},
          {"long_rate", ratios[2]},
          {"long_cpu", ratios[3]},
          {"text", fmt::format("{:<38}one message a session: {:.2f} x the rate, {:.2f} x the CPU;  "
                               "long: {:.2f} x, {:.2f} x",
                               what, ratios[0], ratios[1], ratios[2], ratios[3])}};
}

}  // namespace

tl::expected<MainJobResult, std::string> run_main_job(
    const RunOptions& options, const LoadHooks& hooks,
    const std::function<void(const std::string&)>& announce) {
  const auto certificate = io::Certificate::self_signed();
  if (!certificate) return tl::unexpected(certificate.error());
  const Ports ports = choose_ports(*certificate);
  MainJobResult all;
  all.notes.push_back(ports.note);
  for (const Way& way : kWays) {
    for (const bool long_sessions : {false, true}) {
      const std::uint16_t port = ports.numbers[static_cast<std::size_t>(way.role)];
      const RunPlan plan = plan_part(way, long_sessions, port, options);
      announce(plan.name);
      if (auto done = run_part(plan, port, *certificate, hooks, all); !done) {
        all.failure = plan.name + ": " + done.error();  // what the others measured is kept
        return all;
      }
      if (all.interrupted) return all;
    }
  }
  all.comparison.push_back(compare(all.jobs, kStarttls, kPlain, "STARTTLS against plain (25)"));
  all.comparison.push_back(
      compare(all.jobs, kSubmission, kStarttls, "AUTH (587 against 25 with STARTTLS)"));
  all.comparison.push_back(
      compare(all.jobs, kImplicit, kSubmission, "implicit (465) against STARTTLS (587)"));
  return all;
}

}  // namespace smtpmark::loadgen
