#include "loadgen/server_usage.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>

namespace smtpmark::loadgen {
namespace {

constexpr double kSpinS = 0.12;

void spin() {
  timespec used{};
  do {
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  } while (static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9 < kSpinS);
}

// A server whose children do the work: a child that has been waited for, then one that stays. It
// says when each has done its part.
class BusyServer {
 public:
  BusyServer() {
    EXPECT_EQ(pipe(done_), 0);
    pid_ = fork();
    if (pid_ == 0) serve();
  }
  ~BusyServer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    if (stays_ > 0) kill(stays_, SIGKILL);
    close(done_[0]);
    close(done_[1]);
  }
  pid_t pid() const { return pid_; }
  void wait_until_done() {
    EXPECT_EQ(read(done_[0], &stays_, sizeof stays_), ssize_t{sizeof stays_});
  }

 private:
  [[noreturn]] void serve() {
    usleep(50'000);
    const pid_t first = fork();
    if (first == 0) {
      spin();
      _exit(0);
    }
    waitpid(first, nullptr, 0);
    const pid_t second = fork();
    if (second == 0) {
      spin();
      const pid_t me = getpid();
      [[maybe_unused]] const auto written = write(done_[1], &me, sizeof me);
      for (;;) pause();
    }
    for (;;) pause();
  }

  int done_[2] = {-1, -1};
  pid_t pid_ = -1;
  pid_t stays_ = -1;
};

TEST(ServerUsage, CountsChildrenThatLiveAndChildrenThatHaveEnded) {
  BusyServer server;
  auto usage = ServerUsage::of_processes(std::to_string(server.pid()));
  ASSERT_TRUE(usage.has_value()) << usage.error();
  const double before = usage->cpu_seconds();
  server.wait_until_done();
  const double used = usage->cpu_seconds() - before;
  EXPECT_GT(used, kSpinS) << "more than one of the two";
  EXPECT_LT(used, 2 * kSpinS + 0.2);
  EXPECT_EQ(usage->note(), "");
}

TEST(ServerUsage, AServerThatEndsIsToldAndItsFigureStays) {
  std::optional<ServerUsage> usage;
  double before = 0.0;
  {
    BusyServer server;
    server.wait_until_done();
    usage = std::move(*ServerUsage::of_processes(std::to_string(server.pid())));
    before = usage->cpu_seconds();
  }
  EXPECT_GE(usage->cpu_seconds(), before);
  EXPECT_NE(usage->note().find("ended while it was measured"), std::string::npos);
}

TEST(ServerUsage, WhatIsNoProcessIsASentence) {
  for (const char* list : {"", "x", "12,", "0", "-4", "1,,2", "99999999999", "4194305"}) {
    EXPECT_FALSE(ServerUsage::of_processes(list).has_value() && *list != '1') << list;
  }
  EXPECT_NE(ServerUsage::of_processes("4194305").error().find("no process 4194305"),
            std::string::npos);
}

TEST(ServerUsage, ReadsAControlGroup) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("group" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  EXPECT_FALSE(ServerUsage::of_cgroup(folder.string()).has_value());
  const auto say = [&folder](const char* text) { std::ofstream(folder / "cpu.stat") << text; };
  say("usage_usec 1500000\nuser_usec 1000000\n");
  auto usage = ServerUsage::of_cgroup(folder.string());
  ASSERT_TRUE(usage.has_value());
  EXPECT_DOUBLE_EQ(usage->cpu_seconds(), 1.5);
  say("user_usec 7\nusage_usec 2500000\n");
  EXPECT_DOUBLE_EQ(usage->cpu_seconds(), 2.5);
  std::filesystem::remove_all(folder);
  usage->cpu_seconds();
  EXPECT_NE(usage->note(), "");
}

}  // namespace
}  // namespace smtpmark::loadgen
