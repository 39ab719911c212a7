// The operations of a ring on epoll, for where io_uring is forbidden: each is tried at once, waits
// until its descriptor is ready, and completes as io_uring would have completed it.
#ifndef SMTPMARK_IO_POLLER_H_
#define SMTPMARK_IO_POLLER_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/buffer_ring.h"
#include "io/completion.h"
#include "io/error.h"
#include "io/output_queue.h"
#include "io/scheduler.h"

namespace smtpmark::io {

// Belongs to one thread. Handlers run in handle_completions() alone, never from within a call that
// asks for something.
class Poller {
 public:
  // Receives into `buffers`, which outlive it. A write to `wakeup_descriptor` (an eventfd) ends a
  // wait. On failure the operating system's error.
  static Result<std::unique_ptr<Poller>> create(BufferRing& buffers, int wakeup_descriptor);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // `descriptor` is a new one: what was known of an earlier one with its number is forgotten.
  void adopt(int descriptor);

  // Multishot, as IORING_OP_RECV with a provided buffer and IORING_OP_ACCEPT: completes each time,
  // until a completion comes without IORING_CQE_F_MORE.
  void receive(Completion& completion, int descriptor);
  void accept(Completion& completion, int descriptor);
  void connect(Completion& completion, int descriptor, const sockaddr* address, socklen_t length);
  // With MSG_DONTWAIT in `flags` it sends what there is room for, else all of it.
  void send(Completion& completion, int descriptor, const iovec* pieces, std::size_t count,
            int flags);

  // `target`, where it still waits, completes with -ECANCELED.
  void cancel(Completion& target);
  // A send that waits is brought to its end first.
  void close(int descriptor);

  // Waits until there are `wanted` completions, but not beyond `due`.
  void wait(TimeNs due, std::size_t wanted);
  // Those there were when it was called.
  void handle_completions();

 private:
  struct PendingSend {
    Completion* completion = nullptr;
    std::array<iovec, OutputBatch::kMostVectors> pieces{};
    std::size_t count = 0;
    std::size_t sent = 0;
    int flags = 0;
  };
  struct Descriptor {
    Completion* receive = nullptr;
    Completion* accept = nullptr;
    Completion* connect = nullptr;
    const sockaddr* address = nullptr;  // to connect to; the caller's until that has completed
    socklen_t address_length = 0;
    PendingSend send;
    bool registered = false;
    bool readable = false;  // as far as is known: until a call says otherwise
    bool ended = false;     // the peer sends nothing more
    bool listed = false;    // in ready_
    bool closing = false;   // behind the send
  };
  struct Done {
    Completion* completion;
    int result;
    std::uint32_t flags;
  };

  Poller(int descriptor, BufferRing& buffers, int wakeup_descriptor);
  Descriptor& state_of(int descriptor) {
    return descriptors_[static_cast<std::size_t>(descriptor)];
  }
  Descriptor& registered(int descriptor);
  void complete(Completion*& completion, int result);
  void look_again(int descriptor);
  void poll(TimeNs timeout);
  void take_event(int descriptor, std::uint32_t events);
  void advance(int descriptor);
  void take_octets(int descriptor, Descriptor& state);
  bool take_octets_once(int descriptor, Descriptor& state);
  void take_connections(int descriptor, Descriptor& state);
  void begin_connect(int descriptor);
  void conclude_connect(int descriptor, Descriptor& state);
  void go_on_sending(int descriptor, Descriptor& state);

  int epoll_;
  int wakeup_;
  BufferRing& buffers_;
  std::vector<Descriptor> descriptors_;  // by number
  std::vector<int> ready_;               // to be looked at without waiting for an event
  std::vector<int> looking_;
  std::vector<int>
      refused_;  // UNIX sockets whose listener has a full queue: no event tells of room
  std::vector<Done> done_;
  std::vector<Done> handling_;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_POLLER_H_
