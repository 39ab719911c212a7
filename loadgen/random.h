// What is drawn: always the same for the same seed.
#ifndef SMTPMARK_LOADGEN_RANDOM_H_
#define SMTPMARK_LOADGEN_RANDOM_H_

#include <cstdint>
#include <random>

namespace smtpmark::loadgen {

// Belongs to one class on one thread.
using Random = std::mt19937_64;

// For one purpose, a number of its own, of a class on a thread.
inline Random make_random(std::uint64_t seed, std::uint32_t class_number, std::uint32_t thread,
                          std::uint32_t purpose) {
  std::seed_seq numbers{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                        class_number, thread, purpose};
  return Random(numbers);
}

// From 0 to below 1; the same on every platform, which std's distributions are not.
inline double draw_unit(Random& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RANDOM_H_
