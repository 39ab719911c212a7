#include "loadgen/ab.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "loadgen/child.h"

namespace smtpmark::loadgen {
namespace {

namespace fs = std::filesystem;

// A folder that is there for one test.
class Processes : public testing::Test {
 protected:
  Processes() {
    char name[] = "/tmp/smtpmark-ab-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~Processes() override { fs::remove_all(folder_); }

  // The number that a command wrote into a file of the folder.
  pid_t pid_in(const std::string& name) const {
    pid_t pid = 0;
    for (int i = 0; i < 1000 && pid == 0; ++i) {
      std::ifstream(folder_ / name) >> pid;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return pid;
  }

  fs::path folder_;
};

bool is_alive(pid_t pid) {
  return kill(pid, 0) == 0;
}

TEST(AbOrder, NeitherSideIsAlwaysTheFirst) {
  EXPECT_EQ(ab_order(4), (std::vector<bool>{false, true, true, false, false, true, true, false}));
  EXPECT_TRUE(ab_order(0).empty());
}

TEST_F(Processes, AnExitStatusIsReported) {
  auto child = Child::start({"/bin/sh", "-c", "exit 7"}, "");
  ASSERT_TRUE(child.has_value());
  while (!child->status()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(child->status(), 7);
}

TEST_F(Processes, WhatCannotBeStartedEndsWithTheShellsStatus) {
  auto child = Child::start({"/nonexistent"}, "");
  ASSERT_TRUE(child.has_value());
  while (!child->status()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(child->status(), 127);
}

TEST_F(Processes, OutputGoesToTheLog) {
  const std::string log = folder_ / "log";
  for (const char* word : {"one", "two"}) {
    auto child = Child::start({"/bin/echo", word}, log);
    ASSERT_TRUE(child.has_value());
    while (!child->status()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::string one;
  std::string two;
  std::ifstream(log) >> one >> two;
  EXPECT_EQ(one + two, "onetwo");
  EXPECT_FALSE(Child::start({"/bin/true"}, "/nonexistent/log").has_value());
}

TEST_F(Processes, NothingIsLeftOfAServerAndItsWorkers) {
  const std::string command =
      "cd " + folder_.string() +
      "; sleep 60 & echo $! >worker; setsid sh -c 'echo $$ >daemon; sleep 60' & "
      "echo $$ >shell; wait";
  {
    const auto child = Child::start({"/bin/sh", "-c", command}, "");
    ASSERT_TRUE(child.has_value());
    EXPECT_TRUE(is_alive(pid_in("worker")));
    EXPECT_TRUE(is_alive(pid_in("daemon")));
  }
  EXPECT_FALSE(is_alive(pid_in("worker")));
  EXPECT_FALSE(is_alive(pid_in("daemon")));
  EXPECT_FALSE(is_alive(pid_in("shell")));
}

// A "smtpmark" that leaves a result as the real one does.
class AbRuns : public Processes {
 protected:
  AbRuns() {
    const fs::path program = folder_ / "program";
    std::ofstream(program) << "#!/bin/sh\nfor word; do last=$word; done\n"
                              "echo \"$*\" >>"
                           << folder_.string()
                           << "/calls\n"
                              "case \"$*\" in *fail*) exit 1;; esac\n"
                              "mkdir -p \"$last/$$\" && echo {} >\"$last/$$/result.json\"\n";
    fs::permissions(program, fs::perms::owner_all);
    plan_.program = program;
    plan_.folder = folder_;
    plan_.base = {"base", "", {}, {"--duration", "1"}, false};
    plan_.fresh = {"new", "", {}, {"--duration", "2"}, false};
    plan_.repeats = 3;
  }

  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    std::ifstream file(folder_ / "calls");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  AbPlan plan_;
  std::atomic<bool> interrupted_{false};
  const std::function<void(const std::string&)> silent_ = [](const std::string&) {};
};

TEST_F(AbRuns, RunsBothSidesInTurnBehindAWarmUp) {
  const auto outcome = run_ab(plan_, interrupted_, silent_);
  ASSERT_TRUE(outcome.has_value()) << outcome.error();
  EXPECT_EQ(outcome->base_runs, 3U);
  EXPECT_EQ(outcome->fresh_runs, 3U);
  std::string order;
  for (const std::string& call : calls()) {
    order += call.find("/warm-up") != std::string::npos ? "w" : "";
    order += call.find("--duration 1") != std::string::npos ? "A" : "B";
  }
  EXPECT_EQ(order, "wAwBABBAAB");
  const auto in = [this](const char* name) {
    return std::distance(fs::directory_iterator(folder_ / name), fs::directory_iterator());
  };
  EXPECT_EQ(in("base"), 3);
  EXPECT_EQ(in("new"), 3);
}

TEST_F(AbRuns, ARunWithoutAResultEndsIt) {
  plan_.fresh.options = {"fail"};
  const auto outcome = run_ab(plan_, interrupted_, silent_);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error(), "the run on new gave no result (exit status 1)");
}

TEST_F(AbRuns, AnInterruptionKeepsWhatWasMeasured) {
  const auto outcome = run_ab(plan_, interrupted_, [this](const std::string& what) {
    if (what == "repeat 2 of 3: new") interrupted_ = true;
  });
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->interrupted);
  EXPECT_EQ(outcome->base_runs, 1U);
  EXPECT_EQ(outcome->fresh_runs, 1U);
}

TEST_F(AbRuns, AServerThatDiesIsASentence) {
  plan_.base.server = "echo broken; exit 9";
  plan_.base.ports = {io::Address::resolve("127.0.0.1:1").value()};
  const auto outcome = run_ab(plan_, interrupted_, silent_);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error(),
            "the server of base ended with status 9 before 127.0.0.1:1 answered; see " +
                (folder_ / "base-server.log").string());
}

TEST_F(AbRuns, AServerThatNeverAnswersIsASentenceAndIsEnded) {
  plan_.base.server = "echo $$ >" + (folder_ / "pid").string() + "; exec sleep 60";
  plan_.base.ports = {io::Address::resolve("127.0.0.1:1").value()};
  plan_.start_timeout_s = 0.2;
  const auto outcome = run_ab(plan_, interrupted_, silent_);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_NE(outcome.error().find("did not answer on 127.0.0.1:1 within 0.2 s"), std::string::npos);
  EXPECT_FALSE(is_alive(pid_in("pid")));
}

}  // namespace
}  // namespace smtpmark::loadgen
