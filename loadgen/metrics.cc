#include "loadgen/metrics.h"

#include <algorithm>

namespace smtpmark::loadgen {

namespace {

constexpr std::size_t kMaxSample = 200;  // octets
constexpr std::uint64_t kReservedSeconds = 7200;

bool same_row(const ErrorRow& row, Phase phase, std::string_view kind, std::uint16_t code,
              parser::EnhancedCode enhanced) {
  return row.phase == phase && row.code == code && row.kind == kind &&
         row.enhanced.class_digit == enhanced.class_digit &&
         row.enhanced.subject == enhanced.subject && row.enhanced.detail == enhanced.detail;
}

}  // namespace

void Counters::add(const Counters& other) noexcept {
  for (const auto& named : kCounterNames) this->*named.second += other.*named.second;
}

void Occupancy::merge(const Occupancy& other) noexcept {
  at_once_ += other.at_once_;
  peak_ += other.peak_;
  waited_ns_ += other.waited_ns_;
  served_ns_ += other.served_ns_;
}

double Occupancy::waiting_share() const noexcept {
  const std::uint64_t all = waited_ns_ + served_ns_;
  return all == 0 ? 0.0 : static_cast<double>(waited_ns_) / static_cast<double>(all);
}

void Metrics::begin(TimeNs start, Window window, std::uint64_t expected_seconds,
                    Recording recording) {
  start_ = start;
  recording_ = recording;
  window_ = window;
  seconds_.reserve(std::min(expected_seconds + 16, kReservedSeconds));
  seconds_.resize(1);
}

SecondCounters& Metrics::second(TimeNs when) noexcept {
  const std::size_t index = when > start_ ? (when - start_) / io::kSecond : 0;
  if (index >= seconds_.size()) seconds_.resize(index + 1);
  return seconds_[index];
}

void Metrics::error(TimeNs when, Phase phase, std::string_view kind, std::uint16_t code,
                    parser::EnhancedCode enhanced, std::string_view sample) {
  count(&Counters::errors, when);
  ++second(when).errors;
  const auto row = std::find_if(errors_.begin(), errors_.end(), [&](const ErrorRow& candidate) {
    return same_row(candidate, phase, kind, code, enhanced);
  });
  if (row != errors_.end()) {
    ++row->count;
  } else {
    errors_.push_back({phase, kind, code, enhanced, 1, std::string(sample.substr(0, kMaxSample))});
  }
}

void Metrics::merge(const Metrics& other) {
  total_.add(other.total_);
  measured_.add(other.measured_);
  occupancy_.merge(other.occupancy_);
  for (std::size_t i = 0; i < auth_by_mechanism_.size(); ++i) {
    auth_by_mechanism_[i] += other.auth_by_mechanism_[i];
  }
  tls_.merge(other.tls_);
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    histograms_[i].merge(other.histograms_[i]);
    outside_[i].merge(other.outside_[i]);
  }
  if (seconds_.size() < other.seconds_.size()) seconds_.resize(other.seconds_.size());
  for (std::size_t i = 0; i < other.seconds_.size(); ++i) {
    seconds_[i].sessions += other.seconds_[i].sessions;
    seconds_[i].handshakes += other.seconds_[i].handshakes;
    seconds_[i].messages += other.seconds_[i].messages;
    seconds_[i].octets += other.seconds_[i].octets;
    seconds_[i].errors += other.seconds_[i].errors;
    seconds_[i].messages_us.merge(other.seconds_[i].messages_us);
  }
  for (const ErrorRow& theirs : other.errors_) {
    const auto row = std::find_if(errors_.begin(), errors_.end(), [&](const ErrorRow& mine) {
      return same_row(mine, theirs.phase, theirs.kind, theirs.code, theirs.enhanced);
    });
    if (row != errors_.end()) {
      row->count += theirs.count;
    } else {
      errors_.push_back(theirs);
    }
  }
}

}  // namespace smtpmark::loadgen
