#include "loadgen/cpu.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <system_error>

namespace smtpmark::loadgen {

namespace {

double seconds_of(clockid_t clock) noexcept {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0.0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Negative for what is none.
int processor_number(std::string_view text) noexcept {
  int number = -1;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc() && rest == text.data() + text.size();
  return good && number < CPU_SETSIZE ? number : -1;
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

std::vector<int> parse_processors(std::string_view list) {
  std::vector<int> all;
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    list.remove_prefix(std::min(range.size() + 1, list.size()));
    const std::size_t dash = range.find('-');
    const int first = processor_number(range.substr(0, dash));
    const int last =
        dash == std::string_view::npos ? first : processor_number(range.substr(dash + 1));
    if (first < 0 || last < first) return {};
    for (int cpu = first; cpu <= last; ++cpu) all.push_back(cpu);
  }
  return all;
}

tl::expected<void, std::string> use_numa_node(int node) {
  const std::string path = fmt::format("/sys/devices/system/node/node{}/cpulist", node);
  std::ifstream file(path);
  std::string list;
  if (!std::getline(file, list)) {
    return tl::unexpected(fmt::format(
        "there is no NUMA node {} here (no {}); `lscpu` shows those that there are", node, path));
  }
  cpu_set_t usable;
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) CPU_ZERO(&usable);
  for (const int cpu : parse_processors(list)) {
    if (CPU_ISSET(cpu, &usable)) CPU_SET(cpu, &wanted);
  }
  if (CPU_COUNT(&wanted) == 0 || sched_setaffinity(0, sizeof wanted, &wanted) != 0) {
    return tl::unexpected(
        fmt::format("this process may run on no processor of NUMA node {} ({})", node, list));
  }
  return {};
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

tl::expected<void, std::string> check_pin(int first, std::uint32_t threads) {
  const int usable = usable_processors();
  const std::int64_t last = std::int64_t{first} + threads - 1;
  if (first < 0 || last < usable) return {};
  return tl::unexpected(
      fmt::format("--pin {} needs a processor {}, and this process may run on {}, counted from 0: "
                  "give a lower --pin or fewer --threads",
                  first, last, usable));
}

int usable_processors() noexcept {
  cpu_set_t usable;
  return sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
}

}  // namespace smtpmark::loadgen
