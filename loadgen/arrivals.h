// When the turns of an open loop are due.
#ifndef SMTPMARK_LOADGEN_ARRIVALS_H_
#define SMTPMARK_LOADGEN_ARRIVALS_H_

#include <cstdint>
#include <random>
#include <vector>

#include "io/scheduler.h"
#include "loadgen/plan.h"

namespace smtpmark::loadgen {

using io::TimeNs;

// How many turns of the whole load are due until a moment: the area below the rate of the stages.
class RateCurve {
 public:
  explicit RateCurve(const std::vector<Stage>& stages);

  // Turns due within `seconds` of the start. Never decreases.
  double turns_until(double seconds) const noexcept;
  // The inverse: seconds from the start; infinite when so many never become due.
  double time_of(double turns) const noexcept;

 private:
  struct Piece {
    double begin_s;
    double length_s;       // may be infinite
    double turns_before;   // due before this piece
    double from_per_s;     // its rate in the beginning
    double slope_per_s_s;  // and how that changes
    double turns_until(double seconds) const noexcept;
  };
  std::vector<Piece> pieces_;
};

// Which of the turns of a load are those of one class on one thread.
struct ArrivalShare {
  Arrivals arrivals = Arrivals::kConstant;
  std::uint64_t burst = 1;    // turns of the whole load at once
  double part = 1.0;          // of the class
  std::uint32_t threads = 1;  // that share the class, this one being number `thread`
  std::uint32_t thread = 0;
  std::uint64_t seed = 1;
  std::uint32_t number = 0;  // of the class: its random numbers are its own
};

// The intended starts of a share, one after the other. Computed from counts, never by adding up
// intervals, so that they do not drift; the same seed gives the same starts.
class ArrivalSequence {
 public:
  ArrivalSequence(const RateCurve& curve, const ArrivalShare& share);

  // The next start, from the start of the run; io::kNever when there is none.
  TimeNs next() const noexcept { return next_.time; }
  void advance() { advance(next_); }
  // How many from next() on are due before `time`; `most` when there are more. Random ones are
  // drawn ahead for it, each of them once however often this is asked, as long as `time` and next()
  // do not go back.
  std::uint64_t due_before(TimeNs time, std::uint64_t most);

 private:
  // A start of the sequence.
  struct Start {
    std::uint64_t number = 0;  // of starts before it
    double drawn = 0.0;        // its position, where that is random
    TimeNs time = 0;
    std::mt19937_64 random;  // which draws the next one
  };

  // Turns of the whole load that are due before a start of this share.
  double position(const Start& start) const noexcept;
  void draw(Start& start) const;
  void place(Start& start) const noexcept;
  void advance(Start& start) const;
  std::uint64_t drawn_before(TimeNs time, std::uint64_t most);

  const RateCurve* curve_;
  ArrivalShare share_;
  Start next_;
  Start ahead_;       // of random ones: the first that due_before() has not counted
  TimeNs asked_ = 0;  // the time that due_before() was asked about
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_ARRIVALS_H_
