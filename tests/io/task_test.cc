#include "io/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/io/build_kind.h"

#if !SMTPMARK_WITH_SANITIZER
#include <cstdlib>
#include <new>

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
#endif

namespace smtpmark::io::testing {
namespace {

// Suspends until somebody opens it.
struct Gate {
  std::coroutine_handle<> waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiter, nullptr).resume(); }
};

Task<int> add(int a, int b) {
  co_return a + b;
}

Task<> store_sum(int a, int b, int& sum) {
  sum = co_await add(a, b);
}

TEST(Task, HandsItsValueToTheOneThatAwaitsIt) {
  int sum = 0;
  spawn(store_sum(40, 2, sum));
  EXPECT_EQ(sum, 42);
}

Task<std::unique_ptr<std::string>> make_text(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

TEST(Task, MovesAValueThatCannotBeCopied) {
  const auto take = [](std::unique_ptr<std::string>& into) -> Task<> {
    into = co_await make_text("moved");
  };
  std::unique_ptr<std::string> text;
  spawn(take(text));
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(*text, "moved");
}

TEST(Task, DoesNothingUntilItIsAwaited) {
  int sum = 0;
  { const Task<> task = store_sum(1, 2, sum); }
  EXPECT_EQ(sum, 0);
}

Task<> wait_at(Gate& gate, std::vector<int>& steps) {
  steps.push_back(1);
  co_await gate;
  steps.push_back(2);
}

TEST(Task, GoesOnWhereItWasSuspended) {
  const auto outer = [](Gate& gate, std::vector<int>& steps) -> Task<> {
    co_await wait_at(gate, steps);
    steps.push_back(3);
  };
  Gate gate;
  std::vector<int> steps;
  spawn(outer(gate, steps));
  EXPECT_EQ(steps, (std::vector{1}));
  gate.open();
  EXPECT_EQ(steps, (std::vector{1, 2, 3}));
}

Task<> hold(std::shared_ptr<int> held, Gate& gate) {
  co_await gate;
  ++*held;
}

TEST(Task, FreesTheFramesWhenItEnds) {
  const auto outer = [](std::shared_ptr<int> held, Gate& gate) -> Task<> {
    co_await hold(held, gate);
  };
  const auto held = std::make_shared<int>(0);
  Gate gate;
  spawn(outer(held, gate));
  EXPECT_GT(held.use_count(), 1);
  gate.open();
  EXPECT_EQ(*held, 1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, FreesItsFrameWhenItNeverStarted) {
  const auto held = std::make_shared<int>(0);
  Gate gate;
  {
    const Task<> task = hold(held, gate);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

Task<std::uint64_t> depth_of(std::uint64_t depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await depth_of(depth - 1);
}

TEST(Task, DeepChainsOfAwaitsDoNotGrowTheStack) {
  if (!kOptimised) GTEST_SKIP() << "symmetric transfer is a tail call in optimised builds only";
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

TEST(Task, ALongLoopOfAwaitsDoesNotGrowTheStack) {
  if (!kOptimised) GTEST_SKIP() << "symmetric transfer is a tail call in optimised builds only";
  std::uint64_t sum = 0;
  spawn(sum_up(2'000'000, sum));
  EXPECT_EQ(sum, 2'000'000U);
}

TEST(Task, AWarmThreadAllocatesNoFrames) {
#if SMTPMARK_WITH_SANITIZER
  GTEST_SKIP() << "sanitizers bring their own operator new";
#else
  std::uint64_t sum = 0;
  spawn(sum_up(1, sum));
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) spawn(sum_up(10, sum));
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(sum, 1001U);
#endif
}

TEST(Frames, AreReusedBySizeAndAlignedForAnything) {
  for (const std::size_t size : {1U, 63U, 64U, 65U, 4096U, 4097U, 100'000U}) {
    void* const frame = allocate_frame(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame) % alignof(std::max_align_t), 0U) << size;
    std::fill_n(static_cast<char*>(frame), size, '\x5A');
    free_frame(frame, size);
    void* const again = allocate_frame(size);
    std::fill_n(static_cast<char*>(again), size, '\x5A');
    free_frame(again, size);
  }
}

}  // namespace
}  // namespace smtpmark::io::testing
