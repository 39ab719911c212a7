#include "loadgen/interrupt.h"

#include <csignal>
#include <cstdint>
#include <ctime>

namespace smtpmark::loadgen {

namespace {

constexpr std::int64_t kOneSignalNs = 500'000'000;

std::atomic<bool> interrupt_came{false};
std::atomic<bool> hurry_came{false};
std::atomic<std::int64_t> counted_at_ns{0};

extern "C" void on_interrupt(int signal) {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  const std::int64_t now_ns = time.tv_sec * 1'000'000'000LL + time.tv_nsec;
  std::int64_t before_ns = counted_at_ns.load();
  if (before_ns != 0 && now_ns - before_ns < kOneSignalNs) return;
  if (!counted_at_ns.compare_exchange_strong(before_ns, now_ns)) return;
  if (!interrupt_came.exchange(true) || !hurry_came.exchange(true)) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

const std::atomic<bool>& interrupted() noexcept {
  return interrupt_came;
}

const std::atomic<bool>& hurried() noexcept {
  return hurry_came;
}

void watch_interrupts() noexcept {
  struct sigaction action {};
  action.sa_handler = &on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_interrupt() noexcept {
  constexpr timespec kNap{0, 20'000'000};
  while (!interrupt_came.load()) nanosleep(&kNap, nullptr);
}

}  // namespace smtpmark::loadgen
