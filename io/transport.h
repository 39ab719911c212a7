// A stream of octets in both directions, as a dialogue sees it: over TCP, over TLS, or in memory.
//
// Reading: input() is a view of octets that have arrived and lie together; consume() drops from its
// front; `co_await receive()` waits until input() has grown. Writing: write() queues and never
// waits. What is queued leaves when the dialogue waits for input, so that everything written since
// the last wait travels together: that is how a batch of replies to pipelined commands becomes one
// segment. flush() waits until all of it has been taken by the layer below.
//
// One coroutine owns a transport and is the only one to await it. The seam between the layers is
// virtual only where a system call or a TLS record happens anyway.
#ifndef SMTPMARK_IO_TRANSPORT_H_
#define SMTPMARK_IO_TRANSPORT_H_

#include <coroutine>
#include <cstddef>
#include <string_view>

#include "io/error.h"
#include "io/scheduler.h"

namespace smtpmark::io {

class Transport {
 public:
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Octets received and not consumed. Valid until the next receive(), flush(), discard_input() or
  // any other wait of the owning coroutine.
  std::string_view input() const noexcept {
    return {input_begin_, static_cast<std::size_t>(input_end_ - input_begin_)};
  }
  // Drops the first `count` octets of input().
  void consume(std::size_t count) noexcept { input_begin_ += count; }

  // Waits until input() holds more octets than now; those not consumed stay at its front. Sends
  // what was written first. kClosed at the peer's end of stream; after an error every later call
  // returns the same error.
  class ReceiveAwaiter;
  ReceiveAwaiter receive() noexcept;

  // Drops every octet that has arrived: what was injected before a change of protocol (RFC 3207,
  // 5).
  virtual void discard_input() noexcept = 0;

  // Queues a copy of `bytes`.
  virtual void write(std::string_view bytes) = 0;
  // Queues `bytes` by reference where that is cheaper: they must stay as they are until flush() has
  // been awaited. A socket that is closed without it goes on sending them until its linger time is
  // over or its ring has been shut down.
  virtual void write_stable(std::string_view bytes) = 0;

  // Waits until no more than `backlog` octets of what was written are still on this side. The
  // peer's end of stream does not end it: a peer that has closed its side may still read.
  class FlushAwaiter;
  FlushAwaiter flush(std::size_t backlog = 0) noexcept;

  // To be called before the owner waits for something else than this transport, as for time: what
  // all connections share is given back. Views of input() end; it may have grown.
  virtual void stand_by() {}
  // The same for a wait that has lasted long: what takes time to get again is given back too.
  virtual void go_idle() { stand_by(); }

  // When the operating system had taken the last of what was written; kNever while it has not taken
  // all of it.
  virtual TimeNs sent_at() const noexcept = 0;

  // A wait that has not ended by `deadline` ends with kTimedOut. Stays until it is set again.
  virtual void set_deadline(TimeNs deadline) = 0;

  virtual Scheduler& scheduler() noexcept = 0;

  // The peer is about to send several small pieces in a row, as session tickets and then a reply,
  // and may wait for the first to be acknowledged before it sends the second (Nagle's algorithm):
  // do not delay the next acknowledgement.
  virtual void acknowledge_soon() noexcept {}

 protected:
  Transport() = default;

  enum class Pull : std::uint8_t { kNothing, kGrew, kFailed };
  // Makes more input visible without waiting. Octets that came before a failure come first.
  virtual Pull pull() = 0;
  // Hands what is queued to the layer below; goes on with what did not fit before.
  virtual void push() = 0;
  // The end of what is being sent is waited for: the loop has to wake up for it.
  virtual void watch_sending() noexcept {}
  // Octets written that have not left this side.
  virtual std::size_t backlog() const noexcept = 0;
  // Whether the deadline has passed: a wait that begins now ends with kTimedOut.
  virtual bool overdue() const noexcept = 0;

  // What the owning coroutine waits for; lives in its frame.
  struct Waiter {
    std::coroutine_handle<> coroutine;
    // Returns whether the wait is over.
    virtual bool attempt() = 0;

   protected:
    ~Waiter() = default;
  };
  void wait(Waiter& waiter, std::coroutine_handle<> coroutine) noexcept {
    waiter.coroutine = coroutine;
    waiter_ = &waiter;
  }
  // Whether the coroutine waits here or in a layer above.
  bool awaited() const noexcept {
    return upper_ != nullptr ? upper_->awaited() : waiter_ != nullptr;
  }

  // To be called by the layer that does the work when input may have come, output may have left or
  // failure_ was set. The last thing a caller does: it may resume the coroutine, which may end.
  void progress();

  // go_idle() for all layers, from the one on top.
  void go_idle_from_above() { upper_ != nullptr ? upper_->go_idle_from_above() : go_idle(); }

  bool failed() const noexcept { return failure_.kind != ErrorKind::kNone; }
  // Nothing can be sent any more; kClosed alone does not mean that.
  bool send_failed() const noexcept { return send_failure_.kind != ErrorKind::kNone; }
  // The first failure stays.
  void fail(Error error) noexcept {
    if (!failed()) failure_ = error;
    if (!send_failed() && error.kind != ErrorKind::kClosed) send_failure_ = error;
  }

  const char* input_begin_ = nullptr;
  const char* input_end_ = nullptr;
  Error failure_;       // of receiving
  Error send_failure_;  // never kClosed

 private:
  friend class TlsTransport;

  Waiter* waiter_ = nullptr;
  Transport* upper_ = nullptr;
};

class [[nodiscard]] Transport::ReceiveAwaiter final : Waiter {
 public:
  explicit ReceiveAwaiter(Transport& transport) noexcept : transport_(transport) {}
  bool await_ready() { return attempt(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    transport_.push();
    if (attempt()) return false;  // sending failed, or the answer is there already (in memory)
    transport_.wait(*this, waiter);
    return true;
  }
  Result<void> await_resume() const noexcept {
    if (outcome_ == Pull::kFailed) return tl::unexpected(transport_.failure_);
    return {};
  }

 private:
  bool attempt() override { return (outcome_ = transport_.pull()) != Pull::kNothing; }

  Transport& transport_;
  Pull outcome_ = Pull::kNothing;
};

class [[nodiscard]] Transport::FlushAwaiter final : Waiter {
 public:
  FlushAwaiter(Transport& transport, std::size_t target) noexcept
      : transport_(transport), target_(target) {}
  bool await_ready() {
    transport_.push();
    return attempt();
  }
  void await_suspend(std::coroutine_handle<> waiter) { transport_.wait(*this, waiter); }
  Result<void> await_resume() const noexcept {
    if (transport_.send_failed()) return tl::unexpected(transport_.send_failure_);
    return {};
  }

 private:
  bool attempt() override {
    if (transport_.send_failed() || transport_.backlog() <= target_) return true;
    if (transport_.overdue()) transport_.fail({ErrorKind::kTimedOut, 0, 0});
    transport_.watch_sending();
    return transport_.send_failed();
  }

  Transport& transport_;
  std::size_t target_;
};

inline Transport::ReceiveAwaiter Transport::receive() noexcept {
  return ReceiveAwaiter(*this);
}
inline Transport::FlushAwaiter Transport::flush(std::size_t backlog) noexcept {
  return {*this, backlog};
}

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TRANSPORT_H_
