#include "io/ring.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "io/socket.h"
#include "io/startup.h"

namespace smtpmark::io {

namespace {

// The calls of one pass cannot be refused for long: the completion queue is sized for all
// connections. Being refused for ever is a broken invariant.
[[noreturn]] void give_up(const char* what, int result) {
  std::fprintf(stderr, "smtpmark: io_uring %s failed for good (error %d)\n", what, -result);
  std::abort();
}

constexpr TimeNs kFar = 5 * kMillisecond;
constexpr TimeNs kMostHeldBack = 100'000;  // what is ready to be submitted, in a pass
constexpr TimeNs kSweepEvery = kSecond;    // each connection
constexpr std::size_t kMostSwept = 256;    // connections at once

__kernel_timespec to_timespec(TimeNs time) {
  return {static_cast<long long>(time / kSecond), static_cast<long long>(time % kSecond)};
}

}  // namespace

tl::expected<std::unique_ptr<Ring>, StartupError> Ring::create(const RingOptions& options) {
  std::unique_ptr<Ring> ring(new Ring);
  ring->wakeup_descriptor_ = eventfd(0, EFD_CLOEXEC);
  if (ring->wakeup_descriptor_ < 0) return tl::unexpected(explain_startup_error(errno));
  if (options.mode.backend == Backend::kEpoll) {
    if (auto made = ring->make_poller(options); !made) {
      return tl::unexpected(explain_epoll_error(made.error().os_code));
    }
    ring->begin_pass(ring->now());
    return ring;
  }
  const std::uint32_t completions =
      options.completion_entries != 0
          ? options.completion_entries
          : std::bit_ceil(std::clamp<std::uint32_t>(options.connections * 4, 4096, 65536));
  if (const int result =
          create_queues(ring->ring_, options.submission_entries, completions, ring->features_);
      result < 0) {
    return tl::unexpected(explain_startup_error(-result));
  }
  ring->ring_made_ = true;
  auto buffers = BufferRing::create(ring->ring_, options.buffer_count, options.buffer_size);
  if (!buffers) return tl::unexpected(explain_startup_error(buffers.error().os_code));
  ring->buffers_ = std::move(*buffers);
  ring->coalesce_ns_ = options.mode.coalesce_ns;
  ring->watch_wakeups();
  ring->begin_pass(ring->now());
  return ring;
}

Result<void> Ring::make_poller(const RingOptions& options) {
  features_.backend = Backend::kEpoll;
  auto buffers = BufferRing::create_unregistered(options.buffer_count, options.buffer_size);
  if (!buffers) return tl::unexpected(buffers.error());
  buffers_ = std::move(*buffers);
  auto poller = Poller::create(*buffers_, wakeup_descriptor_);
  if (!poller) return tl::unexpected(poller.error());
  poller_ = std::move(*poller);
  return {};
}

Ring::~Ring() {
  poller_.reset();
  buffers_.reset();
  if (ring_made_) io_uring_queue_exit(&ring_);
  if (wakeup_descriptor_ >= 0) close(wakeup_descriptor_);
}

void Ring::watch_wakeups() {
  wakeup_.ring = closing_.ring = watch_.ring = this;
  watch_.handler = &Ring::on_watch;
  wakeup_.handler = &Ring::on_wakeup;
  closing_.handler = &Ring::on_house_keeping;
  io_uring_prep_read(prepare(wakeup_), wakeup_descriptor_, &wakeup_count_, sizeof wakeup_count_, 0);
}

void Ring::on_wakeup(Completion& self, int /*result*/, std::uint32_t /*flags*/) {
  static_cast<HouseKeeping&>(self).ring->watch_wakeups();
}

void Ring::on_house_keeping(Completion& self, int /*result*/, std::uint32_t /*flags*/) {
  // A cancel may find its target gone, a close cannot fail in a way that matters: only the count
  // is of interest.
  --static_cast<HouseKeeping&>(self).ring->house_keeping_in_flight_;
}

void Ring::request_stop() noexcept {
  stop_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wakeup_descriptor_, &one, sizeof one);
}

// Submission

io_uring_sqe* Ring::prepare(Completion& completion) {
  io_uring_sqe* entry = next_entry();
  io_uring_sqe_set_data(entry, &completion);
  return entry;
}

io_uring_sqe* Ring::next_entry() {
  // Liburing's prep functions set every field but user_data, which prepare() sets first: they leave
  // it alone.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (io_uring_sqe* entry = io_uring_get_sqe(&ring_)) return entry;
    const int result = submit();
    if (result == -EBUSY || result == -EAGAIN) io_uring_get_events(&ring_);
  }
  give_up("submission", -EBUSY);
}

void Ring::stamp_submission() {
  submitted_at_ = now();
  for (TimeNs* submitted_at : to_stamp_) *submitted_at = submitted_at_;
  to_stamp_.clear();
}

int Ring::submit() {
  stamp_submission();
  return io_uring_submit(&ring_);
}

// A pass with long work in it, as handshakes are, does not keep what is ready to its end: peers
// would be idle for as long, and this thread after that.
void Ring::submit_if_held_back() {
  if (io_uring_sq_ready(&ring_) == 0 || now() - submitted_at_ < kMostHeldBack) return;
  submit();
}

void Ring::receive(Completion& completion, int descriptor) {
  if (poller_) return poller_->receive(completion, descriptor);
  io_uring_sqe* entry = prepare(completion);
  io_uring_prep_recv_multishot(entry, descriptor, nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = BufferRing::kGroup;
}

void Ring::accept(Completion& completion, int descriptor) {
  if (poller_) return poller_->accept(completion, descriptor);
  io_uring_prep_multishot_accept(prepare(completion), descriptor, nullptr, nullptr, SOCK_CLOEXEC);
}

void Ring::connect(Completion& completion, int descriptor, const sockaddr* address,
                   socklen_t length) {
  if (poller_) return poller_->connect(completion, descriptor, address, length);
  io_uring_prep_connect(prepare(completion), descriptor, address, length);
}

void Ring::send(Completion& completion, int descriptor, const iovec* pieces, std::size_t count,
                msghdr& message, int flags) {
  if (poller_) return poller_->send(completion, descriptor, pieces, count, flags);
  if (count == 1) {
    io_uring_prep_send(prepare(completion), descriptor, pieces[0].iov_base, pieces[0].iov_len,
                       flags);
    return;
  }
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = count;
  io_uring_prep_sendmsg(prepare(completion), descriptor, &message, flags);
}

void Ring::close_descriptor(int descriptor) {
  if (poller_) return poller_->close(descriptor);
  io_uring_prep_close(prepare(closing_), descriptor);
  ++house_keeping_in_flight_;
}

void Ring::cancel(Completion& target) {
  if (poller_) return poller_->cancel(target);
  io_uring_prep_cancel(prepare(closing_), &target, 0);
  ++house_keeping_in_flight_;
}

// Completion

void Ring::run_once(TimeNs deadline) {
  feed_starved();  // timers and callbacks may have given buffers back since the last completion
  const int result = submit_and_wait(std::min(next_due(), deadline));
  if (result < 0 && result != -ETIME && result != -EINTR && result != -EBUSY && result != -EAGAIN) {
    give_up("wait", result);
  }
  begin_pass(now());
  submitted_at_ = pass_time();
  handle_completions();
  run_due();
}

// Waits until `due` for a completion that does not come with the submission. A wait with a time-out
// of its own costs a kernel timer each time; what is far away is watched by one request that stays
// in the ring.
int Ring::submit_and_wait(TimeNs due) {
  if (!to_stamp_.empty()) stamp_submission();
  const unsigned wanted = at_submission_ + 1;
  const bool goes_on = has_posted() || (!starved_.empty() && buffers_->available() > 0);
  if (poller_) {
    poller_->wait(goes_on ? 0 : due, wanted);
    return 0;
  }
  if (goes_on) return io_uring_submit_and_get_events(&ring_);
  if (busy_ && coalesce_ns_ > 0) return submit_and_gather(due);
  if (due >= watched_for_) return io_uring_submit_and_wait(&ring_, wanted);
  const TimeNs current = now();
  const TimeNs wait = due > current ? due - current : 0;
  if (wait > kFar) {
    watch(due);
    return io_uring_submit_and_wait(&ring_, wanted);
  }
  io_uring_cqe* completion = nullptr;
  __kernel_timespec timeout = to_timespec(wait);
  return io_uring_submit_and_wait_timeout(&ring_, &completion, wanted, &timeout, nullptr);
}

// How many completions make a pass where they are gathered: no more than half of the connections
// can have, lest a peer that gathers too waits for this side while this side waits for it.
unsigned Ring::passful() const noexcept {
  return static_cast<unsigned>(std::clamp<std::size_t>(live_.size() / 2, 1, kCoalesced));
}

// Waits until there is a passful of completions, or as long as they may wait for each other.
int Ring::submit_and_gather(TimeNs due) {
  const TimeNs current = now();
  const TimeNs wait = std::min(due > current ? due - current : 0, coalesce_ns_);
  io_uring_cqe* completion = nullptr;
  __kernel_timespec timeout = to_timespec(wait);
  return io_uring_submit_and_wait_timeout(&ring_, &completion, at_submission_ + passful(), &timeout,
                                          nullptr);
}

// Has a completion come at `due`, or earlier.
void Ring::watch(TimeNs due) {
  watch_time_ = to_timespec(due);
  if (watched_for_ == kNever) {
    io_uring_prep_timeout(prepare(watch_), &watch_time_, 0, IORING_TIMEOUT_ABS);
  } else {
    io_uring_prep_timeout_update(prepare(closing_), &watch_time_,
                                 reinterpret_cast<std::uintptr_t>(&watch_), IORING_TIMEOUT_ABS);
    expect_completion();
  }
  watched_for_ = due;
}

void Ring::on_watch(Completion& self, int /*result*/, std::uint32_t /*flags*/) {
  static_cast<HouseKeeping&>(self).ring->watched_for_ = kNever;
}

void Ring::handle_completions() {
  if (poller_) return poller_->handle_completions();
  quiet_in_pass_ = 0;
  std::uint32_t handled = 0;
  io_uring_cqe* entry = nullptr;
  unsigned head = 0;
  io_uring_for_each_cqe(&ring_, head, entry) {
    auto& completion = *static_cast<Completion*>(io_uring_cqe_get_data(entry));
    const int result = entry->res;
    const std::uint32_t flags = entry->flags;
    io_uring_cq_advance(&ring_, 1);
    completion.handler(completion, result, flags);
    ++handled;
    submit_if_held_back();
  }
  busy_ = handled > quiet_in_pass_;
}

void Ring::feed_starved() {
  if (starved_.empty() || buffers_->available() == 0) return;
  // No more of them than there are buffers: the others would come back empty-handed.
  const auto count = std::min<std::ptrdiff_t>(std::ssize(starved_), buffers_->available());
  const std::vector<Socket*> fed(starved_.begin(), starved_.begin() + count);
  starved_.erase(starved_.begin(), starved_.begin() + count);
  for (Socket* socket : fed) {
    socket->starved_ = false;
    if (socket->closing_) {
      socket->finish_if_quiet();
    } else {
      socket->resume_receive();
    }
  }
}

// Sockets

Socket* Ring::obtain_socket(int descriptor) {
  Socket* socket = nullptr;
  if (idle_sockets_.empty()) {
    sockets_.push_back(std::make_unique<Socket>(*this));
    socket = sockets_.back().get();
  } else {
    socket = idle_sockets_.back();
    idle_sockets_.pop_back();
  }
  adopt(descriptor);
  socket->live_index_ = static_cast<std::uint32_t>(live_.size());
  if (live_.empty()) set_timer(sweep_, pass_time() + kSweepEvery);
  live_.push_back(socket);
  socket->open(descriptor);
  return socket;
}

void Ring::socket_is_idle(Socket& socket) {
  Socket* last = live_.back();
  live_[socket.live_index_] = last;
  last->live_index_ = socket.live_index_;
  live_.pop_back();
  idle_sockets_.push_back(&socket);
}

// Connections that were idle since the sweep before give back what they do not need, as OpenSSL's
// buffers. A few at a time: many of them would hold up those that are busy.
void Ring::on_sweep(void* self) {
  Ring& ring = *static_cast<Ring*>(self);
  const std::vector<Socket*>& live = ring.live_;
  for (std::size_t left = std::min(kMostSwept, live.size()); left > 0; --left) {
    if (ring.next_to_sweep_ >= live.size()) ring.next_to_sweep_ = 0;
    Socket& socket = *live[ring.next_to_sweep_++];
    if (!socket.used_) socket.go_idle_from_above();
    socket.used_ = false;
  }
  if (live.empty()) return;
  const TimeNs rounds = 1 + live.size() / kMostSwept;
  ring.set_timer(ring.sweep_, ring.pass_time() + kSweepEvery / rounds);
}

bool Ring::is_live(const Socket& socket) const noexcept {
  return socket.live_index_ < live_.size() && live_[socket.live_index_] == &socket;
}

void Ring::shut_down() {
  shutting_down_ = true;
  const Error canceled{ErrorKind::kCanceled, ECANCELED, 0};
  const std::vector<Socket*> sockets = live_;
  for (Socket* socket : sockets) {
    if (!is_live(*socket)) continue;  // an earlier one's owner has ended it
    if (socket->closing_) {
      socket->give_up(canceled);
      continue;
    }
    socket->fail(canceled);
    if (socket->awaited()) socket->progress();
  }
  while (!live_.empty() || house_keeping_in_flight_ > 0) run_once(now() + kSecond);
}

}  // namespace smtpmark::io
