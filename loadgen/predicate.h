// Statements about the figures of a run: "p99 of message < 50 ms and errors < 0.1 %".
//
//   predicate  = comparison *( "and" comparison )
//   comparison = figure ( "<" / "<=" / ">" / ">=" ) limit
//   figure     = statistic "of" phase       limit: a time, as 200 us, 50 ms, 1.5 s
//              / "errors" / "drops"         limit: a share of the turns, as 0.1 %, or a number
//              / "sessions/s" / "handshakes/s" / "messages/s"
//   statistic  = "p" percentile / "median" / "mean" / "min" / "max"
//
// Phases are named as in results (phase.h).
#ifndef SMTPMARK_LOADGEN_PREDICATE_H_
#define SMTPMARK_LOADGEN_PREDICATE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/metrics.h"

namespace smtpmark::loadgen {

// What a predicate looks at: figures of all classes together, of the measured part or of what there
// is of it so far.
struct Figures {
  Counters counters;
  std::array<Histogram, kPhaseCount> histograms;  // some may have been left out
  double seconds = 0.0;

  const Histogram& histogram(Phase phase) const {
    return histograms[static_cast<std::size_t>(phase)];
  }
};
Figures figures_of(const Metrics& metrics, double seconds);

// Errors by turns begun, at most 1.
double error_share(const Counters& counters) noexcept;
// Turns dropped by turns that were due.
double drop_share(const Counters& counters) noexcept;

struct Comparison {
  enum class Figure : std::uint8_t {
    kPercentile,
    kMean,
    kErrorShare,
    kErrorCount,
    kDropShare,
    kDropCount,
    kSessionRate,
    kHandshakeRate,
    kMessageRate,
  };
  enum class Order : std::uint8_t { kLess, kLessOrEqual, kMore, kMoreOrEqual };

  Figure figure = Figure::kPercentile;
  double percentile = 0.0;
  Phase phase = Phase::kMessage;
  Order order = Order::kLess;
  double limit = 0.0;  // nanoseconds, a share, a number, or a rate a second
};

struct Predicate {
  std::string text;  // as given
  std::vector<Comparison> comparisons;
};

// Fails with a sentence that names the column.
tl::expected<Predicate, std::string> parse_predicate(std::string_view text);

// Unknown: a phase has no sample, or no turn was begun.
enum class Truth : std::uint8_t { kFalse, kTrue, kUnknown };
// One false comparison makes a predicate false, else one unknown makes it unknown.
Truth judge(const Predicate& predicate, const Figures& figures);

// What the figures of the comparisons are, as "p99 of message is 61.3 ms, errors are 0 %".
std::string describe(const Predicate& predicate, const Figures& figures);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PREDICATE_H_
