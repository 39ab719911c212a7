// When turns may start, for one class on one thread: as fast as replies come, or by a schedule.
#ifndef SMTPMARK_LOADGEN_TURN_GATE_H_
#define SMTPMARK_LOADGEN_TURN_GATE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>

#include "loadgen/arrivals.h"
#include "loadgen/client_session.h"

namespace smtpmark::loadgen {

// A thread's share of a class.
struct TurnShare {
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t turns = kUnlimited;
  const RateCurve* curve = nullptr;  // null: closed loop
  ArrivalShare arrivals;
  BacklogPolicy policy = BacklogPolicy::kQueue;
  std::uint64_t backlog = 0;  // turns that may wait
};

// A connection that is free takes the next turn, also one that is not due yet: so turns wait only
// while every connection is busy.
class TurnGate final : public TurnSource {
 public:
  // Gives turns from `start` on and until `end`; `stop` ends it early. Drops go to `metrics`.
  TurnGate(const TurnShare& share, TimeNs start, TimeNs end, const std::atomic<bool>& stop,
           Metrics& metrics)
      : share_(share), start_(start), end_(end), stop_(stop), metrics_(metrics) {
    if (share_.curve != nullptr) sequence_.emplace(*share_.curve, share_.arrivals);
  }

  std::optional<Turn> take(TimeNs now) override {
    if (spent_ >= share_.turns || ended(now)) return std::nullopt;
    if (sequence_) return take_planned(now);
    ++spent_;
    return Turn{0};
  }

  bool due(TimeNs now) const override {
    if (spent_ >= share_.turns || ended(now)) return false;
    return !sequence_ || intended() <= now;
  }

  bool ended(TimeNs now) const override {
    return now >= end_ || overrun_ || stop_.load(std::memory_order_relaxed);
  }

  TimeNs held_until() const override {
    return sequence_ && spent_ < share_.turns && end_ != io::kNever ? end_ : 0;
  }

  // More turns wait than may, and that is to stop the run.
  bool overrun() const noexcept { return overrun_; }
  // The most that waited at once.
  std::uint64_t most_waiting() const noexcept { return most_waiting_; }

  // Counts the turns that were due at `now` and that nobody has taken. Once, behind the last
  // take().
  void close(TimeNs now);

 private:
  std::optional<Turn> take_planned(TimeNs now);
  std::uint64_t waiting_at(TimeNs now);
  void admit(TimeNs now);
  TimeNs intended() const noexcept;

  TurnShare share_;
  TimeNs start_;
  TimeNs end_;
  const std::atomic<bool>& stop_;
  Metrics& metrics_;
  std::optional<ArrivalSequence> sequence_;
  std::deque<TimeNs> waiting_;  // with kDrop: intended starts of what was due and let in
  std::uint64_t spent_ = 0;     // turns given or dropped
  std::uint64_t most_waiting_ = 0;
  bool overrun_ = false;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TURN_GATE_H_
