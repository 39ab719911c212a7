// A connection without a network, and a clock without time: dialogues run on them exactly as they
// run on a ring, and the same way every time.
#ifndef SMTPMARK_IO_MEMORY_TRANSPORT_H_
#define SMTPMARK_IO_MEMORY_TRANSPORT_H_

#include <cstddef>
#include <functional>
#include <string>

#include "io/scheduler.h"
#include "io/transport.h"

namespace smtpmark::io {

// Time stands still while anything can run and then jumps to the next timer.
class SimulatedScheduler final : public Scheduler {
 public:
  TimeNs now() const noexcept override { return now_; }
  // Runs until nothing is left to run, or to the simulated time `end`.
  void run(TimeNs end = kNever);

 private:
  TimeNs now_ = kSecond;
};

// One end of a connection. Octets arrive in the pieces that `next_piece` dictates.
class MemoryTransport final : public Transport {
 public:
  explicit MemoryTransport(Scheduler& scheduler)
      : scheduler_(scheduler), deadline_timer_(&MemoryTransport::on_deadline, this) {}

  static void join(MemoryTransport& a, MemoryTransport& b) {
    a.peer_ = &b;
    b.peer_ = &a;
  }

  // The size of the next piece that this end receives; at least 1. Unset: all there is.
  std::function<std::size_t()> next_piece;

  // Ends the stream behind what was written: the peer receives kClosed.
  void close();
  // Breaks the connection at once: the peer receives kReset, and nothing that was under way.
  void reset();

  // All octets that this end has sent.
  const std::string& sent() const noexcept { return sent_; }

  void discard_input() noexcept override;
  void write(std::string_view bytes) override { output_.append(bytes); }
  void write_stable(std::string_view bytes) override { output_.append(bytes); }
  void set_deadline(TimeNs deadline) override;
  Scheduler& scheduler() noexcept override { return scheduler_; }
  TimeNs sent_at() const noexcept override { return output_.empty() ? sent_at_ : kNever; }

 private:
  Pull pull() override;
  void push() override;
  std::size_t backlog() const noexcept override { return output_.size(); }
  bool overdue() const noexcept override { return deadline_passed_; }

  static void on_arrival(void* self);
  static void on_deadline(void* self);
  void announce();

  Scheduler& scheduler_;
  MemoryTransport* peer_ = nullptr;
  Timer deadline_timer_;
  std::string output_;
  std::string sent_;
  TimeNs sent_at_ = 0;
  std::string inbox_;     // under way to this end
  std::string visible_;   // what input() shows
  Error end_;             // comes behind the inbox
  bool arrived_ = false;  // a piece may be taken
  bool announced_ = false;
  bool deadline_passed_ = false;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_MEMORY_TRANSPORT_H_
