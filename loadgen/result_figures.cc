#include "loadgen/result_figures.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

std::uint64_t ns_of(const json& us) {
  return static_cast<std::uint64_t>(std::llround(us.get<double>() * 1000.0));
}

}  // namespace

Histogram histogram_of(const json& phase) {
  const auto buckets =
      phase.at("buckets_ns").get<std::vector<std::pair<std::uint64_t, std::uint64_t>>>();
  return Histogram::restored(buckets, ns_of(phase.at("min_us")), ns_of(phase.at("max_us")),
                             phase.at("mean_us").get<double>() * 1000.0,
                             phase.at("overflow").get<std::uint64_t>());
}

Figures figures_of(const json& job) {
  Figures figures;
  const json& measured = job.at("measured");
  for (const auto& [name, counter] : kCounterNames) {
    figures.counters.*counter = measured.at(std::string(name)).get<std::uint64_t>();
  }
  const json& phases = job.at("phases");
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    const auto entry = phases.find(std::string(kPhaseNames[i]));
    if (entry == phases.end() || entry->at("outside_window").get<bool>()) continue;
    figures.histograms[i] = histogram_of(*entry);
  }
  figures.seconds = job.at("measured_s").get<double>();
  return figures;
}

}  // namespace smtpmark::loadgen
