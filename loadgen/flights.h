// The messages that a session has begun and not finished.
#ifndef SMTPMARK_LOADGEN_FLIGHTS_H_
#define SMTPMARK_LOADGEN_FLIGHTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/scheduler.h"
#include "loadgen/mail_source.h"
#include "loadgen/session_shape.h"

namespace smtpmark::loadgen {

// A turn to send one message, or to hold one session (TurnOf).
struct Turn {
  io::TimeNs intended = 0;  // open loop: when it was to start; 0 in a closed loop
};

struct Flight {
  Turn turn;
  io::TimeNs began = 0;  // when its first command was written
  AbortPoint abort = AbortPoint::kNone;
  bool written = false;   // its envelope is on its way, with CHUNKING its content too
  bool in_doubt = false;  // its content is on its way: a lost connection leaves it in doubt
  MailObject mail;
  MailRoomPtr room;  // of `mail`

  void begin(Turn with) noexcept {
    turn = with;
    began = 0;
    abort = AbortPoint::kNone;
    written = in_doubt = false;
  }
};

// First in, first out. Its memory is taken once and used again.
class Flights {
 public:
  static constexpr std::uint32_t kMost = 64;

  // At most `most` at once.
  explicit Flights(std::uint32_t most) : ring_(most) {}

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  Flight& front() noexcept { return ring_[first_]; }
  Flight& back() noexcept { return ring_[(first_ + size_ - 1) % ring_.size()]; }
  // The reference stays good until the flight is popped.
  Flight& push(Turn turn) noexcept {
    ++size_;
    back().begin(turn);
    return back();
  }
  void pop() noexcept {
    first_ = (first_ + 1) % ring_.size();
    --size_;
  }

 private:
  std::vector<Flight> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_FLIGHTS_H_
