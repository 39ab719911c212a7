#include "io/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
