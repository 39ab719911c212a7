// What one thread measures. Nothing here is shared while a run is on; threads are merged at its
// end.
#ifndef SMTPMARK_LOADGEN_METRICS_H_
#define SMTPMARK_LOADGEN_METRICS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/scheduler.h"
#include "loadgen/auth_plan.h"
#include "loadgen/coarse_histogram.h"
#include "loadgen/histogram.h"
#include "loadgen/phase.h"
#include "loadgen/tls_tally.h"
#include "parser/reply_parser.h"

namespace smtpmark::loadgen {

using io::TimeNs;

struct Counters {
  std::uint64_t sessions_started = 0;
  std::uint64_t sessions_established = 0;     // ready for MAIL: greeted, secured, authenticated
  std::uint64_t sessions_completed = 0;       // ended with a QUIT that was answered
  std::uint64_t sessions_plain = 0;           // established without TLS
  std::uint64_t tls_handshakes = 0;           // full and resumed
  std::uint64_t tls_resumed = 0;              // of these
  std::uint64_t tls_stale = 0;                // full although a session was offered
  std::uint64_t auth_accepted = 0;            // AUTH that ended with 235
  std::uint64_t auth_rejected_as_wanted = 0;  // sessions with a wrong password, ended with 535
  std::uint64_t messages_accepted = 0;        // its own 2xx was read
  std::uint64_t messages_failed = 0;
  std::uint64_t messages_abandoned = 0;      // the plan dropped the connection in their middle
  std::uint64_t messages_in_doubt = 0;       // all sent, connection lost before the reply
  std::uint64_t recipients_accepted = 0;     // of accepted messages
  std::uint64_t octets_accepted = 0;         // of accepted messages, before dot-stuffing
  std::uint64_t messages_for_nobody = 0;     // all their recipients were bad, and refused
  std::uint64_t recipients_bad = 0;          // tried, to be refused
  std::uint64_t recipients_bad_refused = 0;  // of these, for good
  std::uint64_t errors = 0;
  std::uint64_t turns_dropped = 0;    // due while as many waited as may wait, and not begun
  std::uint64_t turns_unstarted = 0;  // due, but still waiting for a connection at the end

  void add(const Counters& other) noexcept;
};

// All of them, by their names in results.
inline constexpr std::array<std::pair<std::string_view, std::uint64_t Counters::*>, 21>
    kCounterNames = {{{"sessions_started", &Counters::sessions_started},
                      {"sessions_established", &Counters::sessions_established},
                      {"sessions_completed", &Counters::sessions_completed},
                      {"sessions_plain", &Counters::sessions_plain},
                      {"tls_handshakes", &Counters::tls_handshakes},
                      {"tls_resumed", &Counters::tls_resumed},
                      {"tls_stale", &Counters::tls_stale},
                      {"auth_accepted", &Counters::auth_accepted},
                      {"auth_rejected_as_wanted", &Counters::auth_rejected_as_wanted},
                      {"messages_accepted", &Counters::messages_accepted},
                      {"messages_failed", &Counters::messages_failed},
                      {"messages_abandoned", &Counters::messages_abandoned},
                      {"messages_in_doubt", &Counters::messages_in_doubt},
                      {"recipients_accepted", &Counters::recipients_accepted},
                      {"octets_accepted", &Counters::octets_accepted},
                      {"messages_for_nobody", &Counters::messages_for_nobody},
                      {"recipients_bad", &Counters::recipients_bad},
                      {"recipients_bad_refused", &Counters::recipients_bad_refused},
                      {"errors", &Counters::errors},
                      {"turns_dropped", &Counters::turns_dropped},
                      {"turns_unstarted", &Counters::turns_unstarted}}};
static_assert(sizeof(Counters) == kCounterNames.size() * sizeof(std::uint64_t));

// What happened in one second of the run.
struct SecondCounters {
  std::uint64_t sessions = 0;  // completed
  std::uint64_t handshakes = 0;
  std::uint64_t messages = 0;  // accepted
  std::uint64_t octets = 0;
  std::uint64_t errors = 0;
  CoarseHistogram messages_us;  // Phase::kMessage of those that ended in it
};

// One row of the error table.
struct ErrorRow {
  Phase phase = Phase::kConnect;
  std::string_view kind;   // "reply", "reset", "protocol", ...; static storage
  std::uint16_t code = 0;  // of a reply; the number of a TLS alert; else 0
  parser::EnhancedCode enhanced;
  std::uint64_t count = 0;
  std::string sample;  // the first one's text
};

// How many sessions a server has at work, and how many it lets wait.
class Occupancy {
 public:
  // A session was greeted.
  void served() noexcept { peak_ = std::max(peak_, ++at_once_); }
  // A session ended that had been asked for at `started` and greeted at `greeted` (kNever: never).
  void left(TimeNs started, TimeNs greeted, TimeNs ended) noexcept {
    if (greeted == io::kNever) {
      waited_ns_ += ended - started;
      return;
    }
    --at_once_;
    waited_ns_ += greeted - started;
    served_ns_ += ended - greeted;
  }
  // Those of other threads were served beside these.
  void merge(const Occupancy& other) noexcept;

  // The most sessions at once that were past their greeting.
  std::uint64_t peak() const noexcept { return peak_; }
  // The part of all sessions' time that was spent before the greeting, 0 to 1.
  double waiting_share() const noexcept;

 private:
  std::uint64_t at_once_ = 0;
  std::uint64_t peak_ = 0;
  std::uint64_t waited_ns_ = 0;
  std::uint64_t served_ns_ = 0;
};

// The part of a run whose figures count: behind the warm-up.
struct Window {
  TimeNs begin = 0;
  TimeNs end = io::kNever;
  bool contains(TimeNs time) const noexcept { return time >= begin && time < end; }
};

// What is written down. Latencies cost little; that is what kCounters is there to show.
enum class Recording : std::uint8_t { kAll, kCounters };

class Metrics {
 public:
  // `start` of the run, and the part of it that counts.
  void begin(TimeNs start, Window window, std::uint64_t expected_seconds,
             Recording recording = Recording::kAll);

  // A phase that lasted from `from` to `to`.
  void record(Phase phase, TimeNs from, TimeNs to) noexcept {
    if (recording_ == Recording::kCounters) return;
    auto& histograms = window_.contains(to) ? histograms_ : outside_;
    const std::uint64_t ns = to > from ? to - from : 0;
    histograms[static_cast<std::size_t>(phase)].record(ns);
    if (phase == Phase::kMessage) second(to).messages_us.record(ns);
  }

  // Adds to a counter, for the whole run and for the window.
  void count(std::uint64_t Counters::*counter, TimeNs when, std::uint64_t amount = 1) noexcept {
    total_.*counter += amount;
    if (window_.contains(when)) measured_.*counter += amount;
  }
  SecondCounters& second(TimeNs when) noexcept;
  Occupancy& occupancy() noexcept { return occupancy_; }
  // A session was let in by `mechanism`.
  void authenticated(parser::AuthMechanism mechanism) noexcept {
    ++auth_by_mechanism_[index_of(mechanism)];
  }
  TlsTally& tls() noexcept { return tls_; }  // of the whole run

  void error(TimeNs when, Phase phase, std::string_view kind, std::uint16_t code,
             parser::EnhancedCode enhanced, std::string_view sample);

  void merge(const Metrics& other);

  const Counters& total() const noexcept { return total_; }
  const Counters& measured() const noexcept { return measured_; }
  const Histogram& histogram(Phase phase) const noexcept {
    return histograms_[static_cast<std::size_t>(phase)];
  }
  // What fell before or behind the window: long sessions are set up before it and end behind it.
  const Histogram& outside(Phase phase) const noexcept {
    return outside_[static_cast<std::size_t>(phase)];
  }
  const Occupancy& occupancy() const noexcept { return occupancy_; }
  // Of the whole run.
  const MechanismCounts& auth_by_mechanism() const noexcept { return auth_by_mechanism_; }
  const TlsTally& tls() const noexcept { return tls_; }
  const std::vector<SecondCounters>& seconds() const noexcept { return seconds_; }
  const std::vector<ErrorRow>& errors() const noexcept { return errors_; }

 private:
  TimeNs start_ = 0;
  Window window_;
  Recording recording_ = Recording::kAll;
  Counters total_;
  Counters measured_;
  std::array<Histogram, kPhaseCount> histograms_;
  std::array<Histogram, kPhaseCount> outside_;
  Occupancy occupancy_;
  MechanismCounts auth_by_mechanism_{};
  TlsTally tls_;
  std::vector<SecondCounters> seconds_;
  std::vector<ErrorRow> errors_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_METRICS_H_
