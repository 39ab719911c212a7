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
    if (!broken()) narrow();
    if (broken()) return result_;
    if (low_ > 0.0) {
      confirm();
    } else if (generator_limits_) {
      result_.end = SearchEnd::kGeneratorLimited;
    }
    return result_;
  }

 private:
  bool holds(double rate, bool again) {
    latest_ = run_at_rate_(rate, again);
    if (latest_ == ProbeOutcome::kBroken) result_.end = SearchEnd::kBroken;
    return latest_ == ProbeOutcome::kMet;
  }
  bool broken() const noexcept { return result_.end == SearchEnd::kBroken; }

  // A rate that did not hold in the latest run.
  void lower_to(double rate) {
    high_ = rate;
    generator_limits_ = latest_ == ProbeOutcome::kGeneratorLimited;
  }

  // One bad moment on the way up would hide everything above it: a failure has to be repeated.
  bool holds_or_fails_twice(double rate) {
    if (holds(rate, false)) return true;
    return !broken() && holds(rate, true);
  }

  // Sets low_ to a rate that holds (0: none does) and high_ to one that does not (0: all do).
  void climb() {
    double rate = std::min(bounds_.start_per_s, bounds_.most_per_s);
    while (holds_or_fails_twice(rate)) {
      low_ = rate;
      if (rate == bounds_.most_per_s) return;
      rate = std::min(2.0 * rate, bounds_.most_per_s);
    }
    lower_to(rate);
    while (!broken() && low_ == 0.0 && rate > bounds_.start_per_s * kLeastPart) {
      rate /= 2.0;
      if (holds(rate, false)) {
        low_ = rate;
      } else {
        lower_to(rate);
      }
    }
  }

  void narrow() {
    while (low_ > 0.0 && high_ > low_ * (1.0 + bounds_.precision)) {
      const double middle = std::sqrt(low_ * high_);
      if (holds(middle, false)) {
        low_ = middle;
      } else {
        lower_to(middle);
      }
      if (broken()) return;
    }
  }

  void confirm() {
    double candidate = low_;
    for (int i = 0; i < kMostCandidates; ++i, candidate /= 1.0 + bounds_.precision) {
      std::uint32_t good = 0;
      while (good < bounds_.confirmations && holds(candidate, true)) ++good;
      if (broken()) return;
      if (good < bounds_.confirmations) {
        lower_to(candidate);
        continue;
      }
      result_.found_per_s = candidate;
      result_.end = generator_limits_ ? SearchEnd::kGeneratorLimited
                    : high_ > 0.0     ? SearchEnd::kFound
                                      : SearchEnd::kAlwaysMet;
      return;
    }
    result_.end = SearchEnd::kNotConfirmed;
  }

  const SearchBounds& bounds_;
  const RunAtRate& run_at_rate_;
  double low_ = 0.0;
  double high_ = 0.0;              // 0: every rate held
  bool generator_limits_ = false;  // at high_, and not the server
  ProbeOutcome latest_ = ProbeOutcome::kMet;
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
