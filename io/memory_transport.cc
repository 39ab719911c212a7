#include "io/memory_transport.h"

#include <algorithm>
#include <utility>

namespace smtpmark::io {

void SimulatedScheduler::run(TimeNs end) {
  for (;;) {
    begin_pass(now_);
    if (run_due() || has_posted()) continue;
    const TimeNs due = next_due();
    if (due == kNever || due > end) return;
    now_ = std::max(now_, due);
  }
}

void MemoryTransport::announce() {
  if (std::exchange(announced_, true)) return;
  scheduler_.post(&MemoryTransport::on_arrival, this);
}

void MemoryTransport::on_arrival(void* self) {
  auto& transport = *static_cast<MemoryTransport*>(self);
  transport.announced_ = false;
  transport.arrived_ = true;
  transport.progress();
}

void MemoryTransport::on_deadline(void* self) {
  auto& transport = *static_cast<MemoryTransport*>(self);
  if (!transport.awaited()) return;
  transport.fail({ErrorKind::kTimedOut, 0, 0});
  transport.progress();
}

Transport::Pull MemoryTransport::pull() {
  if (failed()) return Pull::kFailed;
  if (!arrived_) return Pull::kNothing;
  arrived_ = false;
  if (inbox_.empty()) {
    if (end_.kind == ErrorKind::kNone) return Pull::kNothing;
    fail(end_);
    return Pull::kFailed;
  }
  const std::size_t wanted = next_piece ? std::max<std::size_t>(next_piece(), 1) : inbox_.size();
  const std::size_t size = std::min(wanted, inbox_.size());
  std::string joined(input());
  joined.append(inbox_, 0, size);
  inbox_.erase(0, size);
  visible_ = std::move(joined);
  input_begin_ = visible_.data();
  input_end_ = visible_.data() + visible_.size();
  if (!inbox_.empty() || end_.kind != ErrorKind::kNone) announce();
  return Pull::kGrew;
}

void MemoryTransport::push() {
  if (output_.empty() || peer_ == nullptr || failed()) return;
  sent_.append(output_);
  peer_->inbox_.append(output_);
  output_.clear();
  peer_->announce();
}

void MemoryTransport::discard_input() noexcept {
  consume(input().size());
  inbox_.clear();
}

void MemoryTransport::close() {
  if (peer_ == nullptr) return;
  push();
  peer_->end_ = {ErrorKind::kClosed, 0, 0};
  peer_->announce();
}

void MemoryTransport::reset() {
  if (peer_ == nullptr) return;
  peer_->inbox_.clear();
  peer_->fail({ErrorKind::kReset, 0, 0});
  peer_->announce();
}

}  // namespace smtpmark::io
