#include "io/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace smtpmark::io {

namespace {

constexpr TimeNs kRetryAfter = 10 * kMillisecond;

// A UNIX socket that nobody listens on any more is in the way of the next one.
void remove_stale(const Address& address) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  const int result = ::connect(descriptor, address.sockaddr_ptr(), address.length());
  if (result < 0 && errno == ECONNREFUSED) ::unlink(address.path().c_str());
  ::close(descriptor);
}

Result<int> listen_on(const Address& address, int backlog, PortUse use) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return tl::unexpected(error_from_errno(errno));
  if (address.is_unix()) remove_stale(address);
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto share = [descriptor, &on] {
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  };
  if (use == PortUse::kJoined) share();
  if (!address.is_unix()) {  // accepted sockets inherit it
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (address.family() == AF_INET6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(descriptor, address.sockaddr_ptr(), address.length()) == 0) {
    // Behind bind(), which would have let it join another program's listeners.
    if (use == PortUse::kFirst) share();
    if (::listen(descriptor, backlog) == 0) return descriptor;
  }
  const Error error = error_from_errno(errno);
  ::close(descriptor);
  return tl::unexpected(error);
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::create(Ring& ring, const Address& address, int backlog,
                                                   OnAccept on_accept, void* context, PortUse use) {
  const Result<int> descriptor = listen_on(address, backlog, use);
  if (!descriptor) return tl::unexpected(descriptor.error());
  std::unique_ptr<Listener> listener(new Listener(ring, *descriptor, on_accept, context));
  ring.adopt(*descriptor);
  listener->arm();
  return listener;
}

Listener::Listener(Ring& ring, int descriptor, OnAccept on_accept, void* context)
    : ring_(ring),
      descriptor_(descriptor),
      address_(Address::of_socket(descriptor)),
      on_accept_(on_accept),
      context_(context),
      retry_(&Listener::on_retry, this) {
  accept_.handler = &Listener::on_completion;
  accept_.listener = this;
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (address_.is_unix()) ::unlink(address_.path().c_str());
}

void Listener::arm() {
  ring_.accept(accept_, descriptor_);
  accept_.in_flight = true;
}

void Listener::stop() {
  if (std::exchange(stopped_, true)) return;
  ring_.set_timer(retry_, kNever);
  if (!accept_.in_flight) return;
  ring_.cancel(accept_);
  ring_.expect_completion();
  last_expected_ = true;
}

void Listener::on_retry(void* self) {
  static_cast<Listener*>(self)->arm();
}

void Listener::on_completion(Completion& self, int result, std::uint32_t flags) {
  Listener& listener = *static_cast<Accept&>(self).listener;
  if ((flags & IORING_CQE_F_MORE) == 0) listener.accept_.in_flight = false;
  if (result >= 0) {
    SocketPtr socket(listener.ring_.obtain_socket(result));
    if (!listener.stopped_ && !listener.ring_.shutting_down()) {
      socket->arm_receive();
      listener.on_accept_(listener.context_, std::move(socket));
    }
  } else if (result != -ECANCELED) {
    ++listener.accept_failures_;
  }
  if (listener.accept_.in_flight) return;
  if (std::exchange(listener.last_expected_, false)) listener.ring_.expected_completion_came();
  if (listener.stopped_) return;
  if (result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS) {
    // Out of descriptors: the queue stays in the kernel; trying again at once would spin.
    listener.ring_.set_timer(listener.retry_, listener.ring_.now() + kRetryAfter);
  } else {
    listener.arm();
  }
}

}  // namespace smtpmark::io
