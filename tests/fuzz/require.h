// What every fuzz target shares: its entry point, and a check that ends the process when it fails.
#ifndef SMTPMARK_TESTS_FUZZ_REQUIRE_H_
#define SMTPMARK_TESTS_FUZZ_REQUIRE_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// The name that fuzzers call.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace smtpmark::fuzz {

// A fuzzer takes the abort as a finding and keeps the input. Unlike assert() it is in every build.
inline void require(bool condition, const char* claim) {
  if (condition) [[likely]]
    return;
  std::fprintf(stderr, "does not hold: %s\n", claim);
  std::abort();
}

inline bool lies_within(std::string_view view, std::string_view bytes) {
  return view.data() == nullptr ||
         (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace smtpmark::fuzz

#endif  // SMTPMARK_TESTS_FUZZ_REQUIRE_H_
