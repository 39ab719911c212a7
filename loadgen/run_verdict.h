// Whether the figures of a run mean the server, or something that stood in front of it.
#ifndef SMTPMARK_LOADGEN_RUN_VERDICT_H_
#define SMTPMARK_LOADGEN_RUN_VERDICT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/surroundings.h"

namespace smtpmark::loadgen {

struct LoadResult;
struct RunPlan;

// What is judged; of the measured window where nothing else is said.
struct RunFacts {
  bool nothing_measured = false;  // messages were to be sent; none came to its end, none failed
  Surroundings surroundings;
  std::uint64_t lag_count = 0;  // turns with an intended start
  double lag_p99_ms = 0.0;
  std::uint64_t dropped = 0;  // turns that were never begun, of the whole run
  std::uint64_t connects = 0;
  double connect_p99_ms = 0.0;
  std::uint64_t ports_exhausted = 0;      // connects without a local port, of the whole run
  std::uint64_t connections_asked = 0;    // 0: no number was asked for (open loop)
  std::uint64_t connections_reached = 0;  // the most sessions at once past their greeting
  double waiting_share = 0.0;             // of the sessions' time, before their greeting
};

struct RunFinding {
  std::string_view code;
  std::string text;  // a sentence with the figure, and what to do
};

// The name is that of the gravest finding:
//   nothing-measured         messages were to be sent, and none came to its end
//   clock-trouble            the clocks jumped, or this process was not let run
//   port-exhausted           no local port was left for some connections
//   connections-not-reached  fewer sessions at once were served than were asked for
//   generator-limited        a generator thread had no time left: its speed was measured
//   connect-limited          connections had to wait for a full queue in front of the server
//   rate-not-kept            an open loop fell behind its schedule
//   clean                    none of these
struct RunVerdict {
  std::string_view name = "clean";
  std::vector<RunFinding> findings;
  bool clean() const noexcept { return findings.empty(); }
};

// Of all classes together, and of one of them.
RunFacts facts_of(const RunPlan& plan, const LoadResult& result);
RunFacts facts_of_class(const RunPlan& plan, std::size_t number, const LoadResult& result);
RunVerdict judge(const RunFacts& facts);
// Why a run fails that has measured nothing; empty where it has measured something.
std::string nothing_measured(const RunFacts& facts);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RUN_VERDICT_H_
