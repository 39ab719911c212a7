// One thread of a load: its ring, its connections of every class, its figures.
#ifndef SMTPMARK_LOADGEN_GENERATOR_THREAD_H_
#define SMTPMARK_LOADGEN_GENERATOR_THREAD_H_

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "io/ring.h"
#include "loadgen/client_session.h"
#include "loadgen/cpu.h"
#include "loadgen/plan.h"
#include "loadgen/predicate.h"
#include "loadgen/turn_gate.h"

namespace smtpmark::loadgen {

// The moments of a run, in CLOCK_MONOTONIC.
struct Timetable {
  TimeNs start = 0;
  Window window;
  TimeNs end = io::kNever;  // of the cool-down: no turn begins behind it
};

// Where threads and the one that watches over them meet.
struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint32_t ended = 0;
  bool may_begin = false;
  bool may_leave = false;
  Timetable timetable;
  std::vector<Phase> watched;  // whose histograms are published
  std::atomic<bool> stop{false};
  std::atomic<bool> overrun{false};        // more turns wait than may
  std::atomic<std::uint32_t> looks{0};     // how often figures were asked for
  std::atomic<std::uint32_t> failures{0};  // sessions that could not be established
  std::atomic<bool> any_established{false};
};

// What a thread last published: of the measured part, and of the whole run.
struct LiveFigures {
  Figures measured;
  Counters total;
};

class GeneratorThread {
 public:
  GeneratorThread(const RunPlan& plan, std::uint32_t index, Meeting& meeting);

  // Returns when the thread is ready to begin.
  tl::expected<void, std::string> start();
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // Ends connections that do not end by themselves.
  void cut() {
    if (ring_) ring_->request_stop();
  }
  double cpu_seconds() noexcept { return thread_cpu_seconds(thread_); }
  pid_t id() const noexcept { return id_; }  // behind start()

  // Adds what the thread published when it was last asked. From any thread.
  void add_live(LiveFigures& all) const;

  // Behind join(): of each class, as in the plan.
  const Metrics& metrics(std::size_t number) const { return shares_[number]->metrics; }
  std::uint64_t most_waiting(std::size_t number) const { return shares_[number]->most_waiting(); }

 private:
  // What this thread has of one class.
  struct Share {
    Share(const ClassPlan& class_plan, std::uint32_t index, std::uint32_t threads)
        : plan(class_plan),
          first_number(index),
          stride(threads),
          script(class_plan.session),
          sasl(class_plan.session.auth, index, threads) {}
    std::uint64_t most_waiting() const { return gate ? gate->most_waiting() : 0; }

    // Of sessions, from 0: those of all threads have numbers of their own.
    std::uint64_t next_number() noexcept { return first_number + stride * sessions_begun++; }
    const io::Address& target_of(std::uint64_t number) const noexcept {
      return plan.targets[number % plan.targets.size()];
    }
    const io::Address* source_of(std::uint64_t number) const noexcept {
      return plan.sources.empty() ? nullptr : &plan.sources[number % plan.sources.size()];
    }
    // What a proxy says of the connection `descriptor`.
    std::string proxy_header(std::uint64_t number, int descriptor) const;

    const ClassPlan& plan;
    std::uint64_t first_number;
    std::uint64_t stride;
    std::uint64_t sessions_begun = 0;
    Script script;
    std::optional<MailSource> mail;
    SaslClient sasl;
    std::uint32_t connections = 0;
    TurnShare turns;
    std::optional<io::TlsContext> tls;
    std::optional<TurnGate> gate;
    std::optional<ClientContext> context;
    Metrics metrics;
  };

  void share_out();
  void run(std::promise<tl::expected<void, std::string>>& ready);
  tl::expected<void, std::string> set_up();
  void prepare(const Timetable& timetable);
  void carry_load();
  void publish_if_asked();
  static void on_patrol(void* self);
  io::Task<> keep_connection(Share& share);
  io::Task<bool> hold_session(Share& share, Turn turn);
  void note_failure(io::ErrorKind kind = io::ErrorKind::kNone);

  const RunPlan& plan_;
  std::uint32_t index_;
  Meeting& meeting_;
  RateCurve curve_;
  std::vector<std::unique_ptr<Share>> shares_;
  std::unique_ptr<io::Ring> ring_;
  io::Timer patrol_{&GeneratorThread::on_patrol, this};
  std::uint32_t active_ = 0;  // connections that are kept
  mutable std::mutex live_mutex_;
  LiveFigures live_;
  std::uint32_t looks_answered_ = 0;
  pid_t id_ = 0;
  std::thread thread_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_GENERATOR_THREAD_H_
