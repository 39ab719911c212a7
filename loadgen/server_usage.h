// Processors used by a server on this machine: by processes and their descendants, or by a control
// group.
#ifndef SMTPMARK_LOADGEN_SERVER_USAGE_H_
#define SMTPMARK_LOADGEN_SERVER_USAGE_H_

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

class ServerUsage {
 public:
  // "123" or "123,456": these processes and all that descend from them, also those that come and go
  // meanwhile: the kernel adds a child that has ended to the parent that has waited for it. Not
  // counted is a child that ended between two calls of cpu_seconds() and that its parent did not
  // wait for. Fails with a sentence when there is no such process.
  static tl::expected<ServerUsage, std::string> of_processes(const std::string& list);
  // The folder of a group of cgroup v2, or its name below /sys/fs/cgroup: all that ever ran in it.
  static tl::expected<ServerUsage, std::string> of_cgroup(const std::string& path);

  // CPU seconds, user and kernel, since some moment in the past.
  double cpu_seconds();
  // What was seen that makes the figure a lower bound; empty: nothing.
  const std::string& note() const noexcept { return note_; }

 private:
  struct Process {
    pid_t parent = 0;
    double own_s = 0.0;
    double children_s = 0.0;  // of those that have ended and were waited for
    unsigned long long started = 0;
  };
  using Processes = std::map<pid_t, Process>;

  static Processes all_processes();
  std::set<pid_t> tree(const Processes& processes) const;

  std::string cpu_stat_;                       // of the control group; empty: processes
  std::map<pid_t, unsigned long long> known_;  // ever seen, with the times they started at
  Processes latest_;                           // as last seen
  double gone_s_ = 0.0;                        // of roots that have ended
  std::vector<pid_t> roots_;
  std::string note_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SERVER_USAGE_H_
