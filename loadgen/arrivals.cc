#include "loadgen/arrivals.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtpmark::loadgen {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNsPerS = 1e9;
constexpr double kSlack = 1e-7;  // of a turn: what rounding may have taken

// Of the whole load: whose seed and share a sequence has.
std::mt19937_64 generator_of(const ArrivalShare& share) {
  std::seed_seq seeds = {static_cast<std::uint32_t>(share.seed),
                         static_cast<std::uint32_t>(share.seed >> 32), share.number, share.thread};
  return std::mt19937_64(seeds);
}

// A distance of mean 1 between events that do not know of each other.
double exponential(std::mt19937_64& random) {
  const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;  // below 1
  return -std::log1p(-uniform);
}

}  // namespace

RateCurve::RateCurve(const std::vector<Stage>& stages) {
  double begin_s = 0.0;
  double turns = 0.0;
  for (const Stage& stage : stages) {
    const double length_s =
        stage.length_ns == 0 ? kInfinite : static_cast<double>(stage.length_ns) / kNsPerS;
    const double slope = (stage.to_per_s - stage.from_per_s) / length_s;
    pieces_.push_back({begin_s, length_s, turns, stage.from_per_s, slope});
    begin_s += length_s;
    turns += 0.5 * (stage.from_per_s + stage.to_per_s) * length_s;
  }
}

double RateCurve::Piece::turns_until(double seconds) const noexcept {
  const double x = std::min(seconds - begin_s, length_s);
  return turns_before + x * (from_per_s + 0.5 * slope_per_s_s * x);
}

double RateCurve::turns_until(double seconds) const noexcept {
  double turns = 0.0;
  for (const Piece& piece : pieces_) {
    if (piece.begin_s > seconds) break;
    turns = piece.turns_until(seconds);
  }
  return turns;
}

double RateCurve::time_of(double turns) const noexcept {
  for (const Piece& piece : pieces_) {
    const double wanted = turns - piece.turns_before;
    // The root of the quadratic that does not cancel, also where the slope is nothing.
    const double square = piece.from_per_s * piece.from_per_s + 2.0 * piece.slope_per_s_s * wanted;
    if (square < 0.0) continue;  // a rate that falls to nothing before
    const double divisor = piece.from_per_s + std::sqrt(square);
    const double x = wanted == 0.0 ? 0.0 : 2.0 * wanted / divisor;
    const bool any_load = piece.from_per_s > 0.0 || piece.slope_per_s_s > 0.0;
    if (any_load && x < piece.length_s) return piece.begin_s + x;
  }
  return kInfinite;
}

ArrivalSequence::ArrivalSequence(const RateCurve& curve, const ArrivalShare& share)
    : curve_(&curve), share_(share) {
  next_.random = generator_of(share);
  draw(next_);
  place(next_);
  ahead_ = next_;
}

double ArrivalSequence::position(const Start& start) const noexcept {
  if (share_.arrivals == Arrivals::kPoisson) return start.drawn;
  const std::uint64_t of_class = share_.thread + start.number * share_.threads;
  const double of_all = static_cast<double>(of_class) / share_.part;
  if (share_.arrivals == Arrivals::kConstant) return of_all;
  const auto burst = static_cast<double>(share_.burst);
  return burst * std::floor(of_all / burst + kSlack);
}

void ArrivalSequence::draw(Start& start) const {
  if (share_.arrivals != Arrivals::kPoisson) return;
  start.drawn += exponential(start.random) * share_.threads / share_.part;
}

void ArrivalSequence::place(Start& start) const noexcept {
  const double ns = curve_->time_of(position(start)) * kNsPerS;
  start.time = ns < static_cast<double>(io::kNever) / 2 ? static_cast<TimeNs>(ns) : io::kNever;
}

void ArrivalSequence::advance(Start& start) const {
  ++start.number;
  draw(start);
  place(start);
}

std::uint64_t ArrivalSequence::due_before(TimeNs time, std::uint64_t most) {
  if (next_.time >= time) return 0;
  if (share_.arrivals == Arrivals::kPoisson) return drawn_before(time, most);
  double due = curve_->turns_until(static_cast<double>(time) / kNsPerS);
  const auto burst = static_cast<double>(share_.burst);
  if (share_.arrivals == Arrivals::kBurst) due = burst * std::ceil(due / burst - kSlack);
  const double first = share_.thread / share_.part;
  const double count = std::ceil((due - first) * share_.part / share_.threads - kSlack) -
                       static_cast<double>(next_.number);
  return std::min(static_cast<std::uint64_t>(std::max(count, 1.0)), most);
}

std::uint64_t ArrivalSequence::drawn_before(TimeNs time, std::uint64_t most) {
  if (time < asked_ || ahead_.number < next_.number) ahead_ = next_;
  asked_ = time;
  while (ahead_.time < time && ahead_.number - next_.number < most) advance(ahead_);
  return std::min(ahead_.number - next_.number, most);
}

}  // namespace smtpmark::loadgen
