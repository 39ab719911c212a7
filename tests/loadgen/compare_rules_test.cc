#include "loadgen/compare_rules.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace smtpmark::loadgen {
namespace {

class ThresholdFile : public ::testing::Test {
 protected:
  ~ThresholdFile() override { std::remove(file_.c_str()); }

  tl::expected<std::map<std::string, double>, std::string> read(const std::string& text) {
    std::ofstream(file_) << text;
    return read_thresholds(file_);
  }

  std::string error_of(const std::string& text) {
    const auto thresholds = read(text);
    return thresholds ? "" : thresholds.error();
  }

  const std::string file_ = testing::TempDir() + "thresholds.toml";
};

TEST_F(ThresholdFile, IsInPercent) {
  const auto thresholds = read("# ours\nmessages-per-s = 3\nmessage-p99 = 12.5\n");
  ASSERT_TRUE(thresholds.has_value()) << thresholds.error();
  EXPECT_DOUBLE_EQ(thresholds->at("messages-per-s"), 0.03);
  EXPECT_DOUBLE_EQ(thresholds->at("message-p99"), 0.125);
}

TEST_F(ThresholdFile, ErrorsNameTheLineAndTheColumn) {
  EXPECT_EQ(
      error_of("messages-per-s = 3\nluck = 5\n").find(file_ + ":2:1: there is no metric \"luck\""),
      0U);
  EXPECT_EQ(error_of("\nmessages-per-s = \"3\"\n"),
            file_ + ":2:18: messages-per-s takes a percentage above 0, as messages-per-s = 5");
  EXPECT_EQ(error_of("messages-per-s = -1\n").find(file_ + ":1:18: "), 0U);
  EXPECT_EQ(error_of("messages-per-s 3\n").find(file_ + ":1:"), 0U);
  EXPECT_EQ(read_thresholds("/nonexistent.toml").error(),
            "cannot read /nonexistent.toml: No such file or directory");
}

TEST_F(ThresholdFile, AFlagHasTheLastWord) {
  std::ofstream(file_) << "messages-per-s = 3\nserver-cpu = 4\n";
  CompareOptions options;
  options.threshold_file = file_;
  options.thresholds = {"messages-per-s=7"};
  const auto rules = rules_of(options);
  ASSERT_TRUE(rules.has_value()) << rules.error();
  EXPECT_DOUBLE_EQ(rules->thresholds.at("messages-per-s"), 0.07);
  EXPECT_DOUBLE_EQ(rules->thresholds.at("server-cpu"), 0.04);
}

}  // namespace
}  // namespace smtpmark::loadgen
