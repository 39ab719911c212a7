#include "loadgen/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

struct Ratio {
  double median = 0.0;
  double least = 0.0;
  double most = 0.0;
};

double divide(double a, double b) {
  return b > 0.0 ? a / b : 0.0;
}

double messages(const LoadResult& result) {
  return static_cast<double>(result.metrics.measured().messages_accepted);
}

double rate(const LoadResult& result) {
  return divide(messages(result), result.measured_s);
}

double cpu(const LoadResult& result) {
  return divide(result.generator_cpu_s + result.server_cpu_s, messages(result));
}

// Of the rounds in which both sides measured something; nothing where there is none.
std::optional<Ratio> ratio_of(const Rounds& with, const Rounds& without,
                              double (*figure)(const LoadResult&)) {
  std::vector<double> ratios;
  const std::size_t pairs = std::min(with.results.size(), without.results.size());
  for (std::size_t i = 0; i < pairs; ++i) {
    const double over = figure(with.results[i]);
    const double under = figure(without.results[i]);
    if (over > 0.0 && under > 0.0) ratios.push_back(over / under);
  }
  if (ratios.empty()) return std::nullopt;
  std::sort(ratios.begin(), ratios.end());
  const std::size_t middle = ratios.size() / 2;
  const double median =
      ratios.size() % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2.0;
  return Ratio{median, ratios.front(), ratios.back()};
}

json to_json(const std::optional<Ratio>& ratio) {
  if (!ratio) return {{"median", nullptr}, {"least", nullptr}, {"most", nullptr}};
  return {{"median", ratio->median}, {"least", ratio->least}, {"most", ratio->most}};
}

std::string in_words(const std::optional<Ratio>& ratio) {
  if (!ratio) return "-";
  return fmt::format("{:.2f} ({:.2f}-{:.2f})", ratio->median, ratio->least, ratio->most);
}

}  // namespace

LoadResult Rounds::merged() const {
  LoadResult all;
  for (const LoadResult& result : results) {
    all.metrics.merge(result.metrics);
    all.measured_s += result.measured_s;
    all.generator_cpu_s += result.generator_cpu_s;
    all.server_cpu_known = all.server_cpu_known || result.server_cpu_known;
    all.server_cpu_s += result.server_cpu_s;
    all.surroundings.merge(result.surroundings);
    if (result.ending != Ending::kCompleted) all.ending = result.ending;
    if (all.main_failure.empty()) all.main_failure = result.main_failure;
  }
  return all;
}

json compare_ways(const std::string& what, const WayRounds& with, const WayRounds& without) {
  const auto short_rate = ratio_of(with.one_message, without.one_message, &rate);
  const auto short_cpu = ratio_of(with.one_message, without.one_message, &cpu);
  const auto long_rate = ratio_of(with.long_sessions, without.long_sessions, &rate);
  const auto long_cpu = ratio_of(with.long_sessions, without.long_sessions, &cpu);
  return {{"what", what},
          {"one_message_rate", to_json(short_rate)},
          {"one_message_cpu", to_json(short_cpu)},
          {"long_rate", to_json(long_rate)},
          {"long_cpu", to_json(long_cpu)},
          {"text", fmt::format("{:<38}{:>19}{:>19}{:>19}{:>19}", what, in_words(short_rate),
                               in_words(short_cpu), in_words(long_rate), in_words(long_cpu))}};
}

}  // namespace smtpmark::loadgen
