#include "io/poller.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace smtpmark::io {

namespace {

constexpr int kMostEvents = 256;      // of one wait
constexpr int kMostConnections = 64;  // accepted in a row, before others have their turn
constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr TimeNs kForever = kNever;
constexpr TimeNs kRetryAfter = kMillisecond;

int wait_in_ms(TimeNs timeout) {
  if (timeout == kForever) return -1;
  constexpr TimeNs kLongest = 3600 * kSecond;
  return static_cast<int>((std::min(timeout, kLongest) + kMillisecond - 1) / kMillisecond);
}

ssize_t send_pieces(int descriptor, const iovec* pieces, std::size_t count, int flags) {
  if (count == 1) return ::send(descriptor, pieces[0].iov_base, pieces[0].iov_len, flags);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = count;
  return ::sendmsg(descriptor, &message, flags);
}

}  // namespace

Result<std::unique_ptr<Poller>> Poller::create(BufferRing& buffers, int wakeup_descriptor) {
  const int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(error_from_errno(errno));
  std::unique_ptr<Poller> poller(new Poller(descriptor, buffers, wakeup_descriptor));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wakeup_descriptor;
  if (epoll_ctl(descriptor, EPOLL_CTL_ADD, wakeup_descriptor, &event) != 0) {
    return tl::unexpected(error_from_errno(errno));
  }
  return poller;
}

Poller::Poller(int descriptor, BufferRing& buffers, int wakeup_descriptor)
    : epoll_(descriptor), wakeup_(wakeup_descriptor), buffers_(buffers) {}

Poller::~Poller() {
  ::close(epoll_);
}

void Poller::adopt(int descriptor) {
  const auto number = static_cast<std::size_t>(descriptor);
  if (descriptors_.size() <= number) descriptors_.resize(std::max(number + 1, number * 2));
  const bool listed = descriptors_[number].listed;
  descriptors_[number] = {};
  descriptors_[number].listed = listed;
}

Poller::Descriptor& Poller::registered(int descriptor) {
  Descriptor& state = state_of(descriptor);
  if (std::exchange(state.registered, true)) return state;
  epoll_event event{};
  event.events = kEvents;
  event.data.fd = descriptor;
  // For want of memory it would never be heard of again: then it is looked at without epoll.
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) state.readable = true;
  return state;
}

// Asking

void Poller::receive(Completion& completion, int descriptor) {
  completion.descriptor = descriptor;
  Descriptor& state = registered(descriptor);
  state.receive = &completion;
  if (state.readable) look_again(descriptor);
}

void Poller::accept(Completion& completion, int descriptor) {
  completion.descriptor = descriptor;
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  Descriptor& state = registered(descriptor);
  state.accept = &completion;
  if (state.readable) look_again(descriptor);
}

void Poller::connect(Completion& completion, int descriptor, const sockaddr* address,
                     socklen_t length) {
  completion.descriptor = descriptor;
  Descriptor& state = state_of(descriptor);
  state.connect = &completion;
  state.address = address;
  state.address_length = length;
  begin_connect(descriptor);
}

void Poller::begin_connect(int descriptor) {
  Descriptor& state = state_of(descriptor);
  if (state.connect == nullptr) return;  // canceled
  const int result = ::connect(descriptor, state.address, state.address_length) == 0 ? 0 : -errno;
  if (result == -EAGAIN) return refused_.push_back(descriptor);
  registered(descriptor);  // behind the call: before it, a socket is reported as hung up
  if (result != -EINPROGRESS) complete(state.connect, result);
}

void Poller::send(Completion& completion, int descriptor, const iovec* pieces, std::size_t count,
                  int flags) {
  completion.descriptor = descriptor;
  Descriptor& state = registered(descriptor);
  PendingSend& send = state.send;
  send.completion = &completion;
  if ((flags & MSG_DONTWAIT) != 0) {
    const ssize_t sent = send_pieces(descriptor, pieces, count, flags);
    return complete(send.completion, sent < 0 ? -errno : static_cast<int>(sent));
  }
  std::copy_n(pieces, count, send.pieces.begin());
  send.count = count;
  send.sent = 0;
  send.flags = (flags & ~MSG_WAITALL) | MSG_DONTWAIT;
  go_on_sending(descriptor, state);
}

void Poller::cancel(Completion& target) {
  Descriptor& state = state_of(target.descriptor);
  for (Completion** waiting : {&state.receive, &state.accept, &state.connect}) {
    if (*waiting == &target) return complete(*waiting, -ECANCELED);
  }
  if (state.send.completion != &target) return;  // it has completed
  complete(state.send.completion, -ECANCELED);
  if (state.closing) close(target.descriptor);
}

void Poller::close(int descriptor) {
  Descriptor& state = state_of(descriptor);
  state.closing = state.send.completion != nullptr;
  if (!state.closing) ::close(descriptor);
}

// Waiting

void Poller::wait(TimeNs due, std::size_t wanted) {
  TimeNs timeout = 0;
  if (done_.size() < wanted && ready_.empty()) {
    timeout = due == kNever ? kForever : due - std::min(due, monotonic_now());
    if (!refused_.empty()) timeout = std::min(timeout, kRetryAfter);
  }
  poll(timeout);
  if (!refused_.empty()) {
    for (const int descriptor : std::exchange(refused_, {})) begin_connect(descriptor);
  }
  looking_.swap(ready_);
  for (const int descriptor : looking_) {
    state_of(descriptor).listed = false;
    advance(descriptor);
  }
  looking_.clear();
}

void Poller::poll(TimeNs timeout) {
  std::array<epoll_event, kMostEvents> events;
  static thread_local bool has_nanoseconds = true;
  int count = -1;
  if (has_nanoseconds) {
    const timespec span{static_cast<time_t>(timeout / kSecond),
                        static_cast<long>(timeout % kSecond)};
    count = epoll_pwait2(epoll_, events.data(), kMostEvents, timeout == kForever ? nullptr : &span,
                         nullptr);
    if (count < 0 && errno != EINTR) has_nanoseconds = false;  // Linux before 5.11
  }
  if (!has_nanoseconds) count = epoll_wait(epoll_, events.data(), kMostEvents, wait_in_ms(timeout));
  for (int i = 0; i < count; ++i) take_event(events[i].data.fd, events[i].events);
}

void Poller::take_event(int descriptor, std::uint32_t events) {
  if (descriptor == wakeup_) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto octets = ::read(wakeup_, &times, sizeof times);
    return;
  }
  Descriptor& state = state_of(descriptor);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) state.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) state.ended = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    if (state.connect != nullptr) conclude_connect(descriptor, state);
    if (state.send.completion != nullptr) go_on_sending(descriptor, state);
  }
  advance(descriptor);
}

void Poller::look_again(int descriptor) {
  if (std::exchange(state_of(descriptor).listed, true)) return;
  ready_.push_back(descriptor);
}

void Poller::advance(int descriptor) {
  Descriptor& state = state_of(descriptor);
  if (!state.readable) return;
  if (state.receive != nullptr) take_octets(descriptor, state);
  if (state.accept != nullptr) take_connections(descriptor, state);
}

void Poller::take_octets(int descriptor, Descriptor& state) {
  while (state.readable && state.receive != nullptr) {
    if (!take_octets_once(descriptor, state)) return;
  }
}

// Fills one buffer. Returns false when others are to have their turn before this is gone on with.
bool Poller::take_octets_once(int descriptor, Descriptor& state) {
  const std::uint16_t id = buffers_.pick();
  if (id == BufferRing::kNone) {
    complete(state.receive, -ENOBUFS);
    return false;
  }
  const ssize_t count = ::recv(descriptor, buffers_.writable(id), buffers_.size(), MSG_DONTWAIT);
  if (count > 0) {
    const std::uint32_t buffer = std::uint32_t{id} << IORING_CQE_BUFFER_SHIFT;
    done_.push_back(
        {state.receive, static_cast<int>(count), IORING_CQE_F_BUFFER | IORING_CQE_F_MORE | buffer});
    if (static_cast<std::size_t>(count) == buffers_.size()) {
      look_again(descriptor);
      return false;
    }
    state.readable = state.ended;  // an end behind these octets comes with no event of its own
    return true;
  }
  const int error = count < 0 ? errno : 0;
  buffers_.put_back(id);
  if (error == EAGAIN) {
    state.readable = false;
  } else if (error != EINTR) {
    complete(state.receive, -error);
  }
  return true;
}

void Poller::take_connections(int descriptor, Descriptor& state) {
  for (int i = 0; i < kMostConnections; ++i) {
    const int accepted = ::accept4(descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) {
      done_.push_back({state.accept, accepted, IORING_CQE_F_MORE});
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) {
      state.readable = false;
    } else {
      complete(state.accept, -errno);
    }
    return;
  }
  look_again(descriptor);
}

void Poller::conclude_connect(int descriptor, Descriptor& state) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
  complete(state.connect, -error);
}

void Poller::go_on_sending(int descriptor, Descriptor& state) {
  PendingSend& send = state.send;
  iovec* piece = send.pieces.data();
  while (send.count > 0) {
    ssize_t sent = send_pieces(descriptor, piece, send.count, send.flags);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      // As io_uring has it: octets that have left outrank the error, which the next call meets.
      complete(send.completion, send.sent > 0 ? static_cast<int>(send.sent) : -errno);
      break;
    }
    send.sent += static_cast<std::size_t>(sent);
    for (; send.count > 0 && static_cast<std::size_t>(sent) >= piece->iov_len; ++piece) {
      sent -= static_cast<ssize_t>(piece->iov_len);
      --send.count;
    }
    if (send.count > 0) {
      piece->iov_base = static_cast<char*>(piece->iov_base) + sent;
      piece->iov_len -= static_cast<std::size_t>(sent);
    }
  }
  if (send.completion != nullptr && send.count == 0) {
    complete(send.completion, static_cast<int>(send.sent));
  }
  if (send.completion == nullptr) {
    if (state.closing) close(descriptor);
    return;
  }
  std::copy_n(piece, send.count, send.pieces.begin());
}

// Completing

void Poller::complete(Completion*& completion, int result) {
  done_.push_back({std::exchange(completion, nullptr), result, 0});
}

void Poller::handle_completions() {
  handling_.swap(done_);
  for (const Done& done : handling_)
    done.completion->handler(*done.completion, done.result, done.flags);
  handling_.clear();
}

}  // namespace smtpmark::io
