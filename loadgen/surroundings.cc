#include "loadgen/surroundings.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "loadgen/cpu.h"

namespace smtpmark::loadgen {

namespace {

constexpr double kNsPerS = 1e9;
constexpr double kTooShortS = 0.02;  // to tell a thread that is busy from one that begins and ends

TimeNs real_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<TimeNs>(now.tv_sec) * io::kSecond + static_cast<TimeNs>(now.tv_nsec);
}

double seconds(TimeNs ns) noexcept {
  return static_cast<double>(ns) / kNsPerS;
}

// The first line of /proc/stat, in clock ticks (proc(5)).
void add_processors(Surroundings& into) {
  std::ifstream file("/proc/stat");
  std::string label;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double iowait = 0;
  double irq = 0;
  double softirq = 0;
  double steal = 0;
  if (!(file >> label >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal))
    return;
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  into.busy_s = (user + nice + system + irq + softirq) / tick;
  into.steal_s = steal / tick;
  into.capacity_s = into.busy_s + into.steal_s + (idle + iowait) / tick;
}

// /proc/net/netstat: a line of names, then a line of figures.
void add_network(Surroundings& into) {
  std::ifstream file("/proc/self/net/netstat");
  std::string names_line;
  std::string figures_line;
  while (std::getline(file, names_line) && std::getline(file, figures_line)) {
    std::istringstream names(names_line);
    std::istringstream figures(figures_line);
    std::string name;
    std::string figure;
    while (names >> name && figures >> figure) {
      if (name == "ListenOverflows") into.listen_overflows = std::stoull(figure);
      if (name == "TCPSynRetrans") into.syn_retransmits = std::stoull(figure);
    }
  }
}

}  // namespace

void Surroundings::merge(const Surroundings& other) noexcept {
  busiest_thread = std::max(busiest_thread, other.busiest_thread);
  runqueue_wait_s += other.runqueue_wait_s;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
  capacity_s += other.capacity_s;
  busy_s += other.busy_s;
  own_s += other.own_s;
  steal_s += other.steal_s;
  listen_overflows += other.listen_overflows;
  syn_retransmits += other.syn_retransmits;
  clock_jump_s = std::max(clock_jump_s, other.clock_jump_s);
  longest_stall_s = std::max(longest_stall_s, other.longest_stall_s);
}

SurroundingsProbe::ThreadSample SurroundingsProbe::sample_thread(pid_t thread) {
  const std::string folder = "/proc/self/task/" + std::to_string(thread) + "/";
  ThreadSample sample;
  double ran_ns = 0.0;
  double waited_ns = 0.0;
  if (std::ifstream(folder + "schedstat") >> ran_ns >> waited_ns) {
    sample.wait_s = waited_ns / kNsPerS;
    sample.active_s = (ran_ns + waited_ns) / kNsPerS;
  }
  std::ifstream status(folder + "status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string label;
    std::uint64_t figure = 0;
    if (!(words >> label >> figure)) continue;
    if (label == "voluntary_ctxt_switches:") sample.voluntary = figure;
    if (label == "nonvoluntary_ctxt_switches:") sample.involuntary = figure;
  }
  return sample;
}

SurroundingsProbe::Sample SurroundingsProbe::take() const {
  Sample sample;
  sample.at = io::monotonic_now();
  for (const pid_t thread : threads_) sample.threads.push_back(sample_thread(thread));
  add_processors(sample.machine);
  sample.machine.own_s = process_cpu_seconds();
  add_network(sample.machine);
  return sample;
}

void SurroundingsProbe::begin(const std::vector<pid_t>& threads) {
  threads_ = threads;
  begin_ = take();
  clock_jump_s_ = longest_stall_s_ = 0.0;
}

void SurroundingsProbe::tick() noexcept {
  const TimeNs now = io::monotonic_now();
  const TimeNs real = real_now();
  if (ticked_at_ != 0) {
    const double passed = seconds(now - ticked_at_);
    const double real_passed =
        (static_cast<double>(real) - static_cast<double>(real_at_tick_)) / kNsPerS;
    clock_jump_s_ = std::max(clock_jump_s_, std::abs(real_passed - passed));
    longest_stall_s_ = std::max(longest_stall_s_, passed - seconds(kTick));
  }
  ticked_at_ = now;
  real_at_tick_ = real;
}

Surroundings SurroundingsProbe::finish() {
  tick();
  const Sample end = take();
  const double window_s = seconds(end.at - begin_.at);
  Surroundings seen = end.machine;
  seen.capacity_s -= begin_.machine.capacity_s;
  seen.busy_s -= begin_.machine.busy_s;
  seen.own_s -= begin_.machine.own_s;
  seen.steal_s -= begin_.machine.steal_s;
  seen.listen_overflows -= begin_.machine.listen_overflows;
  seen.syn_retransmits -= begin_.machine.syn_retransmits;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    const ThreadSample& before = begin_.threads[i];
    const ThreadSample& after = end.threads[i];
    if (window_s > kTooShortS) {
      seen.busiest_thread = std::max(seen.busiest_thread,
                                     std::min(1.0, (after.active_s - before.active_s) / window_s));
    }
    seen.runqueue_wait_s += after.wait_s - before.wait_s;
    seen.voluntary_switches += after.voluntary - before.voluntary;
    seen.involuntary_switches += after.involuntary - before.involuntary;
  }
  seen.clock_jump_s = clock_jump_s_;
  seen.longest_stall_s = longest_stall_s_;
  return seen;
}

}  // namespace smtpmark::loadgen
