#include "loadgen/compare_rules.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

namespace smtpmark::loadgen {

namespace {

constexpr double kMostPercent = 1000.0;

bool is_threshold(double percent) {
  return percent > 0.0 && percent < kMostPercent;
}

// What is wrong with the name of a metric, if anything is.
std::optional<std::string> objection_to(std::string_view name) {
  std::string known;
  for (const Metric& metric : metrics()) {
    if (metric.name == name) return std::nullopt;
    if (!known.empty()) known += ", ";
    known += metric.name;
  }
  return fmt::format("there is no metric \"{}\"; there are {}", name, known);
}

std::string place_of(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
}

}  // namespace

tl::expected<std::map<std::string, double>, std::string> read_thresholds(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) return tl::unexpected("cannot read " + file + ": " + std::strerror(errno));
  std::map<std::string, double> thresholds;
  try {
    const toml::table table = toml::parse(stream, file);
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const auto objection = objection_to(name)) {
        return tl::unexpected(place_of(file, key.source()) + ": " + *objection);
      }
      const std::optional<double> percent = node.value<double>();
      if (!percent || !is_threshold(*percent)) {
        return tl::unexpected(fmt::format("{}: {} takes a percentage above 0, as {} = 5",
                                          place_of(file, node.source()), name, name));
      }
      thresholds[name] = *percent / 100.0;
    }
  } catch (const toml::parse_error& error) {
    return tl::unexpected(place_of(file, error.source()) + ": " + std::string(error.description()));
  }
  return thresholds;
}

tl::expected<CompareRules, std::string> rules_of(const CompareOptions& options) {
  CompareRules rules;
  rules.any_machine = options.any_machine;
  rules.any_io = options.any_io;
  rules.any_verdict = options.any_verdict;
  if (!options.threshold_file.empty()) {
    auto read = read_thresholds(options.threshold_file);
    if (!read) return tl::unexpected(read.error());
    rules.thresholds = std::move(*read);
  }
  for (const std::string& text : options.thresholds) {
    const std::size_t equals = text.find('=');
    double percent = 0.0;
    const char* const end = text.data() + text.size();
    const bool read = equals != std::string::npos &&
                      std::from_chars(text.data() + equals + 1, end, percent).ptr == end &&
                      is_threshold(percent);
    if (!read) {
      return tl::unexpected("--threshold takes METRIC=PERCENT, as messages-per-s=5, not \"" + text +
                            "\"");
    }
    const std::string name = text.substr(0, equals);
    if (const auto objection = objection_to(name)) return tl::unexpected(*objection);
    rules.thresholds[name] = percent / 100.0;
  }
  return rules;
}

}  // namespace smtpmark::loadgen
