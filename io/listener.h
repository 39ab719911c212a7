// A listening socket on a ring: TCP, or a UNIX socket, which is removed in the end.
#ifndef SMTPMARK_IO_LISTENER_H_
#define SMTPMARK_IO_LISTENER_H_

#include <cstdint>
#include <memory>

#include "io/address.h"
#include "io/ring.h"
#include "io/socket.h"

namespace smtpmark::io {

// Who may have the same address (SO_REUSEPORT; not for UNIX sockets), as the listeners of threads
// have, over which the kernel spreads connections.
enum class PortUse : std::uint8_t {
  kAlone,
  kFirst,   // those that join later; fails as kAlone does where somebody has it already
  kJoined,  // one of them: of the same user
};

// Must not outlive its ring; before it is destroyed, stop() must have been followed by
// Ring::shut_down(), which waits for its last completion.
class Listener {
 public:
  using OnAccept = void (*)(void* context, SocketPtr socket);

  static Result<std::unique_ptr<Listener>> create(Ring& ring, const Address& address, int backlog,
                                                  OnAccept on_accept, void* context,
                                                  PortUse use = PortUse::kAlone);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // The address with the port that the kernel chose where 0 was asked for.
  const Address& address() const noexcept { return address_; }
  // Attempts to accept that failed, as for want of a file descriptor; the connection stays queued.
  std::uint64_t accept_failures() const noexcept { return accept_failures_; }
  // Accepts nothing more.
  void stop();

 private:
  Listener(Ring& ring, int descriptor, OnAccept on_accept, void* context);
  void arm();
  static void on_completion(Completion& self, int result, std::uint32_t flags);
  static void on_retry(void* self);

  struct Accept : Completion {
    Listener* listener = nullptr;
    bool in_flight = false;
  };

  Ring& ring_;
  int descriptor_;
  Address address_;
  OnAccept on_accept_;
  void* context_;
  Accept accept_;
  Timer retry_;
  std::uint64_t accept_failures_ = 0;
  bool stopped_ = false;
  bool last_expected_ = false;  // the ring waits for the last completion
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_LISTENER_H_
