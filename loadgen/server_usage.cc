#include "loadgen/server_usage.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>

namespace smtpmark::loadgen {

namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup";

std::optional<pid_t> number_of(std::string_view text) {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

// The clock of a process is finer than the ticks of /proc/PID/stat.
std::optional<double> clock_of(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::optional<double> usage_of(const std::string& cpu_stat) {
  std::ifstream file(cpu_stat);
  std::string key;
  double value = 0.0;
  while (file >> key >> value) {
    if (key == "usage_usec") return value / 1e6;
  }
  return std::nullopt;
}

}  // namespace

ServerUsage::Processes ServerUsage::all_processes() {
  Processes processes;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return processes;
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  while (const dirent* entry = readdir(folder)) {
    const std::optional<pid_t> number = number_of(entry->d_name);
    if (!number) continue;
    std::ifstream file(fmt::format("/proc/{}/stat", *number));
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) continue;
    std::istringstream fields(line.substr(name_end + 1));
    std::vector<std::string> field(20);  // from the third of proc(5) on
    for (std::string& one : field) fields >> one;
    if (!fields) continue;
    Process process;
    process.parent = static_cast<pid_t>(std::stol(field[1]));
    process.own_s =
        clock_of(*number).value_or((std::stod(field[11]) + std::stod(field[12])) / tick);
    process.children_s = (std::stod(field[13]) + std::stod(field[14])) / tick;
    process.started = std::stoull(field[19]);
    processes.emplace(*number, process);
  }
  closedir(folder);
  return processes;
}

// The roots, what descends from them, and what has been seen to before its parent ended.
std::set<pid_t> ServerUsage::tree(const Processes& processes) const {
  std::set<pid_t> members;
  for (const auto& [number, process] : processes) {
    const auto known = known_.find(number);
    if (known != known_.end() && known->second == process.started) members.insert(number);
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& [number, process] : processes) {
      if (members.count(process.parent) != 0 && members.insert(number).second) grew = true;
    }
  }
  return members;
}

tl::expected<ServerUsage, std::string> ServerUsage::of_processes(const std::string& list) {
  ServerUsage usage;
  const Processes processes = all_processes();
  std::istringstream texts(list);
  for (std::string text; std::getline(texts, text, ',');) {
    const std::optional<pid_t> number = number_of(text);
    if (!number) {
      return tl::unexpected("--server-pid " + list + ": \"" + text + "\" is no process number");
    }
    const auto process = processes.find(*number);
    if (process == processes.end()) {
      return tl::unexpected("--server-pid: there is no process " + text);
    }
    usage.roots_.push_back(*number);
    usage.known_[*number] = process->second.started;
  }
  if (usage.roots_.empty()) return tl::unexpected(std::string("--server-pid names no process"));
  return usage;
}

tl::expected<ServerUsage, std::string> ServerUsage::of_cgroup(const std::string& path) {
  ServerUsage usage;
  for (const std::string& folder : {path, kCgroups + ("/" + path)}) {
    usage.cpu_stat_ = folder + "/cpu.stat";
    if (usage_of(usage.cpu_stat_)) return usage;
  }
  return tl::unexpected("--server-cgroup " + path +
                        ": there is no cpu.stat with usage_usec, as a group of cgroup v2 has");
}

double ServerUsage::cpu_seconds() {
  if (!cpu_stat_.empty()) {
    const std::optional<double> used = usage_of(cpu_stat_);
    if (!used) note_ = "the control group ended while it was measured";
    return used.value_or(0.0);
  }
  const Processes processes = all_processes();
  const std::set<pid_t> members = tree(processes);
  // What has ended and has a parent in the tree is in that parent's figure now.
  for (const auto& [number, process] : latest_) {
    if (members.count(number) != 0) continue;
    if (members.count(process.parent) != 0) continue;
    gone_s_ += process.own_s + process.children_s;
    note_ = fmt::format("process {} ended while it was measured", number);
  }
  double seconds = gone_s_;
  latest_.clear();
  for (const pid_t number : members) {
    const Process& process = processes.at(number);
    seconds += process.own_s + process.children_s;
    latest_.emplace(number, process);
    known_[number] = process.started;
  }
  return seconds;
}

}  // namespace smtpmark::loadgen
