#include "loadgen/run_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/error.h"
#include "loadgen/generator.h"
#include "loadgen/plan.h"

namespace smtpmark::loadgen {

std::string nothing_measured(const RunFacts& facts) {
  if (!facts.nothing_measured) return {};
  return "no message was accepted in the measured part: give it more --duration, or less --warmup";
}

namespace {

constexpr double kBusy = 0.9;    // of a thread's time; the rest is waiting for the next event
constexpr double kLagMs = 10.0;  // behind the schedule, 99th percentile
constexpr double kSynRetryMs = 1000.0;   // the first retransmission of a SYN (RFC 6298, 2.1)
constexpr double kRetriedShare = 0.001;  // of all connects: below, a packet was lost somewhere
constexpr double kReached = 0.9;         // of the connections asked for
constexpr double kWaiting = 0.25;        // of the sessions' time, before their greeting
constexpr double kClockJumpS = 0.05;
constexpr double kStallS = 0.5;

double percent(double share) {
  return share * 100.0;
}

std::string clock_trouble(const RunFacts& facts) {
  const Surroundings& seen = facts.surroundings;
  if (seen.clock_jump_s > kClockJumpS) {
    return fmt::format("the clock was set by {:.2f} s while it ran", seen.clock_jump_s);
  }
  if (seen.longest_stall_s > kStallS) {
    return fmt::format("nothing ran here for {:.1f} s: the machine or the process was stopped",
                       seen.longest_stall_s);
  }
  return {};
}

std::string port_exhaustion(const RunFacts& facts) {
  if (facts.ports_exhausted == 0) return {};
  return fmt::format(
      "{} connections found no local port (EADDRNOTAVAIL): widen net.ipv4.ip_local_port_range, or "
      "send more messages a session",
      facts.ports_exhausted);
}

std::string connections_not_reached(const RunFacts& facts) {
  if (facts.connections_asked == 0 || facts.connections_reached == 0 ||
      static_cast<double>(facts.connections_reached) >=
          kReached * static_cast<double>(facts.connections_asked) ||
      facts.waiting_share <= kWaiting) {
    return {};
  }
  return fmt::format(
      "at most {} of {} connections were served at once, and sessions spent {:.0f} % of their time "
      "waiting for a greeting: the server takes no more at once",
      facts.connections_reached, facts.connections_asked, percent(facts.waiting_share));
}

std::string generator_cpu(const RunFacts& facts) {
  if (facts.surroundings.busiest_thread < kBusy) return {};
  return fmt::format(
      "a generator thread had work for {:.0f} % of the time: the server may carry more than it was "
      "given; use more --threads, or another machine",
      percent(facts.surroundings.busiest_thread));
}

std::string connect_queue(const RunFacts& facts) {
  if (facts.connects == 0) return {};
  const Surroundings& seen = facts.surroundings;
  const double some = kRetriedShare * static_cast<double>(facts.connects);
  if (static_cast<double>(seen.listen_overflows) > some) {
    return fmt::format(
        "a listen queue of this machine overflowed {} times: connections waited for a "
        "second or more; the server accepts too slowly, or its backlog is too short",
        seen.listen_overflows);
  }
  if (static_cast<double>(seen.syn_retransmits) > some) {
    return fmt::format(
        "{} SYNs had to be sent again, for {} connections: they were dropped, as a full listen "
        "queue does",
        seen.syn_retransmits, facts.connects);
  }
  if (facts.connect_p99_ms >= kSynRetryMs) {
    return fmt::format("1 connection in 100 took {:.0f} ms or more", facts.connect_p99_ms);
  }
  return {};
}

std::string schedule_lag(const RunFacts& facts) {
  if (facts.dropped > 0) {
    return fmt::format("{} turns were dropped: too many others were waiting", facts.dropped);
  }
  if (facts.lag_count == 0 || facts.lag_p99_ms < kLagMs) return {};
  return fmt::format(
      "1 turn in 100 began {:.0f} ms or more behind its time: all connections were taken, or the "
      "generator was late",
      facts.lag_p99_ms);
}

struct Rule {
  std::string_view code;
  std::string_view name;  // of the verdict
  std::string (*sentence)(const RunFacts&);
};

// The gravest first.
constexpr std::array<Rule, 7> kRules = {{
    {"nothing", "nothing-measured", &nothing_measured},
    {"clock", "clock-trouble", &clock_trouble},
    {"ports", "port-exhausted", &port_exhaustion},
    {"connections", "connections-not-reached", &connections_not_reached},
    {"generator-cpu", "generator-limited", &generator_cpu},
    {"connect-queue", "connect-limited", &connect_queue},
    {"schedule-lag", "rate-not-kept", &schedule_lag},
}};

// As many as the class has, or as its count keeps busy.
std::uint64_t connections_asked(const RunPlan& plan, std::size_t number) {
  const LoadPlan& load = plan.load;
  if (load.open_loop()) return 0;  // there they are a limit
  const std::vector<double> parts = shares(plan.classes);
  const std::uint64_t connections = apportion(load.connections, parts)[number];
  if (load.count == 0) return connections;
  const std::uint64_t each =
      std::max<std::uint64_t>(plan.classes[number].session.messages_per_connection, 1);
  const std::uint64_t turns = apportion(load.count, parts)[number];
  return std::min(connections, turns / each + (turns % each > 0 ? 1 : 0));
}

// A class of little weight may have no share of a small count.
bool sends_messages(const RunPlan& plan, std::size_t number) {
  if (plan.classes[number].session.messages_per_connection == 0) return false;
  return plan.load.count == 0 || apportion(plan.load.count, shares(plan.classes))[number] > 0;
}

double milliseconds(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

RunFacts facts_of(const Metrics& metrics, const Surroundings& surroundings) {
  const Histogram& lag = metrics.histogram(Phase::kScheduleLag);
  const Histogram& connect = metrics.histogram(Phase::kConnect);
  RunFacts facts;
  facts.surroundings = surroundings;
  facts.lag_count = lag.count();
  facts.lag_p99_ms = milliseconds(lag.percentile_ns(99.0));
  facts.dropped = metrics.total().turns_dropped;
  facts.connects = connect.count();
  facts.connect_p99_ms = milliseconds(connect.percentile_ns(99.0));
  for (const ErrorRow& row : metrics.errors()) {
    if (row.kind == to_string(io::ErrorKind::kAddressNotAvailable)) {
      facts.ports_exhausted += row.count;
    }
  }
  const Counters& seen = metrics.measured();
  facts.nothing_measured = metrics.total().errors == 0 &&
                           seen.messages_accepted + seen.messages_abandoned +
                                   seen.messages_for_nobody + seen.auth_rejected_as_wanted ==
                               0;
  facts.connections_reached = metrics.occupancy().peak();
  facts.waiting_share = metrics.occupancy().waiting_share();
  return facts;
}

}  // namespace

RunFacts facts_of(const RunPlan& plan, const LoadResult& result) {
  RunFacts facts = facts_of(result.metrics, result.surroundings);
  bool any_messages = false;
  for (std::size_t i = 0; i < plan.classes.size(); ++i) {
    facts.connections_asked += connections_asked(plan, i);
    any_messages = any_messages || sends_messages(plan, i);
  }
  facts.nothing_measured = facts.nothing_measured && any_messages;
  return facts;
}

RunFacts facts_of_class(const RunPlan& plan, std::size_t number, const LoadResult& result) {
  RunFacts facts = facts_of(result.classes[number].metrics, result.surroundings);
  facts.connections_asked = connections_asked(plan, number);
  facts.nothing_measured = facts.nothing_measured && sends_messages(plan, number);
  return facts;
}

RunVerdict judge(const RunFacts& facts) {
  RunVerdict verdict;
  for (const Rule& rule : kRules) {
    std::string sentence = rule.sentence(facts);
    if (sentence.empty()) continue;
    if (verdict.findings.empty()) verdict.name = rule.name;
    verdict.findings.push_back({rule.code, std::move(sentence)});
  }
  return verdict;
}

}  // namespace smtpmark::loadgen
