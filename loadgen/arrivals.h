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
  TimeNs next() const noexcept { return next_; }
  void advance();
  // How many from next() on are due before `time`; about that many of random ones.
  std::uint64_t due_before(TimeNs time) const noexcept;

 private:
  // Turns of the whole load that are due before the next one of this share.
  double position() const noexcept;
  void place() noexcept;

  const RateCurve* curve_;
  ArrivalShare share_;
  std::mt19937_64 random_;
  std::uint64_t count_ = 0;  // of starts before next()
  double drawn_ = 0.0;       // position of a random one
  TimeNs next_ = 0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_ARRIVALS_H_
