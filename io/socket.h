// A connection on a ring: TCP, or a UNIX socket.
#ifndef SMTPMARK_IO_SOCKET_H_
#define SMTPMARK_IO_SOCKET_H_

#include <cstdint>
#include <memory>
#include <string>

#include "io/address.h"
#include "io/output_queue.h"
#include "io/ring.h"
#include "io/task.h"
#include "io/transport.h"

namespace smtpmark::io {

// Ends the connection: what was written is sent first, then the descriptor is closed. The memory
// stays with the ring until the last completion has come.
struct SocketCloser {
  void operator()(Socket* socket) const noexcept;
};
using SocketPtr = std::unique_ptr<Socket, SocketCloser>;

// Invariant: while its coroutine waits for input, and behind a stand_by(), a socket holds no
// receive buffer; what could not be consumed (the beginning of a line) has been moved to `carry_`.
class Socket final : public Transport {
 public:
  // A peer that sends faster than its dialogue reads is paused at this many full buffers.
  static constexpr std::uint32_t kMaxQueuedBuffers = 16;
  // How long a close waits for the rest of the output to leave.
  static constexpr TimeNs kLinger = 5 * kSecond;

  explicit Socket(Ring& ring);
  ~Socket() override;

  void discard_input() noexcept override;
  void write(std::string_view bytes) override { output_.append_copy(bytes); }
  void write_stable(std::string_view bytes) override { output_.append_stable(bytes); }
  void set_deadline(TimeNs deadline) override;
  Scheduler& scheduler() noexcept override { return ring_; }
  TimeNs sent_at() const noexcept override { return output_.octets() == 0 ? sent_at_ : kNever; }
  void acknowledge_soon() noexcept override { acknowledge_soon_ = true; }
  void stand_by() override;

  int descriptor() const noexcept { return descriptor_; }

 private:
  friend class Ring;
  friend class Listener;
  friend struct SocketCloser;
  friend Task<Result<SocketPtr>> connect(Ring&, const Address&, const Address*, TimeNs);

  class ConnectAwaiter;
  struct Operation : Completion {
    Socket* socket = nullptr;
    bool in_flight = false;
  };

  Pull pull() override;
  void push() override;
  void watch_sending() noexcept override { wake_for_send(); }
  std::size_t backlog() const noexcept override { return output_.octets(); }
  bool overdue() const noexcept override { return deadline_passed_; }

  static void on_receive(Completion& self, int result, std::uint32_t flags);
  static void on_send(Completion& self, int result, std::uint32_t flags);
  static void on_connect(Completion& self, int result, std::uint32_t flags);
  static void on_deadline(void* self);

  void open(int descriptor);
  void arm_receive();
  void resume_receive();
  void take_received(int result, std::uint32_t flags);
  bool load_next();
  void release_current() noexcept;
  Pull join();
  void submit_send(bool may_be_quiet);
  void wake_for_send() noexcept;
  void close();
  void close_now();
  void give_up(Error error);
  void finish_if_quiet();

  Ring& ring_;
  int descriptor_ = -1;
  std::uint32_t live_index_ = 0;  // in the ring's list

  Operation receive_;
  Operation send_;
  Operation connect_;

  // Received and not yet visible: a list through the slots of the buffer ring.
  std::uint16_t queue_head_ = BufferRing::kNone;
  std::uint16_t queue_tail_ = BufferRing::kNone;
  std::uint16_t current_ = BufferRing::kNone;  // the buffer that input() or rest_ lies in
  std::uint32_t queued_ = 0;
  std::string_view rest_;  // of current_, behind what input() shows
  std::string carry_;      // a line that straddles two buffers

  OutputQueue output_;
  bool sends_the_rest_ = false;  // the send in flight does not end before all of its batch has left
  bool sends_quietly_ = false;   // it completes with its submission, and the ring does not wake up
  std::size_t unanswered_ = 0;   // octets given to the kernel since it has brought any
  TimeNs sent_at_ = 0;           // when the latest send had ended

  Timer deadline_timer_;
  bool deadline_passed_ = false;
  bool acknowledge_soon_ = false;
  bool connected_ = false;
  bool used_ = false;       // since the ring looked last
  bool starved_ = false;    // waits for a receive buffer
  bool throttled_ = false;  // the receive was canceled: too much is queued
  bool closing_ = false;
  bool closed_ = false;
};

// Connects, from `source` when it is not null, until `deadline`.
Task<Result<SocketPtr>> connect(Ring& ring, const Address& target, const Address* source,
                                TimeNs deadline);

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_SOCKET_H_
