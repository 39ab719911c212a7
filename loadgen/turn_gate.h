// When messages may start, for one thread: as fast as replies come, or by a schedule.
#ifndef SMTPMARK_LOADGEN_TURN_GATE_H_
#define SMTPMARK_LOADGEN_TURN_GATE_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include "loadgen/client_session.h"

namespace smtpmark::loadgen {

// A thread's share of the load.
struct TurnShare {
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t turns = kUnlimited;
  double interval_ns = 0.0;  // between intended starts; 0: closed loop
  double offset_ns = 0.0;    // of the first intended start
};

class TurnGate final : public TurnSource {
 public:
  // Gives turns from `start` on and until `end`; `stop` ends it early.
  TurnGate(const TurnShare& share, TimeNs start, TimeNs end, const std::atomic<bool>& stop)
      : share_(share), start_(start), end_(end), stop_(stop) {}

  std::optional<Turn> take(TimeNs now) override {
    if (given_ >= share_.turns || ended(now)) return std::nullopt;
    if (share_.interval_ns == 0.0) {
      ++given_;
      return Turn{0};
    }
    // From the count, not by adding up, so that the schedule does not drift.
    const double since_start = share_.offset_ns + static_cast<double>(given_) * share_.interval_ns;
    const TimeNs intended = start_ + static_cast<TimeNs>(since_start);
    if (intended >= end_) return std::nullopt;
    ++given_;
    return Turn{intended};
  }

  bool ended(TimeNs now) const override {
    return now >= end_ || stop_.load(std::memory_order_relaxed);
  }

 private:
  TurnShare share_;
  TimeNs start_;
  TimeNs end_;
  const std::atomic<bool>& stop_;
  std::uint64_t given_ = 0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TURN_GATE_H_
