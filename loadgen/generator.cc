#include "loadgen/generator.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "loadgen/generator_thread.h"

namespace smtpmark::loadgen {

namespace {

constexpr TimeNs kGrace = 5 * io::kSecond;  // for messages under way when the time is up
constexpr TimeNs kSilent = io::kSecond;     // so long after an interrupt nothing is said
constexpr auto kLookAround = std::chrono::nanoseconds(SurroundingsProbe::kTick);
constexpr TimeNs kJudgeEvery = io::kSecond / 4;

using Threads = std::vector<std::unique_ptr<GeneratorThread>>;

double seconds(TimeNs from, TimeNs to) {
  return to > from ? static_cast<double>(to - from) / 1e9 : 0.0;
}

// Watches over a run from its start to its end.
class Watch {
 public:
  Watch(const RunPlan& plan, const LoadHooks& hooks, Meeting& meeting, Threads& threads)
      : plan_(plan), hooks_(hooks), meeting_(meeting), threads_(threads) {
    period_ = !plan.load.stop_when.empty() ? kJudgeEvery : hooks.on_second ? io::kSecond : 0;
  }

  LoadResult run() {
    begin();
    wait_until(meeting_.timetable.window.begin);
    const CpuSample before = sample();
    probe_.begin(thread_ids());
    wait_until(meeting_.timetable.window.end);
    const CpuSample after = sample();
    LoadResult result;
    result.surroundings = probe_.finish();
    wait_until(meeting_.timetable.end);
    let_end();
    result.generator_cpu_s = after.generator_s - before.generator_s;
    result.server_cpu_known = static_cast<bool>(hooks_.server_cpu);
    result.server_cpu_s = after.server_s - before.server_s;
    result.measured_s = static_cast<double>(after.at - before.at) / 1e9;
    result.ending = ending_;
    result.stop_reason = stop_reason_;
    return result;
  }

 private:
  struct CpuSample {
    TimeNs at = 0;
    double generator_s = 0.0;
    double server_s = 0.0;
  };

  void begin() {
    const std::lock_guard lock(meeting_.mutex);
    const LoadPlan& load = plan_.load;
    Timetable& timetable = meeting_.timetable;
    timetable.start = io::monotonic_now();
    timetable.window.begin = timetable.start + load.warmup_ns;
    if (load.duration_ns > 0) {
      timetable.window.end = timetable.window.begin + load.duration_ns;
      timetable.end = timetable.window.end + load.cooldown_ns;
    }
    next_look_ = timetable.start + period_;
    next_second_ = timetable.start + io::kSecond;
    meeting_.may_begin = true;
    meeting_.changed.notify_all();
  }

  // Until `time`, the end of all threads, or an early end of the run.
  void wait_until(TimeNs time) {
    std::unique_lock lock(meeting_.mutex);
    for (;;) {
      if (ends_early_at_ != 0) time = std::min(time, ends_early_at_);
      const TimeNs now = io::monotonic_now();
      if (meeting_.ended == threads_.size() || now >= time) return;
      if (ends_early_at_ != 0 && in_a_hurry()) return;
      const std::chrono::nanoseconds left(std::min<TimeNs>(time - now, io::kSecond));
      meeting_.changed.wait_for(lock, std::min<std::chrono::nanoseconds>(kLookAround, left));
      probe_.tick();
      look_around();
    }
  }

  bool in_a_hurry() const {
    return hooks_.hurried != nullptr && hooks_.hurried->load(std::memory_order_relaxed);
  }

  void look_around() {
    if (ends_early_at_ != 0) return say_that_it_waits();
    if (hooks_.interrupted != nullptr && hooks_.interrupted->load(std::memory_order_relaxed)) {
      return end_early(Ending::kInterrupted, {});
    }
    if (meeting_.overrun.load(std::memory_order_relaxed)) {
      return end_early(Ending::kStopped, "more turns waited for a connection than --backlog " +
                                             std::to_string(plan_.load.backlog) + " allows");
    }
    const TimeNs now = io::monotonic_now();
    if (period_ == 0 || now < next_look_) return;
    // Figures are asked for in one look and judged in the next: threads publish them in between.
    if (asked_) examine(now);
    asked_ = !asked_;
    if (asked_) {
      meeting_.looks.fetch_add(1, std::memory_order_relaxed);
    } else {
      next_look_ += (now - next_look_) / period_ * period_ + period_;
    }
  }

  void end_early(Ending ending, const std::string& reason) {
    ending_ = ending;
    stop_reason_ = reason;
    meeting_.stop.store(true, std::memory_order_relaxed);
    // What is under way is still counted, so the window ends with it.
    ends_early_at_ = io::monotonic_now() + kGrace;
  }

  void say_that_it_waits() {
    if (ending_ != Ending::kInterrupted || said_ || !hooks_.on_wait) return;
    if (io::monotonic_now() < ends_early_at_ - kGrace + kSilent) return;
    said_ = true;
    hooks_.on_wait();
  }

  void examine(TimeNs now) {
    const Timetable& timetable = meeting_.timetable;
    LiveFigures live;
    for (const auto& thread : threads_) thread->add_live(live);
    live.measured.seconds = seconds(timetable.window.begin, std::min(now, timetable.window.end));
    for (const Predicate& condition : plan_.load.stop_when) {
      if (judge(condition, live.measured) != Truth::kTrue) continue;
      return end_early(Ending::kStopped, describe(condition, live.measured) +
                                             ", and the run ends when " + condition.text);
    }
    if (!hooks_.on_second || now < next_second_) return;
    next_second_ += (now - next_second_) / io::kSecond * io::kSecond + io::kSecond;
    LoadProgress progress;
    progress.elapsed_s = seconds(timetable.start, now);
    if (timetable.end != io::kNever) progress.planned_s = seconds(timetable.start, timetable.end);
    progress.measured_for_s = live.measured.seconds;
    progress.total = live.total;
    progress.measured = std::move(live.measured);
    hooks_.on_second(progress);
  }

  void let_end() {
    {
      std::unique_lock lock(meeting_.mutex);
      const auto all_ended = [this] { return meeting_.ended == threads_.size(); };
      const TimeNs give_up_at = io::monotonic_now() + kGrace;
      while (!all_ended() && io::monotonic_now() < give_up_at && !in_a_hurry()) {
        meeting_.changed.wait_for(lock, kLookAround);
      }
      if (!all_ended()) {
        meeting_.stop.store(true, std::memory_order_relaxed);
        for (const auto& thread : threads_) thread->cut();
        meeting_.changed.wait(lock, all_ended);
      }
      meeting_.may_leave = true;
      meeting_.changed.notify_all();
    }
    for (const auto& thread : threads_) thread->join();
  }

  std::vector<pid_t> thread_ids() const {
    std::vector<pid_t> ids;
    for (const auto& thread : threads_) ids.push_back(thread->id());
    return ids;
  }

  CpuSample sample() {
    CpuSample taken;
    taken.at = io::monotonic_now();
    for (const auto& thread : threads_) taken.generator_s += thread->cpu_seconds();
    if (hooks_.server_cpu) taken.server_s = hooks_.server_cpu();
    return taken;
  }

  const RunPlan& plan_;
  const LoadHooks& hooks_;
  Meeting& meeting_;
  Threads& threads_;
  SurroundingsProbe probe_;
  TimeNs period_ = 0;  // between looks at the figures; 0: none
  TimeNs next_look_ = 0;
  TimeNs next_second_ = 0;
  bool asked_ = false;
  bool said_ = false;         // that it waits
  TimeNs ends_early_at_ = 0;  // 0: it does not
  Ending ending_ = Ending::kCompleted;
  std::string stop_reason_;
};

// Those that a look at the figures needs.
std::vector<Phase> watched_phases(const LoadPlan& load) {
  std::vector<Phase> phases = {Phase::kMessage, Phase::kSession};
  for (const Predicate& condition : load.stop_when) {
    for (const Comparison& comparison : condition.comparisons) phases.push_back(comparison.phase);
  }
  std::sort(phases.begin(), phases.end());
  phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
  return phases;
}

void gather(const Threads& threads, std::size_t classes, LoadResult& result) {
  result.classes.resize(classes);
  for (std::size_t i = 0; i < classes; ++i) {
    ClassResult& one = result.classes[i];
    for (const auto& thread : threads) {
      one.metrics.merge(thread->metrics(i));
      one.most_waiting += thread->most_waiting(i);
    }
    result.metrics.merge(one.metrics);
    result.most_waiting += one.most_waiting;
  }
}

}  // namespace

std::string_view to_string(Ending ending) noexcept {
  switch (ending) {
    case Ending::kCompleted: return "completed";
    case Ending::kInterrupted: return "interrupted";
    case Ending::kStopped: return "stopped";
    case Ending::kAborted: return "aborted";
  }
  return "completed";
}

tl::expected<LoadResult, std::string> run_load(const RunPlan& plan, const LoadHooks& hooks) {
  Meeting meeting;
  meeting.watched = watched_phases(plan.load);
  Threads threads;
  const auto dismiss = [&] {
    {
      const std::lock_guard lock(meeting.mutex);
      meeting.stop = meeting.may_begin = meeting.may_leave = true;
      meeting.changed.notify_all();
    }
    for (const auto& thread : threads) thread->join();
  };
  for (std::uint32_t i = 0; i < plan.load.threads; ++i) {
    threads.push_back(std::make_unique<GeneratorThread>(plan, i, meeting));
    if (auto started = threads.back()->start(); !started) {
      dismiss();
      return tl::unexpected(started.error());
    }
  }
  LoadResult result = Watch(plan, hooks, meeting, threads).run();
  gather(threads, plan.classes.size(), result);
  const std::vector<ErrorRow>& errors = result.metrics.errors();
  if (errors.empty()) return result;
  const ErrorRow& most =
      *std::max_element(errors.begin(), errors.end(),
                        [](const ErrorRow& a, const ErrorRow& b) { return a.count < b.count; });
  result.main_failure = std::string(to_string(most.phase)) + ": " + most.sample;
  if (result.metrics.total().sessions_established == 0 &&
      result.metrics.total().auth_rejected_as_wanted == 0 && result.ending == Ending::kCompleted) {
    result.ending = Ending::kAborted;
  }
  return result;
}

}  // namespace smtpmark::loadgen
