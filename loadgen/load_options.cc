#include "loadgen/load_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "loadgen/arrivals.h"
#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;

constexpr double kDefaultDuration = 10.0;  // seconds
constexpr double kMostPerThread = 1e6;     // turns a second that a thread could begin

tl::unexpected<std::string> refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

// Text that a validator takes, as the number that it makes of it.
std::optional<double> number(std::string text, const CLI::Validator& transform,
                             const CLI::Validator& check) {
  double value = 0.0;
  try {
    if (!transform(text).empty() || !check(text).empty()) return std::nullopt;
  } catch (const CLI::Error&) {
    return std::nullopt;
  }
  return CLI::detail::lexical_cast(text, value) ? std::optional(value) : std::nullopt;
}

// "10s:500" goes to 500 a second, "10s@500" stays there.
tl::expected<Stage, std::string> parse_stage(const std::string& text, double from_per_s) {
  const std::size_t sign = text.find_first_of(":@");
  const auto fail = [&text] {
    return refuse("--stage " + text + " is neither TIME:RATE nor TIME@RATE, as 10s:500 or 10s@500");
  };
  if (sign == std::string::npos) return fail();
  const auto length_s = number(text.substr(0, sign), seconds(), sensible_time());
  const auto rate = number(text.substr(sign + 1), CLI::Validator(), number_between(0.0, 1e9));
  if (!length_s || !rate) return fail();
  return Stage{text[sign] == '@' ? *rate : from_per_s, *rate, to_ns(*length_s)};
}

Complaint read_stages(const RunOptions& options, LoadPlan& load) {
  double rate = options.rate;
  std::uint64_t length_ns = 0;
  for (const std::string& text : options.stages) {
    const auto stage = parse_stage(text, rate);
    if (!stage) return refuse(stage.error());
    rate = stage->to_per_s;
    length_ns += stage->length_ns;
    load.stages.push_back(*stage);
  }
  const std::uint64_t unmeasured_ns = load.warmup_ns + load.cooldown_ns;
  if (length_ns <= unmeasured_ns) {
    return refuse(
        fmt::format("the stages last {:g} s, and --warmup and --cooldown leave nothing of "
                    "that to measure",
                    static_cast<double>(length_ns) / 1e9));
  }
  if (options.duration_s > 0.0) {
    return refuse("--duration has no place beside --stage: the stages say how long the run is");
  }
  load.duration_ns = length_ns - unmeasured_ns;
  return {};
}

Arrivals arrivals_of(const RunOptions& options) {
  if (options.arrivals == "poisson") return Arrivals::kPoisson;
  return options.arrivals == "burst" ? Arrivals::kBurst : Arrivals::kConstant;
}

Complaint read_arrivals(const RunOptions& options, LoadPlan& load) {
  load.arrivals = arrivals_of(options);
  load.seed = options.seed;
  load.burst = std::max<std::uint64_t>(options.burst, 1);
  if (load.arrivals != Arrivals::kConstant && !load.open_loop()) {
    return refuse("--arrivals " + options.arrivals + " needs a --rate or a --stage");
  }
  if ((load.arrivals == Arrivals::kBurst) != (options.burst > 0)) {
    return refuse("--arrivals burst and --burst belong together");
  }
  return {};
}

Complaint read_backlog(const RunOptions& options, LoadPlan& load) {
  const bool bounded = options.backlog >= 0.0;
  const std::string policy =
      options.backlog_policy.empty() ? (bounded ? "drop" : "queue") : options.backlog_policy;
  if ((bounded || !options.backlog_policy.empty()) && !load.open_loop()) {
    return refuse(
        "a backlog needs a --rate or a --stage: in a closed loop no turn waits for a connection");
  }
  if (policy == "queue" && bounded) {
    return refuse("--backlog-policy queue knows no bound: leave out --backlog");
  }
  if (policy != "queue" && !bounded)
    return refuse("--backlog-policy " + policy + " needs --backlog");
  load.backlog_policy = policy == "queue"  ? BacklogPolicy::kQueue
                        : policy == "drop" ? BacklogPolicy::kDrop
                                           : BacklogPolicy::kStop;
  load.backlog = bounded ? static_cast<std::uint64_t>(options.backlog) : 0;
  return {};
}

Complaint read_count(const RunOptions& options, LoadPlan& load) {
  if (options.messages > 0 && options.sessions > 0) {
    return refuse("--messages and --sessions both say when to end: leave one of them out");
  }
  const bool of_sessions = options.rate_of == "sessions";
  if (options.sessions > 0 && options.rate_of == "messages") {
    return refuse("--sessions cannot be counted with --rate-of messages");
  }
  if (options.messages > 0 && of_sessions) {
    return refuse("--messages cannot be counted with --rate-of sessions: give --sessions");
  }
  load.count = std::max(options.messages, options.sessions);
  return {};
}

Complaint read_time(const RunOptions& options, LoadPlan& load) {
  load.warmup_ns = to_ns(std::max(options.warmup_s, 0.0));
  load.cooldown_ns = to_ns(options.cooldown_s);
  if (!options.stages.empty()) return read_stages(options, load);
  if (options.rate > 0.0) load.set_rate(options.rate);
  const bool unbounded = load.count == 0 && options.duration_s == 0.0;
  load.duration_ns = to_ns(unbounded ? kDefaultDuration : options.duration_s);
  if (load.duration_ns == 0 && load.cooldown_ns > 0) {
    return refuse("--cooldown needs a --duration: a count alone has no end to stand behind");
  }
  return {};
}

Complaint read_conditions(const RunOptions& options, LoadPlan& load) {
  for (const std::string& text : options.stop_when) {
    auto condition = parse_predicate(text);
    if (!condition) return refuse("--stop-when \"" + text + "\": " + condition.error());
    load.stop_when.push_back(std::move(*condition));
  }
  return {};
}

Complaint check_rate(const LoadPlan& load) {
  if (!load.open_loop()) return {};
  const double most = kMostPerThread * load.threads;
  if (load.peak_per_s() > most) {
    return refuse(
        fmt::format("a rate of {:.10g}/s is more than {} thread{} can begin ({:.10g}/s): "
                    "give more --threads or a lower rate",
                    load.peak_per_s(), load.threads, load.threads == 1 ? "" : "s", most));
  }
  if (load.duration_ns == 0) return {};
  const double end_s =
      static_cast<double>(load.warmup_ns + load.duration_ns + load.cooldown_ns) / 1e9;
  if (const double turns = RateCurve(load.stages).turns_until(end_s); turns < 1.0) {
    return refuse(
        fmt::format("the rate gives {:.3g} turns within {:g} s: not a single one", turns, end_s));
  }
  return {};
}

}  // namespace

TurnOf turn_of(const RunOptions& options, std::uint64_t messages_per_connection) {
  const bool sessions =
      messages_per_connection == 0 || options.rate_of == "sessions" || options.sessions > 0;
  return sessions ? TurnOf::kSession : TurnOf::kMessage;
}

tl::expected<LoadPlan, std::string> make_load_plan(const RunOptions& options) {
  LoadPlan load;
  load.connections = options.connections;
  load.threads = options.threads;
  load.first_cpu = options.pin;
  load.ring = options.ring_mode;
  load.recording = options.measure == "counters" ? Recording::kCounters : Recording::kAll;
  for (const auto read : {read_count, read_time, read_arrivals, read_backlog, read_conditions}) {
    if (auto good = read(options, load); !good) return tl::unexpected(good.error());
  }
  if (auto good = check_rate(load); !good) return tl::unexpected(good.error());
  return load;
}

}  // namespace smtpmark::loadgen
