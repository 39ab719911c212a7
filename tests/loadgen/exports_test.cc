#include "loadgen/exports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loadgen/markup.h"
#include "tests/loadgen/sample_result.h"

namespace smtpmark::loadgen::testing {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<ThresholdOutcome> outcomes(const json& result) {
  return hold_against(parse_thresholds({"p99 of message < 200 ms", "errors < 0.1 %"}).value(),
                      result);
}

TEST(Markup, WhatIsSpecialIsEscaped) {
  EXPECT_EQ(escape_markup("a<b>&\"c|\r\n"), "a&lt;b&gt;&amp;&quot;c&#124;  ");
  EXPECT_EQ(escape_csv("plain"), "plain");
  EXPECT_EQ(escape_csv("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(escape_label("a\"b\\c\n"), "a\\\"b\\\\c\\n");
  EXPECT_EQ(escape_csv("\xE9t\xE9"), "\xEF\xBF\xBDt\xEF\xBF\xBD") << "Latin-1 is no UTF-8";
}

TEST(Csv, HasALineForEachFigure) {
  const std::string csv = render_csv(sample_result("a, b"));
  EXPECT_THAT(csv, StartsWith("job,group,figure,value\r\n"));
  EXPECT_THAT(csv, HasSubstr("\"a, b\",rates,messages_per_s,50.0\r\n"));
  EXPECT_THAT(csv, HasSubstr("\"a, b\",phases.message,count,100\r\n"));
  EXPECT_THAT(csv, HasSubstr("\"a, b\",job,verdict,clean\r\n"));
  EXPECT_THAT(csv, Not(HasSubstr("buckets")));
}

TEST(Markdown, ShowsFiguresErrorsAndThresholds) {
  const json result = sample_result("a | b");
  const std::string markdown = render_job_markdown(result, outcomes(result));
  EXPECT_THAT(markdown, HasSubstr("| a &#124; b | 0 | 0 | 50 |"));
  EXPECT_THAT(markdown, HasSubstr("| whole message | 100 | 50.0"));
  EXPECT_THAT(markdown, HasSubstr("450 4.2.1 &lt;busy&gt;"));
  EXPECT_THAT(markdown, HasSubstr("| p99 of message &lt; 200 ms | met |"));
  EXPECT_THAT(markdown, HasSubstr("| errors &lt; 0.1 % | **not met** |"));
}

TEST(Markdown, SaysWhatStoodInFrontOfTheServer) {
  json result = sample_result();
  result["jobs"][0]["verdict"] = {{"name", "generator-limited"},
                                  {"findings", {{{"code", "generator-cpu"}, {"text", "busy"}}}}};
  EXPECT_THAT(render_job_markdown(result, {}), HasSubstr("sample: **generator-limited**: busy"));
}

TEST(OpenMetrics, EveryFamilyIsDeclaredOnceAndTheEndIsTheEnd) {
  json result = sample_result("one");
  result["jobs"].push_back(sample_result("two \"quoted\"")["jobs"][0]);
  const std::string text = render_openmetrics(result);
  EXPECT_THAT(text, HasSubstr("# TYPE smtpmark_messages_accepted counter\n"));
  EXPECT_THAT(text,
              HasSubstr("smtpmark_messages_accepted_total{job=\"one\"} 100\n"
                        "smtpmark_messages_accepted_total{job=\"two \\\"quoted\\\"\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("smtpmark_phase_seconds{job=\"one\",phase=\"message\","
                              "quantile=\"0.5\"} 0.05"));
  EXPECT_THAT(text, HasSubstr("smtpmark_phase_seconds_count{job=\"one\",phase=\"message\"} 100\n"));
  EXPECT_THAT(text, EndsWith("# EOF\n"));
  const std::string type = "# TYPE smtpmark_phase_seconds ";
  EXPECT_EQ(text.find(type), text.rfind(type));
}

TEST(Junit, EveryJobAndEveryThresholdIsATestCase) {
  const json result = sample_result();
  const std::string junit = render_job_junit(result, outcomes(result));
  EXPECT_THAT(junit, HasSubstr("tests=\"3\" failures=\"2\""));
  EXPECT_THAT(junit,
              HasSubstr("<testcase classname=\"sample\" name=\"p99 of message &lt; 200 ms\"/>"));
  EXPECT_THAT(junit, HasSubstr("<failure message=\"completed, 1 errors\"/>"));
  json good = result;
  good["jobs"][0]["totals"]["errors"] = 0;
  EXPECT_THAT(render_job_junit(good, {}), HasSubstr("tests=\"1\" failures=\"0\""));
}

TEST(Exports, ClassesComeWithAllOfThemTogether) {
  json result = sample_result("a class");
  result["together"] = sample_result("all")["jobs"][0];
  EXPECT_THAT(render_csv(result), HasSubstr("all,rates,messages_per_s,50.0"));
  EXPECT_THAT(render_openmetrics(result), HasSubstr("{job=\"all\"} 100"));
  EXPECT_THAT(render_job_markdown(result, {}), HasSubstr("| all |"));
}

TEST(Exports, ADamagedResultIsAnException) {
  json damaged = sample_result();
  damaged["jobs"][0].erase("rates");
  EXPECT_THROW(render_job_markdown(damaged, {}), json::exception);
  EXPECT_THROW(render_openmetrics(damaged), json::exception);
  damaged["jobs"] = 5;
  EXPECT_THROW(render_csv(damaged), json::exception);
  EXPECT_THROW(render_job_junit(damaged, {}), json::exception);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
