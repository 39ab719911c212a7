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

void MemoryTransport::set_deadline(TimeNs deadline) {
  deadline_passed_ = false;
  scheduler_.set_timer(deadline_timer_, deadline);
}

void MemoryTransport::on_deadline(void* self) {
  auto& transport = *static_cast<MemoryTransport*>(self);
  transport.deadline_passed_ = true;
  if (!transport.awaited()) return;
  transport.fail({ErrorKind::kTimedOut, 0, 0});
  transport.progress();
}

Transport::Pull MemoryTransport::pull() {
  if (failed()) return Pull::kFailed;
  if (!std::exchange(arrived_, false) || inbox_.empty()) {
    if (inbox_.empty() && end_.kind != ErrorKind::kNone) fail(end_);
    if (deadline_passed_) fail({ErrorKind::kTimedOut, 0, 0});
    return failed() ? Pull::kFailed : Pull::kNothing;
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
  if (output_.empty() || peer_ == nullptr || send_failed()) return;
  sent_.append(output_);
  sent_at_ = scheduler_.now();
  peer_->inbox_.append(output_);
  output_.clear();
  peer_->announce();
  // As on a network, the layer above learns later that there is room for more.
  scheduler_.post([](void* self) { static_cast<MemoryTransport*>(self)->progress(); }, this);
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
