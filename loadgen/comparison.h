// What one way to hand in mail costs against another, round by round.
#ifndef SMTPMARK_LOADGEN_COMPARISON_H_
#define SMTPMARK_LOADGEN_COMPARISON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "loadgen/generator.h"

namespace smtpmark::loadgen {

// One load, measured in several rounds with others in between.
struct Rounds {
  std::vector<LoadResult> results;

  // All rounds as one: counts and times added up, histograms merged.
  LoadResult merged() const;
};

// The rounds of one way: a message a session, and long sessions.
struct WayRounds {
  Rounds one_message;
  Rounds long_sessions;
};

// The ratios `with` / `without` of messages per second and of CPU (generator and server) a message:
// each the median over the rounds, with the least and the greatest. Rounds are compared pair by
// pair, so that a machine that slows down for a while does not look like a cost; a pair of which a
// side has measured nothing does not count, and a ratio of no pairs is null.
nlohmann::json compare_ways(const std::string& what, const WayRounds& with,
                            const WayRounds& without);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COMPARISON_H_
