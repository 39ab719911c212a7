// Looks for the highest rate that meets an objective. Knows nothing of how a rate is measured.
#ifndef SMTPMARK_LOADGEN_RATE_SEARCH_H_
#define SMTPMARK_LOADGEN_RATE_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace smtpmark::loadgen {

// What a run at one rate tells the search.
enum class ProbeOutcome : std::uint8_t {
  kMet,
  kMissed,
  kGeneratorLimited,  // nothing about the server
  kBroken,            // the search cannot go on: interrupted, or nobody was let in
};

struct SearchBounds {
  double start_per_s = 100.0;
  double most_per_s = 1e6;
  double precision = 0.05;          // the rate found and the next one that failed differ by less
  std::uint32_t confirmations = 2;  // more runs at the rate found, which must meet it too
};

enum class SearchEnd : std::uint8_t {
  kFound,
  kAlwaysMet,         // up to the highest rate that was allowed
  kNeverMet,          // not even at the lowest rate that was tried
  kGeneratorLimited,  // found: what the server carries at least
  kNotConfirmed,      // each candidate failed when it was tried again
  kBroken,
};
std::string_view to_string(SearchEnd end) noexcept;

struct SearchResult {
  std::optional<double> found_per_s;
  SearchEnd end = SearchEnd::kNeverMet;
};

// Runs at a rate; `confirmation` when the same rate has been tried before.
using RunAtRate = std::function<ProbeOutcome(double rate_per_s, bool confirmation)>;

// Doubles the rate until it fails twice in a row, halves the gap (as a ratio) until it is small
// enough, and tries the best again. A start that fails is halved until it holds.
SearchResult search_rate(const SearchBounds& bounds, const RunAtRate& run_at_rate);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RATE_SEARCH_H_
