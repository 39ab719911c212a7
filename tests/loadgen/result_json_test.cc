#include "loadgen/result_json.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/certificate.h"
#include "io/error.h"
#include "loadgen/environment.h"
#include "loadgen/report_table.h"
#include "loadgen/result_folder.h"
#include "loadgen/run_options.h"
#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {
namespace {

using nlohmann::json;

// A result of one job in which 10 messages took 1 ms each.
json sample_result() {
  RunPlan plan;
  plan.name = "sample";
  LoadResult load;
  load.metrics.begin(0, {}, 1);
  for (TimeNs i = 1; i <= 10; ++i) {
    load.metrics.record(Phase::kMessage, 0, io::kMillisecond);
    load.metrics.count(&Counters::messages_accepted, i);
  }
  load.metrics.error(5, Phase::kRcpt, "reply", 450, {4, 2, 1}, "450 4.2.1 busy");
  load.measured_s = 2.0;
  load.generator_cpu_s = 0.5;
  json result = make_result("sample", {"smtpmark", "run"}, describe_environment({}));
  result["jobs"].push_back(job_to_json(plan, load, nullptr));
  return result;
}

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / (name + std::to_string(getpid()))).string();
}

TEST(ResultJson, StatesWhatWasMeasured) {
  const json job = sample_result().at("jobs").at(0);
  EXPECT_EQ(job.at("rates").at("messages_per_s"), 5.0);
  EXPECT_EQ(job.at("cpu").at("generator_s_per_1000_messages"), 50.0);
  EXPECT_EQ(job.at("phases").at("message").at("count"), 10);
  EXPECT_NEAR(job.at("phases").at("message").at("p99_us").get<double>(), 1000.0, 1.0);
  EXPECT_FALSE(job.at("phases").contains("quit")) << "no sample, no phase";
  EXPECT_EQ(job.at("errors").at(0).at("enhanced"), "4.2.1");
}

TEST(ResultJson, EveryJobHasItsVerdict) {
  EXPECT_EQ(sample_result().at("jobs").at(0).at("verdict"),
            json({{"name", "clean"}, {"findings", json::array()}}));
  LoadResult load;
  load.metrics.begin(0, {}, 1);
  load.metrics.count(&Counters::messages_accepted, 1);
  load.surroundings.busiest_thread = 1.0;
  const json verdict = job_to_json(RunPlan(), load, nullptr).at("verdict");
  EXPECT_EQ(verdict.at("name"), "generator-limited");
  EXPECT_EQ(verdict.at("findings").at(0).at("code"), "generator-cpu");
}

// The configuration of the only job of `options`.
json config_of(const RunOptions& options) {
  const auto plan = make_run_plan(options);
  EXPECT_TRUE(plan.has_value()) << plan.error();
  return job_to_json(*plan, LoadResult(), nullptr).at("config");
}

TEST(ResultJson, TheConfigurationSaysWhatWasAskedFor) {
  const std::string ca = temporary("ca");
  std::ofstream(ca) << io::Certificate::self_signed().value().to_pem();
  RunOptions options;
  options.target = "127.0.0.1:25";
  options.from = "a@example.com";
  options.to = "b@example.com";
  options.helo_name = "c{1..9}.example";
  options.server_name = "mx.example.net";
  options.ca_file = ca;
  options.source = "127.0.0.2,127.0.0.4-127.0.0.9";
  options.proxy = "v2";
  options.proxy_client = "192.0.2.1-192.0.2.2";
  options.seed = 9;
  json config = config_of(options);
  EXPECT_EQ(config.at("helo"), "c{1..9}.example");
  EXPECT_EQ(config.at("from"), "a@example.com");
  EXPECT_EQ(config.at("to"), "b@example.com");
  EXPECT_EQ(config.at("seed"), 9);
  EXPECT_EQ(config.at("source"), options.source);
  EXPECT_EQ(config.at("sources"), 7);
  EXPECT_EQ(config.at("proxy_client"), options.proxy_client);
  EXPECT_EQ(config.at("proxy_clients"), 2);
  EXPECT_EQ(config.at("tls_settings").at("server_name"), "mx.example.net");
  EXPECT_EQ(config.at("tls_settings").at("ca_file"), ca);
  options.from = "<>";
  EXPECT_EQ(config_of(options).at("from"), "<>");
  options.to = "b{1..9}@example.com";
  config = config_of(options);
  EXPECT_EQ(config.at("to"), options.to);
  EXPECT_EQ(config.at("seed"), 9);
  std::filesystem::remove(ca);
}

// A cell of the matrix of `smtpmark tls` with so many handshakes.
json tls_cell(std::uint64_t handshakes) {
  return {{"role", "relay"},    {"version", "1.3"},
          {"group", "X25519"},  {"certificate", "ecdsa-p256"},
          {"resumed", false},   {"handshakes_per_s", 10.0 * static_cast<double>(handshakes)},
          {"client_us", 400.0}, {"server_us", 300.0},
          {"tls_resumed", 0},   {"tls_handshakes", handshakes},
          {"tls_stale", 0},     {"failure", ""},
          {"errors", 0},        {"negotiated", json::array()}};
}

TEST(TlsMatrix, ACellWithoutAHandshakeHasNoFigures) {
  const auto table = [](std::uint64_t handshakes) {
    return render_tls_matrix(
        {{"tls_matrix", {tls_cell(handshakes)}}, {"tls_resumption", json::array()}});
  };
  EXPECT_NE(table(5).find("X25519                 50     400     300 "), std::string::npos)
      << table(5);
  EXPECT_EQ(table(5).find("nothing was measured"), std::string::npos);
  EXPECT_NE(table(0).find("X25519                  -       -       - *"), std::string::npos)
      << table(0);
  EXPECT_NE(table(0).find("* relay, TLS 1.3, ecdsa-p256, X25519, full: no handshake ended within "
                          "the measured part: nothing was measured\n"),
            std::string::npos)
      << table(0);
}

TEST(ResultJson, AResultOfTheVersionBeforeIsRefused) {
  const std::string path = temporary("old");
  json old = sample_result();
  old["schema_version"] = 1;
  ASSERT_TRUE(write_json(path, old).has_value());
  EXPECT_NE(read_result(path).error().find("schema version 1; this program reads version 2"),
            std::string::npos);
  std::filesystem::remove(path);
}

TEST(ResultJson, KeepsThePasswordOut) {
  const json result = make_result(
      "x", {"smtpmark", "run", "--password", "one", "--password=two", "--user", "me"}, {});
  EXPECT_EQ(result.at("command").dump(),
            R"(["smtpmark","run","--password","***","--password=***","--user","me"])");
}

TEST(ResultJson, KeepsTokensAndThePasswordsOfClassesOut) {
  const json result =
      make_result("x",
                  {"--token", "one", "--token=two", "--class", "password=\"a,b\",user=me,token=c",
                   "--class=name=password,password=d", "--to", "password=e"},
                  {});
  EXPECT_EQ(result.at("command").dump(),
            R"(["--token","***","--token=***","--class","password=***,user=me,token=***",)"
            R"("--class=name=password,password=***","--to","password=e"])");
}

TEST(ResultJson, SaysWhatFellOutsideTheWindow) {
  LoadResult load;
  load.metrics.begin(0, {100, 200}, 1);
  load.metrics.record(Phase::kConnect, 10, 20);
  load.metrics.record(Phase::kMail, 10, 20);
  load.metrics.record(Phase::kMail, 110, 120);
  const json phases = job_to_json(RunPlan(), load, nullptr).at("phases");
  EXPECT_EQ(phases.at("connect").at("outside_window"), true);
  EXPECT_EQ(phases.at("mail").at("outside_window"), false);
  EXPECT_EQ(phases.at("mail").at("count"), 1);
}

TEST(ResultJson, SurvivesAWriteAndARead) {
  const std::string path = temporary("result");
  const json result = sample_result();
  ASSERT_TRUE(write_json(path, result).has_value());
  const auto read = read_result(path);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, result);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  std::filesystem::remove(path);
}

TEST(ResultJson, AFullDiskIsASentenceAndLeavesNoHalfFile) {
  const auto written = write_json("/dev/full", sample_result());
  ASSERT_FALSE(written.has_value());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "a device is not replaced";
  const auto no_folder = write_json("/nonexistent/result.json", sample_result());
  ASSERT_FALSE(no_folder.has_value());
  EXPECT_NE(no_folder.error().find("/nonexistent/result.json"), std::string::npos);
}

TEST(ResultJson, RefusesWhatIsNoResult) {
  const std::string path = temporary("bad");
  const auto refusal = [&path](const std::string& text) {
    std::ofstream(path) << text;
    const auto read = read_result(path);
    return read ? std::string() : read.error();
  };
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("[1,2"), "");
  EXPECT_NE(refusal("[]"), "");
  EXPECT_NE(refusal("{\"schema\": 5}"), "");
  EXPECT_NE(refusal("{\"schema\": \"else\"}"), "");
  json other = sample_result();
  other["schema_version"] = 99;
  EXPECT_NE(refusal(other.dump()).find("99"), std::string::npos);
  const std::string whole = sample_result().dump();
  EXPECT_NE(refusal(whole.substr(0, whole.size() / 2)).find("not complete"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(read_result(path).error(), "");
}

TEST(ResultJson, AFolderStandsForTheResultInIt) {
  const std::string folder = temporary("folder");
  std::filesystem::create_directory(folder);
  EXPECT_EQ(result_file(folder), folder);
  EXPECT_NE(read_result(folder).error().find("is a folder without a result.json"),
            std::string::npos);
  ASSERT_TRUE(write_json(folder + "/result.json", sample_result()).has_value());
  EXPECT_EQ(result_file(folder), folder + "/result.json");
  EXPECT_EQ(result_file(folder + "/result.json"), folder + "/result.json");
  std::filesystem::remove_all(folder);
}

TEST(ReportTable, ShowsTheFiguresAndTheErrors) {
  const auto table = render_result(sample_result(), "one.json");
  ASSERT_TRUE(table.has_value());
  for (const char* part : {"sample", "whole message", "1.000", "450 4.2.1 busy", "messages/s"}) {
    EXPECT_NE(table->find(part), std::string::npos) << part;
  }
}

TEST(ReportTable, AnErrorsKindAndItsTextAreTwo) {
  json result = sample_result();
  json& error = result["jobs"][0]["errors"][0];
  error["kind"] = io::to_string(io::ErrorKind::kCanceled);
  error["sample"] = io::describe({io::ErrorKind::kCanceled, 0, 0});
  const std::string cut_off = render_result(result, "one.json").value();
  EXPECT_NE(cut_off.find("1  unanswered              no answer came until the end of the run\n"),
            std::string::npos)
      << cut_off;
  error["kind"] = "a-kind-that-is-wider-than-its-column";
  error["sample"] = "sample";
  EXPECT_NE(render_result(result, "one.json")->find("than-its-column sample\n"), std::string::npos);
}

TEST(ReportTable, ADamagedResultIsASentence) {
  for (const char* member : {"jobs", "environment", "comparison", "name"}) {
    json damaged = sample_result();
    damaged.erase(member);
    EXPECT_FALSE(render_result(damaged, "one.json").has_value()) << member;
    damaged[member] = 5;
    EXPECT_FALSE(render_result(damaged, "one.json").has_value()) << member;
  }
  json damaged = sample_result();
  damaged["jobs"][0]["rates"]["messages_per_s"] = "fast";
  EXPECT_EQ(
      render_result(damaged, "one.json").error(),
      "one.json is not a result of smtpmark, or damaged (type must be number, but is string)");
}

}  // namespace
}  // namespace smtpmark::loadgen
