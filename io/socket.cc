#include "io/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace smtpmark::io {

namespace {

// Sends what there is room for and completes with its submission.
constexpr int kSendNow = MSG_NOSIGNAL | MSG_DONTWAIT;
// MSG_WAITALL: the kernel goes on with a short send by itself, also behind a close.
constexpr int kSendAll = MSG_NOSIGNAL | MSG_WAITALL;
// Beyond this there is often no room for all of it at once.
constexpr std::size_t kMostAtOnce = 16384;

// A send that has sent a part of its octets takes the error of a reset and does not report it; the
// receive then sees a plain end of the stream.
bool was_reset(int descriptor) {
  tcp_info info{};
  socklen_t length = sizeof info;
  return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
         info.tcpi_state == TCP_CLOSE;
}

}  // namespace

void SocketCloser::operator()(Socket* socket) const noexcept {
  socket->close();
}

Socket::Socket(Ring& ring)
    : ring_(ring), output_(ring.batches()), deadline_timer_(&Socket::on_deadline, this) {
  for (auto [operation, handler] :
       {std::pair{&receive_, &Socket::on_receive}, std::pair{&send_, &Socket::on_send},
        std::pair{&connect_, &Socket::on_connect}}) {
    operation->handler = handler;
    operation->socket = this;
  }
}

Socket::~Socket() = default;

void Socket::open(int descriptor) {
  descriptor_ = descriptor;
  failure_ = send_failure_ = {};
  unanswered_ = 0;
  acknowledge_soon_ = used_ = deadline_passed_ = connected_ = starved_ = throttled_ = closing_ =
      closed_ = false;
}

// Receiving

void Socket::arm_receive() {
  ring_.receive(receive_, descriptor_);
  receive_.in_flight = true;
}

// Unless something stands against it: what does calls this again when it is gone.
void Socket::resume_receive() {
  if (receive_.in_flight || starved_ || closing_ || failed()) return;
  if (throttled_ && queued_ > 0) return;
  throttled_ = false;
  arm_receive();
}

void Socket::on_receive(Completion& self, int result, std::uint32_t flags) {
  Socket& socket = *static_cast<Operation&>(self).socket;
  if ((flags & IORING_CQE_F_MORE) == 0) socket.receive_.in_flight = false;
  socket.used_ = true;
  socket.take_received(result, flags);
  if (socket.closing_) {
    socket.finish_if_quiet();
  } else {
    socket.progress();
  }
}

void Socket::take_received(int result, std::uint32_t flags) {
  BufferRing& buffers = ring_.buffers();
  if ((flags & IORING_CQE_F_BUFFER) != 0) {
    const auto id = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
    buffers.taken();
    if (result <= 0 || closing_) {
      buffers.give_back(id);
    } else {
      unanswered_ = 0;
      buffers.slot(id) = {static_cast<std::uint32_t>(result), BufferRing::kNone};
      if (queue_head_ == BufferRing::kNone) {
        queue_head_ = id;
      } else {
        buffers.slot(queue_tail_).next = id;
      }
      queue_tail_ = id;
      ++queued_;
    }
  }
  if (closing_) return;

  if (result == 0) {
    fail(send_.in_flight && was_reset(descriptor_) ? error_from_errno(ECONNRESET)
                                                   : Error{ErrorKind::kClosed, 0, 0});
  } else if (result == -ENOBUFS) {
    starved_ = true;
    ring_.wait_for_buffer(*this);
  } else if (result < 0 && result != -ECANCELED) {
    fail(error_from_errno(-result));
  }
  if (queued_ >= kMaxQueuedBuffers && !throttled_) {
    throttled_ = true;
    if (receive_.in_flight) ring_.cancel(receive_);
  }
  resume_receive();  // the kernel ends a multishot receive at its own discretion
}

bool Socket::load_next() {
  release_current();
  if (queue_head_ == BufferRing::kNone) return false;
  BufferRing& buffers = ring_.buffers();
  current_ = queue_head_;
  const BufferRing::Slot slot = buffers.slot(current_);
  queue_head_ = slot.next;
  rest_ = {buffers.data(current_), slot.length};
  --queued_;
  if (throttled_) resume_receive();
  return true;
}

void Socket::release_current() noexcept {
  if (current_ != BufferRing::kNone) {
    ring_.buffers().give_back(std::exchange(current_, BufferRing::kNone));
  }
}

void Socket::stand_by() {
  if (current_ == BufferRing::kNone) return;
  if (input().empty() && rest_.empty()) {
    input_begin_ = input_end_ = nullptr;
  } else {
    std::string kept(input());
    carry_ = std::move(kept.append(std::exchange(rest_, {})));
    input_begin_ = carry_.data();
    input_end_ = carry_.data() + carry_.size();
  }
  release_current();
}

Transport::Pull Socket::pull() {
  if (input_begin_ != input_end_) return join();
  if (rest_.empty() && !load_next()) {
    if (deadline_passed_) fail({ErrorKind::kTimedOut, 0, 0});
    return failed() ? Pull::kFailed : Pull::kNothing;
  }
  input_begin_ = rest_.data();
  input_end_ = rest_.data() + rest_.size();
  rest_ = {};
  return Pull::kGrew;
}

// Puts what is left of input() and the next octets together, up to the end of the line.
Transport::Pull Socket::join() {
  const std::string_view left = input();
  const bool in_carry = !carry_.empty() && left.data() >= carry_.data() &&
                        left.data() + left.size() == carry_.data() + carry_.size();
  if (in_carry) {
    carry_.erase(0, carry_.size() - left.size());
  } else {
    carry_.assign(left);
    rest_ = {};
  }
  auto result = Pull::kGrew;
  if (!rest_.empty() || load_next()) {
    const std::size_t line_feed = rest_.find('\n');
    const std::size_t take = line_feed == std::string_view::npos ? rest_.size() : line_feed + 1;
    carry_.append(rest_.substr(0, take));
    rest_.remove_prefix(take);
  } else {
    if (deadline_passed_) fail({ErrorKind::kTimedOut, 0, 0});
    result = failed() ? Pull::kFailed : Pull::kNothing;
  }
  input_begin_ = carry_.data();
  input_end_ = carry_.data() + carry_.size();
  return result;
}

void Socket::discard_input() noexcept {
  input_begin_ = input_end_ = nullptr;
  do {
    rest_ = {};
  } while (load_next());
  rest_ = {};
}

// Sending

void Socket::push() {
  if (send_failed() || output_.waiting() == 0) return;
  if (send_.in_flight) {
    wake_for_send();
    return;
  }
  output_.start();
  unanswered_ += output_.in_flight();
  submit_send(!closing_ && unanswered_ <= kMostAtOnce);
}

// Quietly where nothing depends on the end of the send but what the peer answers: all of it is
// shown, there will be room for it, and nothing is to follow.
void Socket::submit_send(bool may_be_quiet) {
  const OutputQueue::Shown shown = output_.show();
  const bool whole = shown.octets == output_.in_flight();
  sends_quietly_ = whole && may_be_quiet;
  sends_the_rest_ = whole && !sends_quietly_;
  if (sends_quietly_) ring_.expect_at_submission(sent_at_);
  ring_.send(send_, descriptor_, shown.batch->vectors.data(), shown.count, shown.batch->message,
             sends_quietly_ ? kSendNow : kSendAll);
  send_.in_flight = true;
}

// Something waits behind the send in flight, which the peer may be waiting for too.
void Socket::wake_for_send() noexcept {
  if (std::exchange(sends_quietly_, false)) ring_.wake_for_submission();
}

void Socket::on_send(Completion& self, int result, std::uint32_t /*flags*/) {
  Socket& socket = *static_cast<Operation&>(self).socket;
  socket.send_.in_flight = false;
  const bool quietly = std::exchange(socket.sends_quietly_, false);
  if (quietly) socket.ring_.came_at_submission();
  // Behind a send: the kernel goes back to delayed acknowledgements with each one.
  if (socket.acknowledge_soon_ && !socket.closed_) {
    socket.acknowledge_soon_ = false;
    const int on = 1;
    setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }
  if (result >= 0) {
    socket.output_.sent(static_cast<std::size_t>(result));
    if (!quietly) socket.sent_at_ = socket.ring_.pass_time();
  } else if (result != -EINTR && result != -EAGAIN) {
    socket.fail(error_from_errno(-result));
    socket.output_.clear();
  }
  if (!socket.closed_ && socket.output_.in_flight() > 0) socket.submit_send(false);
  if (!socket.closing_) {
    socket.progress();
    return;
  }
  if (!socket.closed_) socket.close();
  socket.finish_if_quiet();
}

// Deadlines

void Socket::set_deadline(TimeNs deadline) {
  deadline_passed_ = false;
  ring_.set_timer(deadline_timer_, deadline);
}

void Socket::on_deadline(void* self) {
  Socket& socket = *static_cast<Socket*>(self);
  if (socket.closing_) {  // the peer does not take the rest
    socket.give_up({ErrorKind::kTimedOut, 0, 0});
    return;
  }
  socket.deadline_passed_ = true;
  if (!socket.awaited()) return;
  socket.fail({ErrorKind::kTimedOut, 0, 0});
  socket.progress();
}

// Closing

void Socket::close() {
  if (!closing_) {
    closing_ = true;
    deadline_passed_ = false;
    discard_input();
    carry_.clear();
    ring_.set_timer(deadline_timer_, ring_.now() + kLinger);
    wake_for_send();
  }
  push();
  // A send in flight holds the connection open until it has ended, also behind a close: only what
  // it does not cover has to be waited for.
  const bool all_submitted = output_.waiting() == 0 && (!send_.in_flight || sends_the_rest_);
  if (all_submitted || send_failed()) close_now();
  finish_if_quiet();
}

void Socket::close_now() {
  if (closed_) return;
  closed_ = true;
  // Not linked: a late link could reach another connection that got the same descriptor.
  if (receive_.in_flight) ring_.cancel(receive_);
  if (connect_.in_flight) ring_.cancel(connect_);
  if (send_.in_flight && send_failed()) ring_.cancel(send_);
  ring_.close_descriptor(std::exchange(descriptor_, -1));
}

// Of a socket that is closing: what it has not sent stays unsent.
void Socket::give_up(Error error) {
  fail(error);
  if (closed_ && send_.in_flight) ring_.cancel(send_);
  close_now();
  finish_if_quiet();
}

void Socket::finish_if_quiet() {
  if (!closed_ || receive_.in_flight || send_.in_flight || connect_.in_flight || starved_) return;
  closed_ = false;  // once
  output_.clear();
  ring_.set_timer(deadline_timer_, kNever);
  ring_.socket_is_idle(*this);
}

// Connecting

class Socket::ConnectAwaiter final : Waiter {
 public:
  ConnectAwaiter(Socket& socket, const Address& target) : socket_(socket), target_(target) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    socket_.ring_.connect(socket_.connect_, socket_.descriptor_, target_.sockaddr_ptr(),
                          target_.length());
    socket_.connect_.in_flight = true;
    socket_.wait(*this, waiter);
  }
  Result<void> await_resume() const noexcept {
    if (socket_.failed()) return tl::unexpected(socket_.failure_);
    return {};
  }

 private:
  bool attempt() override { return socket_.connected_ || socket_.failed(); }

  Socket& socket_;
  const Address& target_;
};

void Socket::on_connect(Completion& self, int result, std::uint32_t /*flags*/) {
  Socket& socket = *static_cast<Operation&>(self).socket;
  socket.connect_.in_flight = false;
  if (socket.closing_) {
    socket.finish_if_quiet();
    return;
  }
  if (result < 0) {
    socket.fail(error_from_errno(-result));
  } else {
    socket.connected_ = true;
    socket.arm_receive();
  }
  socket.progress();
}

namespace {

Result<int> open_descriptor(const Address& target, const Address* source) {
  const int descriptor = ::socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return tl::unexpected(error_from_errno(errno));
  const int on = 1;
  if (!target.is_unix()) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source != nullptr) {
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(descriptor, source->sockaddr_ptr(), source->length()) < 0) {
      const Error error = error_from_errno(errno);
      ::close(descriptor);
      return tl::unexpected(error);
    }
  }
  return descriptor;
}

}  // namespace

Task<Result<SocketPtr>> connect(Ring& ring, const Address& target, const Address* source,
                                TimeNs deadline) {
  if (ring.shutting_down()) co_return tl::unexpected(Error{ErrorKind::kCanceled, ECANCELED, 0});
  const Result<int> descriptor = open_descriptor(target, source);
  if (!descriptor) co_return tl::unexpected(descriptor.error());
  SocketPtr socket(ring.obtain_socket(*descriptor));
  socket->set_deadline(deadline);
  Socket::ConnectAwaiter connected(*socket, target);
  const Result<void> result = co_await connected;
  if (!result) co_return tl::unexpected(result.error());
  co_return socket;
}

}  // namespace smtpmark::io
