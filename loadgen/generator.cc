#include "loadgen/generator.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "io/ring.h"
#include "io/socket.h"
#include "loadgen/client_session.h"
#include "loadgen/cpu.h"
#include "loadgen/turn_gate.h"

namespace smtpmark::loadgen {

namespace {

constexpr TimeNs kBackoff = 100 * io::kMillisecond;  // behind a session that failed
constexpr TimeNs kGrace = 5 * io::kSecond;           // for messages under way when the time is up
constexpr auto kLookAround = std::chrono::milliseconds(20);

// The moments of a run, in CLOCK_MONOTONIC.
struct Timetable {
  TimeNs start = 0;
  Window window;
};

// Where threads and the one that watches over them meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint32_t ended = 0;
  bool may_begin = false;
  bool may_leave = false;
  Timetable timetable;
  std::atomic<bool> stop{false};
  std::atomic<std::uint32_t> failures{0};  // sessions that could not be established
  std::atomic<bool> any_established{false};
};

std::uint64_t share_of(std::uint64_t whole, std::uint32_t parts, std::uint32_t index) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

TurnShare turn_share(const LoadPlan& load, std::uint32_t index) {
  TurnShare share;
  if (load.count > 0) share.turns = share_of(load.count, load.threads, index);
  if (load.rate_per_s > 0.0) {
    share.interval_ns = 1e9 * load.threads / load.rate_per_s;
    share.offset_ns = 1e9 * index / load.rate_per_s;
  }
  return share;
}

}  // namespace

std::string_view to_string(Ending ending) noexcept {
  switch (ending) {
    case Ending::kCompleted: return "completed";
    case Ending::kInterrupted: return "interrupted";
    case Ending::kAborted: return "aborted";
  }
  return "completed";
}

// One thread of the load: its ring, its connections, its figures.
class GeneratorThread {
 public:
  GeneratorThread(const RunPlan& plan, std::uint32_t index, Meeting& meeting)
      : plan_(plan),
        index_(index),
        meeting_(meeting),
        script_(plan.session),
        message_(Message::render(plan.session)) {}

  // Returns when the thread is ready to begin.
  tl::expected<void, std::string> start() {
    std::promise<tl::expected<void, std::string>> ready;
    auto result = ready.get_future();
    try {
      thread_ = std::thread([this, &ready] { run(ready); });
    } catch (const std::system_error& error) {
      return tl::unexpected(std::string("cannot start another thread: ") + error.what());
    }
    return result.get();
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // Ends connections that do not end by themselves.
  void cut() {
    if (ring_) ring_->request_stop();
  }
  double cpu_seconds() noexcept { return thread_cpu_seconds(thread_); }
  const Metrics& metrics() const noexcept { return metrics_; }

 private:
  void run(std::promise<tl::expected<void, std::string>>& ready);
  tl::expected<void, std::string> set_up();
  void carry_load();
  io::Task<> keep_connection();
  io::Task<bool> hold_session(Turn turn);
  void note_failure(io::ErrorKind kind = io::ErrorKind::kNone);

  const RunPlan& plan_;
  std::uint32_t index_;
  Meeting& meeting_;
  Script script_;
  Message message_;
  Metrics metrics_;
  std::unique_ptr<io::Ring> ring_;
  std::optional<io::TlsContext> tls_;
  std::optional<TurnGate> gate_;
  std::optional<ClientContext> context_;
  std::uint32_t connections_ = 0;
  std::uint32_t active_ = 0;
  std::thread thread_;
};

void GeneratorThread::run(std::promise<tl::expected<void, std::string>>& ready) {
  if (plan_.load.first_cpu >= 0) pin_this_thread(plan_.load.first_cpu + static_cast<int>(index_));
  auto result = set_up();
  const bool good = result.has_value();
  ready.set_value(std::move(result));
  if (!good) return;
  Timetable timetable;
  {
    std::unique_lock lock(meeting_.mutex);
    meeting_.changed.wait(lock, [this] { return meeting_.may_begin; });
    timetable = meeting_.timetable;
  }
  gate_.emplace(turn_share(plan_.load, index_), timetable.start, timetable.window.end,
                meeting_.stop);
  context_.emplace(
      ClientContext{plan_.session, script_, message_, tls_ ? &*tls_ : nullptr, *gate_, metrics_});
  metrics_.begin(timetable.start, timetable.window,
                 (plan_.load.warmup_ns + plan_.load.duration_ns) / io::kSecond);
  carry_load();
  std::unique_lock lock(meeting_.mutex);
  ++meeting_.ended;
  meeting_.changed.notify_all();
  meeting_.changed.wait(lock, [this] { return meeting_.may_leave; });
}

tl::expected<void, std::string> GeneratorThread::set_up() {
  connections_ =
      static_cast<std::uint32_t>(share_of(plan_.load.connections, plan_.load.threads, index_));
  io::RingOptions options;
  options.connections = connections_;
  auto ring = io::Ring::create(options);
  if (!ring) return tl::unexpected(ring.error().message);
  ring_ = std::move(*ring);
  if (plan_.session.tls == TlsPolicy::kNone) return {};
  auto tls = io::TlsContext::for_client(plan_.tls);
  if (!tls) return tl::unexpected(tls.error());
  tls_.emplace(std::move(*tls));
  return {};
}

void GeneratorThread::carry_load() {
  active_ = connections_;
  for (std::uint32_t i = 0; i < connections_; ++i) io::spawn(keep_connection());
  ring_->run_until([this] { return active_ == 0; });
  ring_->shut_down();
  // Those that slept when the rest was cut wake up and see that it is over.
  while (active_ > 0) ring_->run_once(ring_->now() + kBackoff);
}

// Session after session on one connection slot.
io::Task<> GeneratorThread::keep_connection() {
  for (;;) {
    const std::optional<Turn> turn = gate_->take(ring_->now());
    if (!turn) break;
    const bool begun = co_await wait_for_turn(*context_, *ring_, *turn);
    if (!begun) break;
    if (const bool ok = co_await hold_session(*turn); ok) continue;
    if (gate_->ended(ring_->now())) break;
    co_await ring_->sleep_until(ring_->now() + kBackoff);
  }
  --active_;
}

io::Task<bool> GeneratorThread::hold_session(Turn turn) {
  const TimeNs started = ring_->now();
  metrics_.count(&Counters::sessions_started, started);
  const TimeNs deadline = started + plan_.session.timeout_ns;
  io::Result<io::SocketPtr> socket = co_await io::connect(*ring_, plan_.target, nullptr, deadline);
  const TimeNs connected = ring_->now();
  if (!socket) {
    metrics_.error(connected, Phase::kConnect, to_string(socket.error().kind), 0, {},
                   describe(socket.error()));
    if (plan_.session.messages_per_connection > 0) {
      metrics_.count(&Counters::messages_failed, connected);
    }
    note_failure(socket.error().kind);
    co_return false;
  }
  metrics_.record(Phase::kConnect, started, connected);
  ClientSession session(*context_, **socket, turn, started, connected);
  const bool as_planned = co_await session.run();
  if (session.established()) {
    meeting_.any_established.store(true, std::memory_order_relaxed);
  } else {
    note_failure();
  }
  co_return as_planned;
}

// A target that lets nobody in is not worth going on with: each connection of the run, those of the
// other threads too, has failed, and none has got in.
void GeneratorThread::note_failure(io::ErrorKind kind) {
  if (kind == io::ErrorKind::kCanceled) return;
  const std::uint32_t failures = meeting_.failures.fetch_add(1, std::memory_order_relaxed) + 1;
  if (failures >= plan_.load.connections &&
      !meeting_.any_established.load(std::memory_order_relaxed)) {
    meeting_.stop.store(true, std::memory_order_relaxed);
  }
}

namespace {

// Watches over a run from its start to its end.
class Watch {
 public:
  Watch(const RunPlan& plan, const LoadHooks& hooks, Meeting& meeting,
        std::vector<std::unique_ptr<GeneratorThread>>& threads)
      : plan_(plan), hooks_(hooks), meeting_(meeting), threads_(threads) {}

  LoadResult run() {
    begin();
    wait_until(meeting_.timetable.window.begin);
    const CpuSample before = sample();
    wait_until(meeting_.timetable.window.end);
    const CpuSample after = sample();
    let_end();
    LoadResult result;
    result.generator_cpu_s = after.generator_s - before.generator_s;
    result.server_cpu_s = after.server_s - before.server_s;
    result.measured_s = static_cast<double>(after.at - before.at) / 1e9;
    result.ending = interrupted_ ? Ending::kInterrupted : Ending::kCompleted;
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
    Timetable& timetable = meeting_.timetable;
    timetable.start = io::monotonic_now();
    timetable.window.begin = timetable.start + plan_.load.warmup_ns;
    timetable.window.end =
        plan_.load.duration_ns == 0 ? io::kNever : timetable.window.begin + plan_.load.duration_ns;
    meeting_.may_begin = true;
    meeting_.changed.notify_all();
  }

  // Until `time`, the end of all threads, or an interruption.
  void wait_until(TimeNs time) {
    std::unique_lock lock(meeting_.mutex);
    while (meeting_.ended < threads_.size() && io::monotonic_now() < time) {
      if (!interrupted_ && hooks_.interrupted != nullptr &&
          hooks_.interrupted->load(std::memory_order_relaxed)) {
        interrupted_ = true;
        meeting_.stop.store(true, std::memory_order_relaxed);
        // What is under way is still counted, so the window ends with it.
        time = std::min(time, io::monotonic_now() + kGrace);
      }
      const TimeNs left = time - io::monotonic_now();
      meeting_.changed.wait_for(
          lock, std::min<std::chrono::nanoseconds>(
                    kLookAround, std::chrono::nanoseconds(std::min<TimeNs>(left, io::kSecond))));
    }
  }

  void let_end() {
    {
      std::unique_lock lock(meeting_.mutex);
      const auto all_ended = [this] { return meeting_.ended == threads_.size(); };
      if (!meeting_.changed.wait_for(lock, std::chrono::nanoseconds(kGrace), all_ended)) {
        meeting_.stop.store(true, std::memory_order_relaxed);
        for (const auto& thread : threads_) thread->cut();
        meeting_.changed.wait(lock, all_ended);
      }
      meeting_.may_leave = true;
      meeting_.changed.notify_all();
    }
    for (const auto& thread : threads_) thread->join();
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
  std::vector<std::unique_ptr<GeneratorThread>>& threads_;
  bool interrupted_ = false;
};

}  // namespace

tl::expected<LoadResult, std::string> run_load(const RunPlan& plan, const LoadHooks& hooks) {
  Meeting meeting;
  std::vector<std::unique_ptr<GeneratorThread>> threads;
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
  for (const auto& thread : threads) result.metrics.merge(thread->metrics());
  const std::vector<ErrorRow>& errors = result.metrics.errors();
  if (errors.empty()) return result;
  const ErrorRow& most =
      *std::max_element(errors.begin(), errors.end(),
                        [](const ErrorRow& a, const ErrorRow& b) { return a.count < b.count; });
  result.main_failure = std::string(to_string(most.phase)) + ": " + most.sample;
  if (result.metrics.total().sessions_established == 0 && result.ending == Ending::kCompleted) {
    result.ending = Ending::kAborted;
  }
  return result;
}

}  // namespace smtpmark::loadgen
