#include "io/scheduler.h"

#include <ctime>

namespace smtpmark::io {

TimeNs monotonic_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<TimeNs>(now.tv_sec) * kSecond + static_cast<TimeNs>(now.tv_nsec);
}

Timer::~Timer() {
  if (scheduler_ != nullptr) scheduler_->remove(*this);
}

Scheduler::~Scheduler() {
  for (NapAwaiter* nap = naps_; nap != nullptr; nap = nap->next_) nap->link_ = nullptr;
  for (Timer* timer : heap_) {
    timer->position_ = Timer::kNotQueued;
    timer->scheduler_ = nullptr;
  }
}

void Scheduler::set_timer(Timer& timer, TimeNs due) {
  timer.due_ = due;
  if (timer.position_ == Timer::kNotQueued) {
    if (due != kNever) insert(timer);
    return;
  }
  if (due >= timer.queued_for_) return;  // later: looked at again when it comes up
  timer.queued_for_ = due;
  sift_up(timer.position_);
}

// Their timers are due at once: one that is destroyed before its turn does not fire.
void Scheduler::end_naps() {
  for (NapAwaiter* nap = naps_; nap != nullptr; nap = nap->next_)
    set_timer(nap->timer_, pass_time_);
}

bool Scheduler::run_due() {
  const TimeNs now = pass_time_;
  bool ran = false;
  while (!heap_.empty() && heap_.front()->queued_for_ <= now) {
    Timer& timer = *heap_.front();
    if (timer.due_ != timer.queued_for_) {  // moved later since: back into its order
      if (timer.due_ == kNever) {
        remove(timer);
      } else {
        timer.queued_for_ = timer.due_;
        sift_down(0);
      }
      continue;
    }
    remove(timer);
    timer.due_ = kNever;
    ran = true;
    timer.callback_(timer.context_);
  }
  if (!ready_.empty()) {
    ran = true;
    running_.swap(ready_);
    for (const Posted& posted : running_) posted.callback(posted.context);
    running_.clear();
  }
  return ran;
}

void Scheduler::insert(Timer& timer) {
  timer.scheduler_ = this;
  timer.queued_for_ = timer.due_;
  timer.position_ = static_cast<std::uint32_t>(heap_.size());
  heap_.push_back(&timer);
  sift_up(timer.position_);
}

void Scheduler::remove(Timer& timer) noexcept {
  const std::uint32_t position = timer.position_;
  timer.position_ = Timer::kNotQueued;
  timer.scheduler_ = nullptr;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(last, position);
  sift_up(position);
  sift_down(last->position_);
}

void Scheduler::place(Timer* timer, std::uint32_t position) noexcept {
  heap_[position] = timer;
  timer->position_ = position;
}

void Scheduler::sift_up(std::uint32_t position) noexcept {
  Timer* timer = heap_[position];
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 2;
    if (heap_[parent]->queued_for_ <= timer->queued_for_) break;
    place(heap_[parent], position);
    position = parent;
  }
  place(timer, position);
}

void Scheduler::sift_down(std::uint32_t position) noexcept {
  Timer* timer = heap_[position];
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = 2 * position + 1;
    if (child >= size) break;
    if (child + 1 < size && heap_[child + 1]->queued_for_ < heap_[child]->queued_for_) ++child;
    if (timer->queued_for_ <= heap_[child]->queued_for_) break;
    place(heap_[child], position);
    position = child;
  }
  place(timer, position);
}

}  // namespace smtpmark::io
