#include "loadgen/rate_search.h"

#include <algorithm>
#include <cmath>

namespace smtpmark::loadgen {

namespace {

constexpr double kLeastPart = 1.0 / 256.0;  // of the start rate, before the search gives up
constexpr int kMostCandidates = 8;          // that may fail when they are tried again

class Search {
 public:
  Search(const SearchBounds& bounds, const RunAtRate& run_at_rate)
      : bounds_(bounds), run_at_rate_(run_at_rate) {}

  SearchResult run() {
    climb();
    if (result_.end == SearchEnd::kBroken) return result_;
    if (result_.end != SearchEnd::kGeneratorLimited) narrow();
    if (result_.end == SearchEnd::kBroken || low_ == 0.0) return result_;
    confirm();
    return result_;
  }

 private:
  // Whether the rate holds; an end that is not the server's is noted.
  bool holds(double rate, bool again) {
    const ProbeOutcome outcome = run_at_rate_(rate, again);
    if (outcome == ProbeOutcome::kBroken) result_.end = SearchEnd::kBroken;
    if (outcome == ProbeOutcome::kGeneratorLimited) result_.end = SearchEnd::kGeneratorLimited;
    return outcome == ProbeOutcome::kMet;
  }
  bool over() const noexcept {
    return result_.end == SearchEnd::kBroken || result_.end == SearchEnd::kGeneratorLimited;
  }

  // One bad moment on the way up would hide everything above it: a failure has to be repeated.
  bool holds_or_fails_twice(double rate) {
    if (holds(rate, false)) return true;
    return !over() && holds(rate, true);
  }

  // Sets low_ to a rate that holds (0: none does) and high_ to one that does not (0: all do).
  void climb() {
    double rate = std::min(bounds_.start_per_s, bounds_.most_per_s);
    while (holds_or_fails_twice(rate)) {
      low_ = rate;
      if (rate == bounds_.most_per_s) {
        result_.end = SearchEnd::kAlwaysMet;
        return;
      }
      rate = std::min(2.0 * rate, bounds_.most_per_s);
    }
    high_ = rate;
    while (!over() && low_ == 0.0 && rate > bounds_.start_per_s * kLeastPart) {
      rate /= 2.0;
      if (holds(rate, false)) {
        low_ = rate;
      } else {
        high_ = rate;
      }
    }
  }

  void narrow() {
    while (low_ > 0.0 && high_ > low_ * (1.0 + bounds_.precision)) {
      const double middle = std::sqrt(low_ * high_);
      const bool good = holds(middle, false);
      if (over()) return;
      (good ? low_ : high_) = middle;
    }
  }

  void confirm() {
    const SearchEnd reason = result_.end;
    double candidate = low_;
    for (int i = 0; i < kMostCandidates; ++i, candidate /= 1.0 + bounds_.precision) {
      result_.end = SearchEnd::kFound;
      std::uint32_t good = 0;
      while (good < bounds_.confirmations && holds(candidate, true)) ++good;
      if (result_.end == SearchEnd::kBroken) return;
      if (good < bounds_.confirmations) continue;
      result_.found_per_s = candidate;
      // A candidate that was lowered is below what was always met.
      const bool keeps = reason == SearchEnd::kGeneratorLimited || i == 0;
      result_.end = keeps && reason != SearchEnd::kNeverMet ? reason : SearchEnd::kFound;
      return;
    }
    result_.end = SearchEnd::kNotConfirmed;
  }

  const SearchBounds& bounds_;
  const RunAtRate& run_at_rate_;
  double low_ = 0.0;
  double high_ = 0.0;
  SearchResult result_;  // its end is kNeverMet until something else is known
};

}  // namespace

std::string_view to_string(SearchEnd end) noexcept {
  switch (end) {
    case SearchEnd::kFound: return "found";
    case SearchEnd::kAlwaysMet: return "always-met";
    case SearchEnd::kNeverMet: return "never-met";
    case SearchEnd::kGeneratorLimited: return "generator-limited";
    case SearchEnd::kNotConfirmed: return "not-confirmed";
    case SearchEnd::kBroken: return "broken";
  }
  return "found";
}

SearchResult search_rate(const SearchBounds& bounds, const RunAtRate& run_at_rate) {
  return Search(bounds, run_at_rate).run();
}

}  // namespace smtpmark::loadgen
