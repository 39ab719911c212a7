#include "loadgen/scenario.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>

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

// A value for every key; those of a run and those of a class.
const std::map<std::string, std::string>& values() {
  static const std::map<std::string, std::string> all = {
      {"abort", "mail=1%"},
      {"allow-remote", "true"},
      {"arrivals", "poisson"},
      {"auth", "plain"},
      {"auth-initial-response", "never"},
      {"auth-without-tls", "true"},
      {"backlog", "5"},
      {"backlog-policy", "stop"},
      {"bad-recipients", "5%"},
      {"bad-to", "x@invalid.example"},
      {"binary-mime", "true"},
      {"body", "mime"},
      {"burst", "5"},
      {"ca-file", "ca.pem"},
      {"chunk-size", "100"},
      {"chunking", "true"},
      {"client-cert", "c.pem"},
      {"client-key", "c.key"},
      {"coalesce", "300us"},
      {"connections", "7"},
      {"contents", "7"},
      {"cooldown", "1s"},
      {"corpus", "mails"},
      {"csv", "x.csv"},
      {"dot-lines", "5%"},
      {"drop", "true"},
      {"dsn-envid", "x"},
      {"dsn-notify", "NEVER"},
      {"dsn-orcpt", "true"},
      {"dsn-ret", "HDRS"},
      {"duration", "3s"},
      {"eight-bit", "true"},
      {"fail-on-verdict", "true"},
      {"from", "a@example.com"},
      {"handshake-only", "true"},
      {"hdr-log", "x.hlog"},
      {"helo", "c.example"},
      {"io", "epoll"},
      {"json", "x.json"},
      {"junit", "x.xml"},
      {"line-length", "70"},
      {"markdown", "x.md"},
      {"measure", "counters"},
      {"messages", "7"},
      {"messages-per-connection", "7"},
      {"messages-spread", "uniform"},
      {"metrics", "127.0.0.1:9100"},
      {"metrics-anywhere", "true"},
      {"mt-priority", "-3"},
      {"name", "x"},
      {"openmetrics", "x.txt"},
      {"numa-node", "0"},
      {"password", "x"},
      {"pin", "1"},
      {"pipelining", "full"},
      {"pipelining-depth", "3"},
      {"pool", "4M"},
      {"proxy", "v1"},
      {"proxy-client", "192.0.2.1"},
      {"quiet", "true"},
      {"rate", "5"},
      {"rate-of", "sessions"},
      {"recipients", "3"},
      {"recipients-file", "people.txt"},
      {"require", "DSN"},
      {"requiretls", "true"},
      {"reset", "true"},
      {"results-dir", "x"},
      {"role", "relay"},
      {"seed", "7"},
      {"senders-file", "people.txt"},
      {"server-cgroup", "/x"},
      {"server-name", "x.example"},
      {"server-pid", "1"},
      {"sessions", "7"},
      {"size", "10K"},
      {"smtputf8", "true"},
      {"source", "127.0.0.2"},
      {"stage", "1s:5"},
      {"stamp", "on"},
      {"stop-when", "errors > 1 %"},
      {"target", "127.0.0.1:25"},
      {"text-size", "1K"},
      {"think-time", "2s"},
      {"threads", "2"},
      {"threshold", "errors < 1 %"},
      {"timeout", "5s"},
      {"tls", "none"},
      {"tls-alpn", "smtp"},
      {"tls-ciphers", "X"},
      {"tls-groups", "P-256"},
      {"tls-pin", "x"},
      {"tls-resume", "true"},
      {"tls-signatures", "X"},
      {"tls-sni", "none"},
      {"tls-suites", "X"},
      {"tls-version", "1.2"},
      {"to", "b@example.com"},
      {"to-domains", "a.example"},
      {"token", "x"},
      {"token-file", "x"},
      {"user", "x"},
      {"users", "x.csv"},
      {"verify", "true"},
      {"warmup", "1s"},
      {"weight", "3"},
      {"workload", "relay"},
      {"wrong-password-share", "5%"},
      {"xclient", "ADDR=192.0.2.1"},
  };
  return all;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_lnames().front();
    if (name != "help" && name != "scenario" && name != "class" && name != "i-am-authorized") {
      names.push_back(name);
    }
  }
  return names;
}

TEST_F(ScenarioTest, EveryOptionOfARunCanBeSet) {
  CLI::App command;
  RunOptions options;
  define_run(command, options);
  for (const std::string& name : options_of(command)) {
    ASSERT_TRUE(values().contains(name)) << name << " has no value in this test";
    const std::string& value = values().at(name);
    EXPECT_EQ(load(name + " = \"" + value + "\"\n"), "");
    EXPECT_NE(load("no-" + name + " = \"" + value + "\"\n"), "");
  }
}

TEST_F(ScenarioTest, EveryOptionOfASessionCanBeSetInAClass) {
  CLI::App command;
  ClassOptions options;
  define_class(command, options);
  for (const std::string& name : options_of(command)) {
    ASSERT_TRUE(values().contains(name)) << name << " has no value in this test";
    const CLI::Option* option = command.get_option("--" + name);
    EXPECT_TRUE(apply(command, {name, {values().at(name)}, "here"}).has_value()) << name;
    EXPECT_GT(option->count(), 0U) << name;
  }
}

TEST_F(ScenarioTest, AnEmptyValueIsNoneAndNotAnOptionLeftOut) {
  for (const char* name : {"tls-pin", "ca-file", "user", "source"}) {
    EXPECT_NE(load(std::string(name) + " = \"\"\n").find("must not be empty"), std::string::npos)
        << name;
  }
  CLI::App command;
  ClassOptions options;
  define_class(command, options);
  EXPECT_FALSE(apply(command, {"tls-pin", {""}, "here"}).has_value());
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
