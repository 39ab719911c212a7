#include "loadgen/plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace smtpmark::loadgen {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::kRelay: return "relay";
    case Role::kSubmission: return "submission";
    case Role::kSubmissions: return "submissions";
    case Role::kLmtp: return "lmtp";
  }
  return "relay";
}

std::string_view to_string(TlsPolicy policy) noexcept {
  switch (policy) {
    case TlsPolicy::kNone: return "none";
    case TlsPolicy::kOpportunistic: return "opportunistic";
    case TlsPolicy::kRequired: return "required";
    case TlsPolicy::kImplicit: return "implicit";
  }
  return "none";
}

std::string_view to_string(Pipelining pipelining) noexcept {
  switch (pipelining) {
    case Pipelining::kNone: return "none";
    case Pipelining::kGroup: return "group";
    case Pipelining::kFull: return "full";
  }
  return "none";
}

std::string_view to_string(TurnOf turn_of) noexcept {
  return turn_of == TurnOf::kSession ? "sessions" : "messages";
}

std::string_view to_string(Arrivals arrivals) noexcept {
  switch (arrivals) {
    case Arrivals::kConstant: return "constant";
    case Arrivals::kPoisson: return "poisson";
    case Arrivals::kBurst: return "burst";
  }
  return "constant";
}

std::string_view to_string(BacklogPolicy policy) noexcept {
  switch (policy) {
    case BacklogPolicy::kQueue: return "queue";
    case BacklogPolicy::kDrop: return "drop";
    case BacklogPolicy::kStop: return "stop";
  }
  return "queue";
}

std::uint64_t new_run_id() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

double LoadPlan::peak_per_s() const noexcept {
  double peak = 0.0;
  for (const Stage& stage : stages) peak = std::max({peak, stage.from_per_s, stage.to_per_s});
  return peak;
}

std::vector<double> shares(const std::vector<ClassPlan>& classes) {
  double sum = 0.0;
  for (const ClassPlan& one : classes) sum += one.weight;
  std::vector<double> parts;
  parts.reserve(classes.size());
  for (const ClassPlan& one : classes) parts.push_back(one.weight / sum);
  return parts;
}

std::vector<std::uint64_t> apportion(std::uint64_t whole, const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint64_t> parts;
  std::vector<double> fractions;
  std::uint64_t given = 0;
  for (const double weight : weights) {
    const double exact = static_cast<double>(whole) * weight / sum;
    // Rounding never gives more than there is: beyond 2^53 a double says too much.
    const std::uint64_t left = whole - given;
    const bool fits = exact < static_cast<double>(left);
    parts.push_back(fits ? static_cast<std::uint64_t>(exact) : left);
    fractions.push_back(exact - std::floor(exact));
    given += parts.back();
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&fractions](std::size_t a, std::size_t b) {
    return fractions[a] > fractions[b];
  });
  const std::uint64_t rest = whole - given;  // more than a turn each where a double says too little
  for (std::size_t i = 0; i < order.size(); ++i) {
    parts[order[i]] += rest / order.size() + (i < rest % order.size() ? 1 : 0);
  }
  return parts;
}

}  // namespace smtpmark::loadgen
