// What is drawn: always the same for the same seed.
#ifndef SMTPMARK_LOADGEN_RANDOM_H_
#define SMTPMARK_LOADGEN_RANDOM_H_

#include <cstdint>
#include <initializer_list>

namespace smtpmark::loadgen {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). A
// stream is eight octets and costs next to nothing to begin, so that each session can have its own.
class Random {
 public:
  constexpr explicit Random(std::uint64_t seed = 0) noexcept : state_(seed) {}

  constexpr std::uint64_t operator()() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

// A stream of a class for one purpose, a number of its own: number `stream` of these, as of a
// thread or of a session.
constexpr Random make_random(std::uint64_t seed, std::uint32_t class_number, std::uint64_t stream,
                             std::uint32_t purpose) noexcept {
  std::uint64_t mixed = seed;
  for (const std::uint64_t number : {std::uint64_t{class_number}, stream, std::uint64_t{purpose}}) {
    mixed = Random(mixed)() ^ number;
  }
  return Random(Random(mixed)());
}

// From 0 to below 1; the same on every platform, which std's distributions are not.
inline double draw_unit(Random& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RANDOM_H_
