#include "loadgen/turn_gate.h"

#include <algorithm>

namespace smtpmark::loadgen {

std::optional<Turn> TurnGate::take_planned(TimeNs now) {
  if (share_.policy == BacklogPolicy::kDrop) {
    admit(now);
  } else if (const std::uint64_t waiting = waiting_at(now); waiting > 0) {
    most_waiting_ = std::max(most_waiting_, waiting);
    overrun_ = share_.policy == BacklogPolicy::kStop && waiting > share_.backlog;
    if (overrun_) return std::nullopt;
  }
  const TimeNs next = intended();
  if (next >= end_ || spent_ >= share_.turns) return std::nullopt;
  if (waiting_.empty()) {
    sequence_->advance();
  } else {
    waiting_.pop_front();
  }
  ++spent_;
  return Turn{next};
}

TimeNs TurnGate::intended() const noexcept {
  if (!waiting_.empty()) return waiting_.front();
  const TimeNs next = sequence_->next();
  return next == io::kNever ? io::kNever : start_ + next;
}

std::uint64_t TurnGate::waiting_at(TimeNs now) {
  const TimeNs until = std::min(now, end_);
  return until > start_ ? sequence_->due_before(until - start_, share_.turns - spent_) : 0;
}

// Each turn in the order in which they became due: it waits where there is room, else it is
// dropped. Nothing has left the queue since the last time, so this is as if it had been done then.
void TurnGate::admit(TimeNs now) {
  const TimeNs until = std::min(now, end_);
  while (sequence_->next() != io::kNever && start_ + sequence_->next() < until &&
         spent_ + waiting_.size() < share_.turns) {
    const TimeNs due = start_ + sequence_->next();
    sequence_->advance();
    if (waiting_.size() < share_.backlog) {
      waiting_.push_back(due);
    } else {
      ++spent_;
      metrics_.count(&Counters::turns_dropped, due);
    }
  }
  most_waiting_ = std::max<std::uint64_t>(most_waiting_, waiting_.size());
}

void TurnGate::close(TimeNs now) {
  if (!sequence_) return;
  if (share_.policy == BacklogPolicy::kDrop) admit(now);
  const std::uint64_t left =
      share_.policy == BacklogPolicy::kDrop ? waiting_.size() : waiting_at(now);
  if (left > 0) metrics_.count(&Counters::turns_unstarted, std::min(now, end_), left);
  most_waiting_ = std::max(most_waiting_, left);
}

}  // namespace smtpmark::loadgen
