// One io_uring and everything that hangs on it: submission, completions, receive buffers, time.
// Where io_uring is forbidden, epoll does the same work behind the same interface (io/poller.h).
#ifndef SMTPMARK_IO_RING_H_
#define SMTPMARK_IO_RING_H_

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/buffer_ring.h"
#include "io/completion.h"
#include "io/error.h"
#include "io/output_queue.h"
#include "io/poller.h"
#include "io/scheduler.h"

namespace smtpmark::io {

class Socket;

enum class Backend : std::uint8_t { kIoUring, kEpoll };

// How a ring works, as whoever runs the program may choose.
struct RingMode {
  Backend backend = Backend::kIoUring;
  // While completions come, a pass begins so long after the one before at the earliest, unless half
  // of the connections have one: fewer passes, and times of events are that coarse. 0: at once.
  TimeNs coalesce_ns = 0;
};

struct RingOptions {
  RingMode mode;
  std::uint32_t submission_entries = 1024;
  std::uint32_t connections = 256;       // expected at once; sizes the completion queue
  std::uint32_t completion_entries = 0;  // of the completion queue; 0: as `connections` needs
  std::uint32_t buffer_size = 16384;     // octets of one receive buffer
  std::uint32_t buffer_count = 128;      // a power of two
};

// What the running kernel gave. For the environment part of a result.
struct RingFeatures {
  Backend backend = Backend::kIoUring;
  bool single_issuer = false;
  bool defer_taskrun = false;
};

// Why no ring could be made, as one or two sentences with what to do about it.
struct StartupError {
  int os_code = 0;
  std::string message;
};

// Belongs to the thread that made it, request_stop() apart.
class Ring final : public Scheduler {
 public:
  // Where completions are gathered, a pass has half as many as there are connections, but no more
  // than these.
  static constexpr std::size_t kCoalesced = 96;

  static tl::expected<std::unique_ptr<Ring>, StartupError> create(const RingOptions& options);
  ~Ring() override;

  TimeNs now() const noexcept override { return monotonic_now(); }

  // Handles completions, timers and posted callbacks until request_stop() was called, or until
  // `until()` returns true; it is asked once a pass.
  template <class Predicate>
  void run_until(Predicate until) {
    while (!until() && !stop_requested()) run_once(kNever);
  }
  // One pass: submits, waits for a completion or a timer, at most to `deadline`, and handles what
  // there is.
  void run_once(TimeNs deadline);

  // Ends every connection with kCanceled and waits until their owners have dropped them and the
  // last completion has come. New connections are refused from now on.
  void shut_down();
  bool shutting_down() const noexcept { return shutting_down_; }

  // From any thread, and from a signal handler. The ring must outlive the call.
  void request_stop() noexcept;
  bool stop_requested() const noexcept { return stop_.load(std::memory_order_relaxed); }

  RingFeatures features() const noexcept { return features_; }

  // For the other classes of this folder.
  // Operations; each completes through the handler of `completion`. Multishot: completes until a
  // completion has no IORING_CQE_F_MORE.
  void receive(Completion& completion, int descriptor);  // multishot, into buffers()
  void accept(Completion& completion, int descriptor);   // multishot
  void connect(Completion& completion, int descriptor, const sockaddr* address, socklen_t length);
  // `message` points to `count` of `pieces` where there is more than one; both stay until then.
  void send(Completion& completion, int descriptor, const iovec* pieces, std::size_t count,
            msghdr& message, int flags);
  // The ring will have to do with this new descriptor.
  void adopt(int descriptor) {
    if (poller_) poller_->adopt(descriptor);
  }
  OutputBatches& batches() noexcept { return batches_; }
  BufferRing& buffers() noexcept { return *buffers_; }
  void close_descriptor(int descriptor);
  void cancel(Completion& target);
  // shut_down() waits until every expected completion has come.
  void expect_completion() noexcept { ++house_keeping_in_flight_; }
  void expected_completion_came() noexcept { --house_keeping_in_flight_; }
  // For an operation that completes while it is submitted: the ring waits for one completion more
  // than there are of these, so that it does not wake up for what it knows already. Sets
  // `submitted_at`, which is to stay until then, when it is submitted.
  void expect_at_submission(TimeNs& submitted_at) {
    ++at_submission_;
    to_stamp_.push_back(&submitted_at);
  }
  void came_at_submission() noexcept {
    --at_submission_;
    ++quiet_in_pass_;
  }
  // Something depends on its end after all: the ring wakes up for it.
  void wake_for_submission() noexcept { --at_submission_; }
  // A receive ended for want of a buffer: `socket` is armed again when there is one.
  void wait_for_buffer(Socket& socket) { starved_.push_back(&socket); }

  // Sockets are kept for reuse with their buffers, so that short connections allocate nothing.
  Socket* obtain_socket(int descriptor);
  void socket_is_idle(Socket& socket);
  std::size_t live_sockets() const noexcept { return live_.size(); }
  std::size_t sockets_made() const noexcept { return sockets_.size(); }

 private:
  Ring() = default;
  Result<void> make_poller(const RingOptions& options);
  io_uring_sqe* prepare(Completion& completion);
  io_uring_sqe* next_entry();
  void stamp_submission();
  int submit();
  void submit_if_held_back();
  int submit_and_wait(TimeNs due);
  unsigned passful() const noexcept;
  int submit_and_gather(TimeNs due);
  void watch(TimeNs due);
  void handle_completions();
  void feed_starved();
  static void on_sweep(void* self);
  bool is_live(const Socket& socket) const noexcept;
  void watch_wakeups();
  static void on_wakeup(Completion& self, int result, std::uint32_t flags);
  static void on_watch(Completion& self, int result, std::uint32_t flags);
  static void on_house_keeping(Completion& self, int result, std::uint32_t flags);

  struct HouseKeeping : Completion {
    Ring* ring = nullptr;
  };

  io_uring ring_{};
  bool ring_made_ = false;
  RingFeatures features_;
  std::unique_ptr<BufferRing> buffers_;
  std::unique_ptr<Poller> poller_;  // null with io_uring
  OutputBatches batches_;
  std::vector<Socket*> starved_;
  std::vector<Socket*> live_;
  std::size_t next_to_sweep_ = 0;  // in live_
  Timer sweep_{&Ring::on_sweep, this};
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<Socket*> idle_sockets_;
  HouseKeeping closing_;  // close and cancel requests
  HouseKeeping wakeup_;
  HouseKeeping watch_;
  __kernel_timespec watch_time_{};
  TimeNs watched_for_ = kNever;  // when watch_ completes; kNever: it is not in flight
  std::uint64_t wakeup_count_ = 0;
  std::uint32_t house_keeping_in_flight_ = 0;
  std::uint32_t at_submission_ = 0;  // completions that come before the next wait
  std::uint32_t quiet_in_pass_ = 0;  // that have come in the latest pass
  std::vector<TimeNs*> to_stamp_;    // with the time of the next submission
  TimeNs submitted_at_ = 0;          // the latest submission, or wait behind it
  TimeNs coalesce_ns_ = 0;
  bool busy_ = false;  // the latest pass had a completion that did not come with a submission
  bool shutting_down_ = false;
  int wakeup_descriptor_ = -1;
  std::atomic<bool> stop_{false};
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_RING_H_
