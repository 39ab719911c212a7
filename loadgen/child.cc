#include "loadgen/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

namespace smtpmark::loadgen {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kNap = std::chrono::milliseconds(5);
constexpr auto kPatience = std::chrono::seconds(5);  // from SIGTERM to SIGKILL
constexpr int kNotStarted = 127;

int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// In the new process: only calls that are safe behind fork().
[[noreturn]] void become(char* const* words, int log, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotStarted);  // it died before that took effect
  std::signal(SIGPIPE, SIG_DFL);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  execvp(words[0], words);
  _exit(kNotStarted);
}

// All children of this process: those it started, and orphans of theirs.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::ifstream list("/proc/thread-self/children");
  for (pid_t pid = 0; list >> pid;) found.push_back(pid);
  return found;
}

// What made a group or a session of its own, as daemons do, and what that left behind in turn.
void end_orphans() {
  for (std::vector<pid_t> orphans = children(); !orphans.empty(); orphans = children()) {
    for (const pid_t orphan : orphans) {
      kill(orphan, SIGKILL);
      waitpid(orphan, nullptr, 0);
    }
  }
}

int living = 0;  // objects that have not ended

}  // namespace

tl::expected<Child, std::string> Child::start(const std::vector<std::string>& words,
                                              const std::string& log) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int log_file =
      log.empty() ? -1 : open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (!log.empty() && log_file < 0) {
    return tl::unexpected("cannot write " + log + ": " + std::strerror(errno));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(arguments.data(), log_file, parent);
  const int os_code = errno;
  if (log_file >= 0) close(log_file);
  if (pid < 0) return tl::unexpected("cannot start " + words[0] + ": " + std::strerror(os_code));
  ++living;
  setpgid(pid, pid);  // here too: whoever comes first
  return Child(pid);
}

Child::Child(Child&& other) noexcept : pid_(other.pid_), status_(other.status_) {
  other.pid_ = 0;
}

std::optional<int> Child::status() {
  int wait_status = 0;
  if (pid_ != 0 && !status_ && waitpid(pid_, &wait_status, WNOHANG) == pid_) {
    status_ = exit_status(wait_status);
  }
  return status_;
}

void Child::interrupt() {
  if (pid_ != 0) kill(-pid_, SIGINT);
}

void Child::end() {
  if (pid_ == 0) return;
  const Clock::time_point patience = Clock::now() + kPatience;
  kill(-pid_, SIGTERM);
  for (bool told = false;;) {
    const bool ended = status().has_value();
    while (ended && waitpid(-pid_, nullptr, WNOHANG) > 0) {  // orphans of the group
    }
    const bool group_is_empty = kill(-pid_, 0) != 0 && errno == ESRCH;
    if (ended && group_is_empty) break;
    if (!told && Clock::now() > patience) {
      told = true;
      kill(-pid_, SIGKILL);
    }
    std::this_thread::sleep_for(kNap);
  }
  pid_ = 0;
  if (--living == 0) end_orphans();
}

}  // namespace smtpmark::loadgen
