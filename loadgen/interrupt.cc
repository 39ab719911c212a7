#include "loadgen/interrupt.h"

#include <csignal>
#include <ctime>

namespace smtpmark::loadgen {

namespace {

std::atomic<bool> interrupt_came{false};

extern "C" void on_interrupt(int signal) {
  if (interrupt_came.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

const std::atomic<bool>& interrupted() noexcept {
  return interrupt_came;
}

void watch_interrupts() noexcept {
  struct sigaction action {};
  action.sa_handler = &on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_interrupt() noexcept {
  constexpr timespec kNap{0, 20'000'000};
  while (!interrupt_came.load()) nanosleep(&kNap, nullptr);
}

}  // namespace smtpmark::loadgen
