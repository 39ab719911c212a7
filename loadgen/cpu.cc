#include "loadgen/cpu.h"

#include <pthread.h>
#include <sched.h>

#include <ctime>

namespace smtpmark::loadgen {

namespace {

double seconds_of(clockid_t clock) noexcept {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0.0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

double thread_cpu_seconds(std::thread& thread) noexcept {
  clockid_t clock{};
  if (pthread_getcpuclockid(thread.native_handle(), &clock) != 0) return 0.0;
  return seconds_of(clock);
}

double process_cpu_seconds() noexcept {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void pin_this_thread(int index) noexcept {
  cpu_set_t usable;
  if (index < 0 || sched_getaffinity(0, sizeof usable, &usable) != 0) return;
  int skip = index % CPU_COUNT(&usable);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
}

int usable_processors() noexcept {
  cpu_set_t usable;
  return sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
}

}  // namespace smtpmark::loadgen
