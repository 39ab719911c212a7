#include "loadgen/ab.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>

#include "loadgen/child.h"

namespace smtpmark::loadgen {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Done = tl::expected<void, std::string>;

constexpr auto kNap = std::chrono::milliseconds(10);
constexpr auto kGrace = std::chrono::seconds(20);  // for an interrupted run to write its result

bool answers(const io::Address& address) {
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered =
      descriptor >= 0 && connect(descriptor, address.sockaddr_ptr(), address.length()) == 0;
  if (descriptor >= 0) close(descriptor);
  return answered;
}

std::set<fs::path> folders_in(const fs::path& folder) {
  std::set<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) found.insert(entry.path());
  return found;
}

// A plain command takes the place of the shell, so that the server is the process that is started.
std::string for_shell(const std::string& command) {
  const bool plain = !command.starts_with("exec ") &&
                     command.find_first_of(";&|<>(){}`$\n") == std::string::npos &&
                     command.substr(0, command.find(' ')).find('=') == std::string::npos;
  return plain ? "exec " + command : command;
}

// One call of run_ab().
class AbRun {
 public:
  AbRun(const AbPlan& plan, const std::atomic<bool>& interrupted,
        const std::function<void(const std::string&)>& announce)
      : plan_(plan), interrupted_(interrupted), announce_(announce) {}

  tl::expected<AbOutcome, std::string> run() {
    for (const bool fresh : ab_order(plan_.warmups)) {
      if (auto done = once(side(fresh), "warm-up", "warm-up"); !done) {
        return tl::unexpected(done.error());
      }
    }
    AbOutcome outcome;
    for (const bool fresh : ab_order(plan_.repeats)) {
      std::uint32_t& count = fresh ? outcome.fresh_runs : outcome.base_runs;
      const std::string title = fmt::format("repeat {} of {}", count + 1, plan_.repeats);
      if (auto done = once(side(fresh), side(fresh).name, title); !done) {
        return tl::unexpected(done.error());
      }
      if (interrupted_) break;
      ++count;
    }
    outcome.interrupted = interrupted_;
    return outcome;
  }

 private:
  const AbSide& side(bool fresh) const { return fresh ? plan_.fresh : plan_.base; }

  // One run of one side, from the start of its server to the server's end.
  Done once(const AbSide& side, const std::string& folder, const std::string& title) {
    if (interrupted_) return {};
    announce_(fmt::format("{}: {}", title, side.name));
    std::optional<Child> server;
    if (!side.server.empty()) {
      auto started = start_server(side);
      if (!started) return tl::unexpected(started.error());
      server.emplace(std::move(*started));
    }
    if (interrupted_) return {};
    return load(side, fs::path(plan_.folder) / folder, server ? server->pid() : 0);
  }

  tl::expected<Child, std::string> start_server(const AbSide& side) {
    for (const io::Address& port : side.ports) {
      if (!answers(port)) continue;
      return tl::unexpected(
          fmt::format("{} answers before the server of {} is started: end what "
                      "listens there",
                      port.to_string(), side.name));
    }
    const std::string log = plan_.folder + "/" + side.name + "-server.log";
    auto server = Child::start({"/bin/sh", "-c", for_shell(side.server)}, log);
    if (!server) return server;
    const auto patience = std::chrono::duration<double>(plan_.start_timeout_s);
    const Clock::time_point begin = Clock::now();
    for (const io::Address& port : side.ports) {
      while (!interrupted_ && !answers(port)) {
        if (const auto status = server->status()) {
          return tl::unexpected(
              fmt::format("the server of {} ended with status {} before {} answered; see {}",
                          side.name, *status, port.to_string(), log));
        }
        if (Clock::now() - begin > patience) {
          return tl::unexpected(
              fmt::format("the server of {} did not answer on {} within {} s; see {}", side.name,
                          port.to_string(), plan_.start_timeout_s, log));
        }
        std::this_thread::sleep_for(kNap);
      }
    }
    return server;
  }

  Done load(const AbSide& side, const fs::path& folder, pid_t server) {
    const std::set<fs::path> before = folders_in(folder);
    std::vector<std::string> words{plan_.program, "run", "--name", "load", "--quiet"};
    if (side.tell_pid) words.insert(words.end(), {"--server-pid", std::to_string(server)});
    words.insert(words.end(), side.options.begin(), side.options.end());
    words.insert(words.end(), {"--results-dir", folder.string()});
    auto load = Child::start(words, "");
    if (!load) return tl::unexpected(load.error());
    const int status = wait_for(*load);
    for (const fs::path& made : folders_in(folder)) {
      if (before.contains(made)) continue;
      if (interrupted_) set_aside(made);
      if (fs::exists(made / "result.json") || interrupted_) return {};
    }
    if (interrupted_) return {};
    return tl::unexpected(
        fmt::format("the run on {} gave no result (exit status {})", side.name, status));
  }

  int wait_for(Child& load) {
    std::optional<Clock::time_point> deadline;
    for (;;) {
      if (const auto status = load.status()) return *status;
      if (interrupted_ && !deadline) {
        load.interrupt();
        deadline = Clock::now() + kGrace;
      }
      if (deadline && Clock::now() > *deadline) return 128 + SIGKILL;
      std::this_thread::sleep_for(kNap);
    }
  }

  void set_aside(const fs::path& made) {
    const fs::path aside = fs::path(plan_.folder) / "interrupted";
    std::error_code failed;
    fs::create_directories(aside, failed);
    fs::rename(made, aside / made.filename(), failed);
  }

  const AbPlan& plan_;
  const std::atomic<bool>& interrupted_;
  const std::function<void(const std::string&)>& announce_;
};

}  // namespace

std::vector<bool> ab_order(std::uint32_t repeats) {
  std::vector<bool> order;
  for (std::uint32_t pair = 0; pair < repeats; ++pair) {
    const bool fresh_first = pair % 2 == 1;
    order.push_back(fresh_first);
    order.push_back(!fresh_first);
  }
  return order;
}

tl::expected<AbOutcome, std::string> run_ab(
    const AbPlan& plan, const std::atomic<bool>& interrupted,
    const std::function<void(const std::string&)>& announce) {
  return AbRun(plan, interrupted, announce).run();
}

}  // namespace smtpmark::loadgen
