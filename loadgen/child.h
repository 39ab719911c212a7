// Processes that smtpmark starts, and never leaves behind.
#ifndef SMTPMARK_LOADGEN_CHILD_H_
#define SMTPMARK_LOADGEN_CHILD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

// A program in a process group of its own, which is ended with it. What leaves the group, as
// daemons do, is ended when the last Child is. Should this process be killed, the program is too.
// For one thread, in a process that starts no other processes.
class Child {
 public:
  // Standard input is /dev/null. Output goes to `log` (appended), or where this process's goes when
  // `log` is empty. Fails with a sentence.
  static tl::expected<Child, std::string> start(const std::vector<std::string>& words,
                                                const std::string& log);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }

  pid_t pid() const noexcept { return pid_; }
  // Its exit status once it has ended, 128 + the signal that killed it.
  std::optional<int> status();
  void interrupt();  // SIGINT to the group
  // SIGTERM to the group, and SIGKILL to what is left after some seconds; returns when nothing is.
  void end();

 private:
  explicit Child(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;  // 0: moved from, or ended with all it had
  std::optional<int> status_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CHILD_H_
