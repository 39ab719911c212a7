// Time and turns: what a dialogue needs of the loop that runs it. Ring is the real one; a simulated
// one drives the in-memory transport.
#ifndef SMTPMARK_IO_SCHEDULER_H_
#define SMTPMARK_IO_SCHEDULER_H_

#include <coroutine>
#include <cstdint>
#include <limits>
#include <vector>

namespace smtpmark::io {

// Nanoseconds of CLOCK_MONOTONIC, or of the simulated clock.
using TimeNs = std::uint64_t;
inline constexpr TimeNs kNever = std::numeric_limits<TimeNs>::max();
inline constexpr TimeNs kMillisecond = 1'000'000;
inline constexpr TimeNs kSecond = 1'000'000'000;

TimeNs monotonic_now() noexcept;

class Scheduler;

// Fires once at its time. Moving it later costs one store: it is put back when it comes up early.
class Timer {
 public:
  using Callback = void (*)(void* context);

  Timer() = default;
  Timer(Callback callback, void* context) : callback_(callback), context_(context) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();  // a timer that is destroyed does not fire

 private:
  friend class Scheduler;
  static constexpr std::uint32_t kNotQueued = std::numeric_limits<std::uint32_t>::max();

  Callback callback_ = nullptr;
  void* context_ = nullptr;
  Scheduler* scheduler_ = nullptr;  // set while it is queued
  TimeNs due_ = kNever;             // kNever: does not fire
  TimeNs queued_for_ = kNever;      // its key in the heap, never later than due_
  std::uint32_t position_ = kNotQueued;
};

class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler();

  // The current time; one clock read a call on a real loop.
  virtual TimeNs now() const noexcept = 0;

  // The time at which the current loop pass began; costs nothing. For coarse deadlines.
  TimeNs pass_time() const noexcept { return pass_time_; }

  // Sets `timer` to fire at `due` instead of what it was set to before; kNever disarms it.
  void set_timer(Timer& timer, TimeNs due);

  // Runs `callback(context)` in this loop pass or the next, never from within this call.
  void post(Timer::Callback callback, void* context) { ready_.push_back({callback, context}); }

  // co_await scheduler.sleep_until(t): at once when `t` has passed.
  class SleepAwaiter;
  SleepAwaiter sleep_until(TimeNs due);

  // The same, but end_naps() ends it early: many may sleep for long, and none has to wake up to ask
  // whether it still should.
  class NapAwaiter;
  NapAwaiter nap_until(TimeNs due);
  // Resumes, in this loop pass or the next, everyone who naps now.
  void end_naps();

  // The time of the next timer, kNever without one. May be earlier than anything that will fire.
  TimeNs next_due() const noexcept { return heap_.empty() ? kNever : heap_.front()->queued_for_; }

  // Begins a loop pass at `now`.
  void begin_pass(TimeNs now) noexcept { pass_time_ = now; }
  // Fires what is due at pass_time() and runs what was posted. Returns whether anything ran.
  bool run_due();
  bool has_posted() const noexcept { return !ready_.empty(); }

 private:
  friend class Timer;
  struct Posted {
    Timer::Callback callback;
    void* context;
  };

  void insert(Timer& timer);
  void remove(Timer& timer) noexcept;
  void sift_up(std::uint32_t position) noexcept;
  void sift_down(std::uint32_t position) noexcept;
  void place(Timer* timer, std::uint32_t position) noexcept;

  TimeNs pass_time_ = 0;
  NapAwaiter* naps_ = nullptr;  // a list through those who nap
  std::vector<Timer*> heap_;    // binary heap by queued_for_
  std::vector<Posted> ready_;
  std::vector<Posted> running_;
};

class Scheduler::SleepAwaiter {
 public:
  SleepAwaiter(Scheduler& scheduler, TimeNs due) : scheduler_(scheduler), due_(due) {}
  bool await_ready() const noexcept { return due_ <= scheduler_.now(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    scheduler_.set_timer(timer_, due_);
  }
  void await_resume() const noexcept {}

 private:
  static void wake(void* self) { static_cast<SleepAwaiter*>(self)->waiter_.resume(); }

  Scheduler& scheduler_;
  TimeNs due_;
  std::coroutine_handle<> waiter_;
  Timer timer_{&SleepAwaiter::wake, this};
};

class Scheduler::NapAwaiter {
 public:
  NapAwaiter(Scheduler& scheduler, TimeNs due) : scheduler_(scheduler), due_(due) {}
  NapAwaiter(const NapAwaiter&) = delete;
  NapAwaiter& operator=(const NapAwaiter&) = delete;
  ~NapAwaiter() { leave(); }
  bool await_ready() const noexcept { return due_ <= scheduler_.now(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    next_ = scheduler_.naps_;
    if (next_ != nullptr) next_->link_ = &next_;
    link_ = &scheduler_.naps_;
    scheduler_.naps_ = this;
    scheduler_.set_timer(timer_, due_);
  }
  void await_resume() const noexcept {}

 private:
  friend class Scheduler;
  void leave() noexcept {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
  }
  static void wake(void* self) {
    auto& nap = *static_cast<NapAwaiter*>(self);
    nap.leave();
    nap.waiter_.resume();
  }

  Scheduler& scheduler_;
  TimeNs due_;
  std::coroutine_handle<> waiter_;
  NapAwaiter* next_ = nullptr;
  NapAwaiter** link_ = nullptr;  // what points to this one; null: it does not nap
  Timer timer_{&NapAwaiter::wake, this};
};

inline Scheduler::NapAwaiter Scheduler::nap_until(TimeNs due) {
  return {*this, due};
}

inline Scheduler::SleepAwaiter Scheduler::sleep_until(TimeNs due) {
  return {*this, due};
}

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_SCHEDULER_H_
