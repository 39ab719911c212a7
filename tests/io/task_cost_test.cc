// What an awaited task costs: no stack and, on a warm thread, no allocation. A program of its own:
// symmetric transfer is a tail call in optimised builds only, and sanitizers bring their own
// operator new.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "io/task.h"

namespace {
std::size_t allocations = 0;
}

// Not inlined: GCC 12 takes a visible free() behind a new expression for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace smtpmark::io::testing {
namespace {

Task<int> add(int a, int b) {
  co_return a + b;
}

Task<std::uint64_t> depth_of(std::uint64_t depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await depth_of(depth - 1);
}

TEST(TaskCost, DeepChainsOfAwaitsDoNotGrowTheStack) {
  const auto run = [](std::uint64_t& depth) -> Task<> { depth = co_await depth_of(300'000); };
  std::uint64_t depth = 0;
  spawn(run(depth));
  EXPECT_EQ(depth, 300'000U);
}

Task<> sum_up(int rounds, std::uint64_t& sum) {
  for (int i = 0; i < rounds; ++i) {
    const int one = co_await add(1, 0);
    sum += static_cast<std::uint64_t>(one);
  }
}

TEST(TaskCost, ALongLoopOfAwaitsDoesNotGrowTheStack) {
  std::uint64_t sum = 0;
  spawn(sum_up(2'000'000, sum));
  EXPECT_EQ(sum, 2'000'000U);
}

TEST(TaskCost, AWarmThreadAllocatesNoFrames) {
  std::uint64_t sum = 0;
  spawn(sum_up(1, sum));
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) spawn(sum_up(10, sum));
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(sum, 1001U);
}

}  // namespace
}  // namespace smtpmark::io::testing
