// Whether a set of repeats is worse than another: what `smtpmark compare` says.
#ifndef SMTPMARK_LOADGEN_REGRESSION_H_
#define SMTPMARK_LOADGEN_REGRESSION_H_

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/statistics.h"

namespace smtpmark::loadgen {

enum class Finding : std::uint8_t {
  kSame,        // a loss as large as the threshold is ruled out
  kBetter,      // and a gain is no accident and may be as large as the threshold
  kWorse,       // a loss is no accident and may be as large as the threshold: a regression
  kCannotTell,  // the repeats are too few or too noisy to say either
};
std::string_view to_string(Finding finding) noexcept;

// A figure of a job that is compared.
struct Metric {
  std::string_view name;  // as in --threshold
  std::string_view unit;  // behind the figure; may be empty
  bool more_is_better;
  double threshold;        // the relative change that matters, 0.05 for 5 %
  double scale;            // from the figure of the result to the unit
  std::string_view where;  // JSON pointer into a job
};

// All metrics that can be gated on, in the order in which they are shown.
const std::vector<Metric>& metrics();

// One metric of one job.
struct Change {
  std::string job;
  const Metric* metric = nullptr;
  double threshold = 0.0;
  double base = 0.0;   // median, in the unit of the metric
  double fresh = 0.0;  // median
  double ratio = 0.0;  // of the medians, fresh / base; without drift where the sides took turns
  Interval interval;   // 95 %, of that ratio
  double p = 1.0;      // of the rank test
  Finding finding = Finding::kSame;
  std::size_t repeats_needed = 0;  // a side, when the finding is kCannotTell
};

struct Verdict {
  std::vector<Change> changes;
  // Why nothing can be said whatever the figures are: another machine, jobs with errors, ...
  std::vector<std::string> objections;
  bool in_turn = false;  // the sides took turns, so that a drift of the machine could be taken out

  Finding overall() const noexcept;  // the worst of all
};

struct CompareRules {
  std::map<std::string, double> thresholds;  // by name of metric, instead of its own
  bool any_machine = false;                  // results of different machines may be compared
  bool any_io = false;                       // and runs on different loops: io_uring and epoll
  bool any_verdict = false;  // and runs whose verdict is that they do not mean the server
};

// Compares jobs of the same name in results of read_result(). A threshold is the change that must
// not go unseen. What is no accident is for the rank test to say, at 5 % divided by the number of
// figures compared (Bonferroni), so that many figures do not make a false alarm likely; what may
// be, for the 95 % interval. Where the sides were run in turn, neighbours are compared with each
// other (statistics.h). Fails with a sentence when there is nothing to compare or a threshold
// names no metric; what only the base has is objected to.
tl::expected<Verdict, std::string> compare_sets(const std::vector<nlohmann::json>& base,
                                                const std::vector<nlohmann::json>& fresh,
                                                const CompareRules& rules);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REGRESSION_H_
