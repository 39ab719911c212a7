#include "loadgen/scenario.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

namespace smtpmark::loadgen {
namespace {

// A scenario file with a command line beside it.
class ScenarioTest : public ::testing::Test {
 protected:
  ScenarioTest()
      : file_((std::filesystem::temp_directory_path() /
               ("smtpmark-scenario-" + std::to_string(getpid()) + ".toml"))
                  .string()) {}
  ~ScenarioTest() override { std::filesystem::remove(file_); }

  // The complaint, if there is one. `arguments` in the reverse order, as CLI11 takes them.
  std::string load(const std::string& text, std::vector<std::string> arguments = {}) {
    std::ofstream(file_) << text;
    options_ = {};
    CLI::App command;
    command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    define_run(command, options_);
    command.parse(std::move(arguments));
    options_.scenario = file_;
    const auto loaded = load_scenario(command, options_);
    if (loaded) return "";
    std::string complaint = loaded.error();
    const std::size_t at = complaint.find(file_);
    if (at != std::string::npos) complaint.replace(at, file_.size(), "FILE");
    return complaint;
  }

  std::string file_;
  RunOptions options_;
};

TEST_F(ScenarioTest, SetsEveryKindOfOption) {
  EXPECT_EQ(load("target = \"127.0.0.1:25\"\nconnections = 7\nrate = 12.5\nverify = true\n"
                 "allow-remote = false\nduration = \"2m\"\nsize = \"10K\"\n"
                 "stage = [\"1s:5\", \"2s@9\"]\nstop-when = \"errors > 1 %\"\n"),
            "");
  EXPECT_EQ(options_.target, "127.0.0.1:25");
  EXPECT_EQ(options_.connections, 7U);
  EXPECT_EQ(options_.rate, 12.5);
  EXPECT_TRUE(options_.verify);
  EXPECT_FALSE(options_.allow_remote);
  EXPECT_EQ(options_.duration_s, 120.0);
  EXPECT_EQ(options_.size, "10K");
  EXPECT_EQ(options_.stages, (std::vector<std::string>{"1s:5", "2s@9"}));
  EXPECT_EQ(options_.stop_when, std::vector<std::string>{"errors > 1 %"});
}

TEST_F(ScenarioTest, TheCommandLineOverrides) {
  EXPECT_EQ(load("connections = 7\nstage = [\"1s:5\"]\nsize = 99\n",
                 {"3", "--connections", "9s@9", "--stage"}),
            "");
  EXPECT_EQ(options_.connections, 3U);
  EXPECT_EQ(options_.stages, std::vector<std::string>{"9s@9"});
  EXPECT_EQ(options_.size, "99");
}

TEST_F(ScenarioTest, ClassesBecomePartsOfThePlan) {
  EXPECT_EQ(load("rate = 100\n[[class]]\nname = \"a\"\nweight = 3\ntarget = \"127.0.0.1:25\"\n"
                 "[[class]]\nname = \"b\"\ntarget = \"127.0.0.1:465\"\nrecipients = 2\n"),
            "");
  const auto plan = make_run_plan(options_).value();
  ASSERT_EQ(plan.classes.size(), 2U);
  EXPECT_EQ(plan.classes[0].weight, 3.0);
  EXPECT_EQ(plan.classes[1].session.recipients, 2U);
}

TEST_F(ScenarioTest, ComplaintsBeginWithTheirPlace) {
  EXPECT_EQ(load("\nconections = 7\n"),
            "FILE:2:1: there is no option \"conections\"; is \"connections\" meant?");
  EXPECT_NE(load("a = 1\n  rate = \n").find("FILE:2:"), std::string::npos);
  EXPECT_NE(load("connections = 0\n").find("FILE:1:1: --connections"), std::string::npos);
  EXPECT_NE(load("rate = nan\n").find("FILE:1:1: --rate"), std::string::npos);
  EXPECT_NE(load("verify = 3\n").find("true or false"), std::string::npos);
  EXPECT_NE(load("size = [1, 2]\n").find("takes one value"), std::string::npos);
  EXPECT_NE(load("size = []\n").find("FILE:1:1: \"size\" is no text"), std::string::npos);
  EXPECT_NE(load("size = 1979-05-27\n").find("is no text"), std::string::npos);
  EXPECT_NE(load("[load]\nrate = 3\n").find("FILE:1:2: \"load\" is no text"), std::string::npos);
  EXPECT_NE(load("class = 3\n").find("[[class]]"), std::string::npos);
  EXPECT_NE(load("[[class]]\n").find("FILE:1:"), std::string::npos);
  EXPECT_NE(load("scenario = \"x\"\n").find("there is no option \"scenario\""), std::string::npos);
  EXPECT_NE(load("help = true\n").find("there is no option \"help\""), std::string::npos);
}

TEST_F(ScenarioTest, AnUnknownKeyOfAClassHasItsPlaceToo) {
  EXPECT_EQ(load("[[class]]\nname = \"a\"\ntarget = \"127.0.0.1:25\"\n  tsl = \"none\"\n"), "");
  const auto plan = make_run_plan(options_);
  ASSERT_FALSE(plan.has_value());
  EXPECT_NE(plan.error().find(":4:3: there is no option \"tsl\"; is \"tls\" meant?"),
            std::string::npos)
      << plan.error();
}

TEST_F(ScenarioTest, PermissionIsAskedForOnTheCommandLine) {
  EXPECT_NE(load("i-am-authorized = true\n").find("command line"), std::string::npos);
}

TEST_F(ScenarioTest, AFileThatIsNotThereIsNamed) {
  RunOptions options;
  CLI::App command;
  define_run(command, options);
  options.scenario = "/nonexistent.toml";
  EXPECT_NE(load_scenario(command, options).error().find("cannot read /nonexistent.toml"),
            std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen
