#include "loadgen/report_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "loadgen/html.h"
#include "loadgen/report_data.h"

namespace smtpmark::loadgen {
namespace {

using nlohmann::json;

json job_of(const std::string& name) {
  return {{"name", name},
          {"ended", "completed"},
          {"config", {{"messages_per_connection", 1}, {"warmup_s", 0.5}, {"duration_s", 1.0}}},
          {"totals", {{"messages_accepted", 12345}, {"errors", 0}}},
          {"measured", {{"messages_accepted", 1000}}},
          {"rates", {{"messages_per_s", 1234567.0}, {"handshakes_per_s", 800.0}}},
          {"phases",
           {{"mail",
             {{"count", 1000},
              {"mean_us", 1500.0},
              {"p50_us", 1000.0},
              {"max_us", 9000.0},
              {"buckets_ns", {{1000000, 900}, {9000000, 100}}}}},
            {"message", {{"count", 1000}, {"mean_us", 1500.0}, {"max_us", 9000.0}}}}},
          {"series", {{{"second", 0}, {"messages", 900}}, {{"second", 1}, {"messages", 400}}}}};
}

json result_with(std::vector<json> jobs) {
  return {{"name", "one"},
          {"command", {"smtpmark", "run", "--name", "it's"}},
          {"environment", {{"cpu_model", "abacus"}, {"io", {{"backend", "beads"}}}}},
          {"jobs", std::move(jobs)}};
}

std::string page_of(const json& result) {
  const auto page = render_report({{"one.json", result}});
  EXPECT_TRUE(page.has_value()) << page.error();
  return page.value_or("");
}

bool page_holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ReportPage, SaysRatesOnItsFirstScreen) {
  const std::string page = page_of(result_with({job_of("25")}));
  EXPECT_TRUE(
      page_holds(page, "<p class=\"big\">1\u202F234\u202F567</p><p class=\"remark\">25</p>"));
  EXPECT_TRUE(page_holds(page, "<p class=\"big\">800</p>"));
  EXPECT_TRUE(page_holds(page, "in 12\u202F345 accepted messages"));
  EXPECT_LT(page.find("Messages a second"), page.find("Where the time goes"));
}

TEST(ReportPage, NothingThatAResultHoldsBecomesMarkup) {
  const std::string evil = "</script><script>alert(1)</script><!-- \"'&";
  json job = job_of(evil);
  job["errors"] = {{{"phase", evil},
                    {"kind", evil},
                    {"code", 550},
                    {"enhanced", evil},
                    {"count", 1},
                    {"sample", evil}}};
  job["verdict"] = {{"name", evil}, {"findings", {{{"text", evil}}}}};
  job["phases"][evil] = job["phases"]["mail"];
  json result = result_with({job});
  result["name"] = result["objective"] = result["environment"][evil] = evil;
  result["notes"] = result["command"] = {evil};
  result["curve"] = {{{"rate_per_s", 10}, {"verdict", evil}}};
  const std::string page = page_of(result);
  EXPECT_FALSE(page_holds(page, "alert(1)</script>"));
  EXPECT_FALSE(page_holds(page, "<script>alert"));
  EXPECT_FALSE(page_holds(page, "<!-- "));
  EXPECT_TRUE(page_holds(page, "&lt;/script&gt;&lt;script&gt;alert(1)"));
  EXPECT_TRUE(page_holds(page, "\\u003c/script>\\u003cscript>alert(1)"));
}

TEST(ReportPage, ReachesForNothingOutsideOfItself) {
  const std::string page = page_of(result_with({job_of("25")}));
  EXPECT_TRUE(page_holds(page, "default-src 'none'"));
  EXPECT_FALSE(page_holds(page, "src=\"http"));
  EXPECT_FALSE(page_holds(page, "href=\"http"));
}

TEST(ReportPage, ZeroMessagesAreSaidAndNotDividedBy) {
  json job = job_of("25");
  job["rates"] = json::object();
  job["measured"] = job["phases"] = json::object();
  const std::string page = page_of(result_with({job}));
  EXPECT_TRUE(page_holds(page, "25: no message was accepted in the measured part."));
  EXPECT_TRUE(page_holds(page, "There are no percentiles: no phase has a sample."));
  EXPECT_FALSE(page_holds(page, "nan"));
}

TEST(ReportPage, ARunThatEndedEarlySaysSo) {
  json job = job_of("25");
  job["ended"] = "aborted";
  EXPECT_TRUE(
      page_holds(page_of(result_with({job})), "25: aborted, no session could be established."));
  job["ended"] = "interrupted";
  EXPECT_TRUE(
      page_holds(page_of(result_with({job})), "25: interrupted; this is what was measured"));
  EXPECT_TRUE(page_holds(page_of(result_with({})), "Nothing was measured"));
}

TEST(ReportPage, AVerdictStandsAboveTheFigures) {
  json job = job_of("25");
  job["verdict"] = {{"name", "generator-limited"},
                    {"findings", {{{"code", "cpu"}, {"text", "A thread was at 99 %."}}}}};
  const std::string page = page_of(result_with({job}));
  EXPECT_TRUE(page_holds(page, "25: generator-limited. A thread was at 99 %."));
  EXPECT_LT(page.find("A thread was at"), page.find("Messages a second"));
}

TEST(ReportPage, SeveralResultsAreToldApart) {
  const auto page =
      render_report({{"a", result_with({job_of("25")})}, {"b", result_with({job_of("25")})}});
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(page_holds(*page, "A: 1\u202F234\u202F567"));
  EXPECT_TRUE(page_holds(*page, "B: 1\u202F234\u202F567"));
  EXPECT_TRUE(page_holds(*page, "<th scope=\"row\">B 25</th>"));
}

TEST(ReportPage, ADamagedResultIsNamed) {
  json result = result_with({job_of("25")});
  result.erase("jobs");
  const auto page = render_report({{"one.json", result}});
  ASSERT_FALSE(page.has_value());
  EXPECT_TRUE(page_holds(page.error(), "one.json is not a result of smtpmark, or damaged (key"));
  result["jobs"] = {1, 2};
  EXPECT_FALSE(render_report({{"one.json", result}}).has_value());
}

// What is wrong with a result may show when it is read, or only when the page is written.
TEST(ReportPage, TheDamagedOneOfSeveralResultsIsNamed) {
  const json good = result_with({job_of("25")});
  for (const char* member :
       {"/jobs/0/phases/mail/buckets_ns/0", "/jobs/0/phases/mail/count", "/notes", "/command"}) {
    json bad = good;
    bad[json::json_pointer(member)] = json::array({json::array()});
    const auto page = render_report({{"good.json", good}, {"bad.json", bad}});
    ASSERT_FALSE(page.has_value()) << member;
    EXPECT_TRUE(page_holds(page.error(), "bad.json is not a result of smtpmark, or damaged ("))
        << page.error();
  }
}

TEST(ReportData, TimeIsSharedAmongTheMessages) {
  const json job = report_data(result_with({job_of("25")}), "f", "").at("jobs").at(0);
  ASSERT_EQ(job.at("time").size(), 1U);  // the whole message spans the others
  EXPECT_DOUBLE_EQ(job.at("time").at(0).at("ms").get<double>(), 1.5);
}

TEST(ReportData, ACurveFollowsTheBuckets) {
  const json job = report_data(result_with({job_of("25")}), "f", "").at("jobs").at(0);
  for (const json& point : job.at("percentiles").at("mail")) {
    const double share = 1.0 - 1.0 / point.at(0).get<double>();
    EXPECT_DOUBLE_EQ(point.at(1).get<double>(), share <= 0.9 + 1e-9 ? 1.0 : 9.0) << share;
  }
  const json bucketless = job.at("percentiles").at("message");
  EXPECT_EQ(bucketless.back(), json({1000.0, 9.0}));
}

TEST(ReportData, ASecondThatTheRunDidNotFillIsMarked) {
  const json job = report_data(result_with({job_of("25")}), "f", "").at("jobs").at(0);
  EXPECT_FALSE(job.at("series").at(0).at("part").get<bool>());
  EXPECT_TRUE(job.at("series").at(1).at("part").get<bool>());
}

TEST(ReportData, ACommandCanBePasted) {
  EXPECT_EQ(report_data(result_with({}), "f", "").at("command"), "smtpmark run --name 'it'\\''s'");
}

TEST(Html, TablesNameTheirRowsAndColumns) {
  const std::string text = render_table({"c<", {"", "n"}, {{"a&", "1"}}, 1});
  EXPECT_TRUE(page_holds(text, "<caption>c&lt;</caption>"));
  EXPECT_TRUE(page_holds(text, "<th scope=\"row\">a&amp;</th><td class=\"figure\">1</td>"));
  EXPECT_EQ(html_escaped("a\x01\nb"), "a  b");
}

}  // namespace
}  // namespace smtpmark::loadgen
