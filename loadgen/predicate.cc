#include "loadgen/predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "loadgen/spelling.h"

namespace smtpmark::loadgen {

namespace {

using Figure = Comparison::Figure;
using Order = Comparison::Order;

bool is_order(char c) {
  return c == '<' || c == '>' || c == '=';
}

// A number at the front of `text`, which is shortened by it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0.0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Reads a predicate from left to right; the first complaint stays.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  tl::expected<Predicate, std::string> predicate() {
    Predicate read{std::string(text_), {}};
    do {
      read.comparisons.push_back(comparison());
    } while (complaint_.empty() && take_word("and"));
    if (complaint_.empty() && !peek().empty()) {
      complain(
          fmt::format("\"{}\" is not expected here: comparisons are joined by \"and\"", peek()));
    }
    if (!complaint_.empty()) return tl::unexpected(complaint_);
    return read;
  }

 private:
  // The word at the reader's place: what is between white space and signs of order.
  std::string_view peek() {
    place_ = std::min(text_.find_first_not_of(" \t\n", place_), text_.size());
    std::size_t end = place_;
    const bool order = end < text_.size() && is_order(text_[end]);
    while (end < text_.size() && text_[end] > ' ' && is_order(text_[end]) == order) ++end;
    return text_.substr(place_, end - place_);
  }
  std::string_view next() {
    const std::string_view word = peek();
    column_ = place_ + 1;
    place_ += word.size();
    return word;
  }
  bool take_word(std::string_view wanted) {
    if (peek() != wanted) return false;
    next();
    return true;
  }
  // About the word that was read last, or the one that is next.
  void complain(const std::string& sentence) {
    if (complaint_.empty()) complaint_ = fmt::format("column {}: {}", column_, sentence);
  }
  static std::string shown(std::string_view word) {
    return word.empty() ? std::string("the end") : fmt::format("\"{}\"", word);
  }

  Comparison comparison() {
    Comparison read;
    const std::string_view word = next();
    if (!plain_figure(word, read)) {
      statistic(word, read);
      phase(read);
    }
    order(read);
    limit(read);
    return read;
  }

  static bool plain_figure(std::string_view word, Comparison& read) {
    if (word == "errors") return read.figure = Figure::kErrorCount, true;
    if (word == "drops") return read.figure = Figure::kDropCount, true;
    if (word == "sessions/s") return read.figure = Figure::kSessionRate, true;
    if (word == "handshakes/s") return read.figure = Figure::kHandshakeRate, true;
    if (word == "messages/s") return read.figure = Figure::kMessageRate, true;
    return false;
  }

  void statistic(std::string_view word, Comparison& read) {
    if (word == "mean") {
      read.figure = Figure::kMean;
    } else if (word == "median") {
      read.percentile = 50.0;
    } else if (word == "min") {
      read.percentile = 0.0;
    } else if (word == "max") {
      read.percentile = 100.0;
    } else {
      std::string_view digits = word.substr(word.starts_with('p') ? 1 : word.size());
      const auto percentile = take_number(digits);
      if (!percentile || !digits.empty() || *percentile > 100.0) {
        const std::vector<std::string> names = {
            "errors", "drops",      "median",       "mean",       "min", "max",
            "p50",    "sessions/s", "handshakes/s", "messages/s", "p99"};
        return complain(shown(word) + " is no figure, as p99, mean or errors are" +
                        is_meant(word, names));
      }
      read.percentile = *percentile;
    }
  }

  void phase(Comparison& read) {
    if (const std::string_view word = next(); word != "of") {
      return complain(shown(word) + " stands where \"of\" is expected, as in p99 of message");
    }
    const std::string_view word = next();
    const auto* found = std::find(kPhaseNames.begin(), kPhaseNames.end(), word);
    if (found == kPhaseNames.end()) {
      return complain(shown(word) + " is no phase" +
                      is_meant(word, {kPhaseNames.begin(), kPhaseNames.end()}));
    }
    read.phase = static_cast<Phase>(found - kPhaseNames.begin());
  }

  void order(Comparison& read) {
    const std::string_view word = next();
    if (word == "<") {
      read.order = Order::kLess;
    } else if (word == "<=") {
      read.order = Order::kLessOrEqual;
    } else if (word == ">") {
      read.order = Order::kMore;
    } else if (word == ">=") {
      read.order = Order::kMoreOrEqual;
    } else {
      complain(shown(word) + " stands where <, <=, > or >= is expected");
    }
  }

  void limit(Comparison& read) {
    std::string_view word = next();
    const std::string number = shown(word);
    const std::optional<double> value = take_number(word);
    if (!value) return complain(number + " stands where a number is expected");
    const bool joined = !word.empty();
    const std::string_view unit = joined ? word : peek();
    if (!apply_unit(read, *value, unit)) return;
    if (!joined && used_unit_) next();
  }

  // Sets the limit; `used_unit_` tells whether `unit` was one.
  bool apply_unit(Comparison& read, double value, std::string_view unit) {
    used_unit_ = !unit.empty() && unit != "and";
    read.limit = value;
    switch (read.figure) {
      case Figure::kErrorCount:
      case Figure::kDropCount:
        if (!used_unit_) return true;
        read.limit = value / 100.0;
        read.figure = read.figure == Figure::kErrorCount ? Figure::kErrorShare : Figure::kDropShare;
        if (unit != "%") complain(shown(unit) + " is no unit of a share: % is");
        return unit == "%";
      case Figure::kSessionRate:
      case Figure::kHandshakeRate:
      case Figure::kMessageRate:
        if (used_unit_) complain(shown(unit) + " is not expected behind a rate");
        return !used_unit_;
      default: break;
    }
    const double ns = unit == "us"   ? 1e3
                      : unit == "ms" ? 1e6
                      : unit == "s"  ? 1e9
                      : unit == "m"  ? 60e9
                                     : 0.0;
    if (ns == 0.0)
      complain(shown(used_unit_ ? unit : "") + " is no unit of time: us, ms, s, m are");
    read.limit = value * ns;
    return ns != 0.0;
  }

  std::string_view text_;
  std::size_t place_ = 0;
  std::size_t column_ = 1;
  bool used_unit_ = false;
  std::string complaint_;
};

std::uint64_t turns_begun(const Counters& counters) noexcept {
  return std::max(counters.messages_accepted + counters.messages_failed +
                      counters.messages_in_doubt + counters.auth_rejected_as_wanted,
                  counters.sessions_started);
}

double per_second(std::uint64_t count, const Figures& figures) {
  return static_cast<double>(count) / figures.seconds;
}

std::optional<double> value_of(const Comparison& comparison, const Figures& figures) {
  const Counters& counters = figures.counters;
  switch (comparison.figure) {
    case Figure::kErrorCount: return static_cast<double>(counters.errors);
    case Figure::kDropCount: return static_cast<double>(counters.turns_dropped);
    case Figure::kErrorShare:
      if (turns_begun(counters) == 0) return std::nullopt;
      return error_share(counters);
    case Figure::kDropShare:
      if (turns_begun(counters) + counters.turns_dropped == 0) return std::nullopt;
      return drop_share(counters);
    case Figure::kSessionRate:
    case Figure::kHandshakeRate:
    case Figure::kMessageRate:
      if (figures.seconds <= 0.0) return std::nullopt;
      return per_second(comparison.figure == Figure::kSessionRate     ? counters.sessions_completed
                        : comparison.figure == Figure::kHandshakeRate ? counters.tls_handshakes
                                                                      : counters.messages_accepted,
                        figures);
    case Figure::kPercentile:
    case Figure::kMean: break;
  }
  const Histogram& histogram = figures.histogram(comparison.phase);
  if (histogram.count() == 0) return std::nullopt;
  if (comparison.figure == Figure::kMean) return histogram.mean_ns();
  if (comparison.percentile == 0.0) return static_cast<double>(histogram.min_ns());
  return static_cast<double>(histogram.percentile_ns(comparison.percentile));
}

bool holds(Order order, double value, double limit) {
  switch (order) {
    case Order::kLess: return value < limit;
    case Order::kLessOrEqual: return value <= limit;
    case Order::kMore: return value > limit;
    case Order::kMoreOrEqual: return value >= limit;
  }
  return false;
}

std::string name_of(const Comparison& comparison) {
  switch (comparison.figure) {
    case Figure::kErrorCount:
    case Figure::kErrorShare: return "errors";
    case Figure::kDropCount:
    case Figure::kDropShare: return "drops";
    case Figure::kSessionRate: return "sessions/s";
    case Figure::kHandshakeRate: return "handshakes/s";
    case Figure::kMessageRate: return "messages/s";
    case Figure::kMean: return fmt::format("mean of {}", to_string(comparison.phase));
    case Figure::kPercentile: break;
  }
  const std::string statistic = comparison.percentile == 0.0 ? "min"
                                : comparison.percentile == 100.0
                                    ? "max"
                                    : fmt::format("p{:g}", comparison.percentile);
  return fmt::format("{} of {}", statistic, to_string(comparison.phase));
}

std::string describe(const Comparison& comparison, const Figures& figures) {
  const std::string name = name_of(comparison);
  const std::optional<double> value = value_of(comparison, figures);
  if (!value) return name + " has no sample";
  switch (comparison.figure) {
    case Figure::kErrorShare:
    case Figure::kDropShare: return fmt::format("{}: {:.3g} %", name, *value * 100.0);
    case Figure::kPercentile:
    case Figure::kMean: return fmt::format("{}: {:.4g} ms", name, *value / 1e6);
    default: return fmt::format("{}: {:.6g}", name, *value);
  }
}

}  // namespace

Figures figures_of(const Metrics& metrics, double seconds) {
  Figures figures;
  figures.counters = metrics.measured();
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    figures.histograms[i] = metrics.histogram(static_cast<Phase>(i));
  }
  figures.seconds = seconds;
  return figures;
}

double error_share(const Counters& counters) noexcept {
  const std::uint64_t begun = std::max<std::uint64_t>(turns_begun(counters), 1);
  return std::min(1.0, static_cast<double>(counters.errors) / static_cast<double>(begun));
}

double drop_share(const Counters& counters) noexcept {
  const std::uint64_t due =
      std::max<std::uint64_t>(turns_begun(counters) + counters.turns_dropped, 1);
  return static_cast<double>(counters.turns_dropped) / static_cast<double>(due);
}

tl::expected<Predicate, std::string> parse_predicate(std::string_view text) {
  return Reader(text).predicate();
}

Truth judge(const Predicate& predicate, const Figures& figures) {
  Truth truth = Truth::kTrue;
  for (const Comparison& comparison : predicate.comparisons) {
    const std::optional<double> value = value_of(comparison, figures);
    if (!value) {
      truth = Truth::kUnknown;
    } else if (!holds(comparison.order, *value, comparison.limit)) {
      return Truth::kFalse;
    }
  }
  return truth;
}

std::string describe(const Predicate& predicate, const Figures& figures) {
  std::string text;
  for (const Comparison& comparison : predicate.comparisons) {
    if (!text.empty()) text += ", ";
    text += describe(comparison, figures);
  }
  return text;
}

}  // namespace smtpmark::loadgen
