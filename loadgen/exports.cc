#include "loadgen/exports.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "loadgen/markup.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

using Out = std::back_insert_iterator<std::string>;

// The jobs, and behind them all classes together.
std::vector<json> all_jobs(const json& result) {
  std::vector<json> jobs = result.at("jobs").get<std::vector<json>>();
  if (result.contains("together")) jobs.push_back(result.at("together"));
  return jobs;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void csv_group(Out out, const std::string& job, const std::string& group, const json& figures) {
  for (const auto& [figure, value] : figures.items()) {
    if (value.is_structured()) continue;
    fmt::format_to(out, "{},{},{},{}\r\n", escape_csv(job), group, figure,
                   escape_csv(text_of(value)));
  }
}

std::string milliseconds(const json& us) {
  return fmt::format("{:.3f}", us.get<double>() / 1000.0);
}

constexpr std::array<std::pair<const char*, const char*>, 5> kAskedFor = {{
    {"message", "whole message"},
    {"session", "whole session"},
    {"connect", "connect"},
    {"tls_handshake", "TLS handshake"},
    {"end_of_data", "end of data to reply"},
}};

void markdown_throughput(Out out, const std::vector<json>& jobs) {
  fmt::format_to(out,
                 "| job | sessions/s | handshakes/s | messages/s | MB/s | errors | verdict |\n"
                 "|---|--:|--:|--:|--:|--:|---|\n");
  for (const json& job : jobs) {
    const json& rates = job.at("rates");
    fmt::format_to(
        out, "| {} | {:.0f} | {:.0f} | {:.0f} | {:.2f} | {} | {} |\n",
        escape_markup(job.at("name").get<std::string>()), rates.at("sessions_per_s").get<double>(),
        rates.at("handshakes_per_s").get<double>(), rates.at("messages_per_s").get<double>(),
        rates.at("octets_per_s").get<double>() / 1e6,
        job.at("totals").at("errors").get<std::uint64_t>(),
        job.at("verdict").at("name").get<std::string>());
  }
}

void markdown_latencies(Out out, const std::vector<json>& jobs) {
  fmt::format_to(out,
                 "\n| job | ms | count | p50 | p90 | p99 | p99.9 | max |\n"
                 "|---|---|--:|--:|--:|--:|--:|--:|\n");
  for (const json& job : jobs) {
    for (const auto& [key, title] : kAskedFor) {
      if (!job.at("phases").contains(key)) continue;
      const json& phase = job.at("phases").at(key);
      if (phase.at("outside_window").get<bool>()) continue;
      fmt::format_to(out, "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
                     escape_markup(job.at("name").get<std::string>()), title,
                     phase.at("count").get<std::uint64_t>(), milliseconds(phase.at("p50_us")),
                     milliseconds(phase.at("p90_us")), milliseconds(phase.at("p99_us")),
                     milliseconds(phase.at("p99_9_us")), milliseconds(phase.at("max_us")));
    }
  }
}

void markdown_remarks(Out out, const std::vector<json>& jobs) {
  for (const json& job : jobs) {
    const std::string name = escape_markup(job.at("name").get<std::string>());
    for (const json& finding : job.at("verdict").at("findings")) {
      fmt::format_to(out, "\n{}: **{}**: {}\n", name,
                     job.at("verdict").at("name").get<std::string>(),
                     escape_markup(finding.at("text").get<std::string>()));
    }
    for (const json& error : job.at("errors")) {
      fmt::format_to(out, "\n{}: {} × {} in {}: {}\n", name, error.at("count").get<std::uint64_t>(),
                     error.at("kind").get<std::string>(), error.at("phase").get<std::string>(),
                     escape_markup(error.at("sample").get<std::string>()));
    }
  }
}

// Samples of one family stand together: it is called once for each.
template <class Value>
void metric(Out out, const std::vector<json>& jobs, std::string_view name, std::string_view type,
            std::string_view help, Value value) {
  fmt::format_to(out, "# TYPE {} {}\n# HELP {} {}\n", name, type, name, help);
  for (const json& job : jobs) {
    fmt::format_to(out, "{}{}{{job=\"{}\"}} {}\n", name, type == "counter" ? "_total" : "",
                   escape_label(job.at("name").get<std::string>()), value(job));
  }
}

void openmetrics_phases(Out out, const std::vector<json>& jobs) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kQuantiles = {
      {{"0.5", "p50_us"}, {"0.9", "p90_us"}, {"0.99", "p99_us"}, {"0.999", "p99_9_us"}}};
  fmt::format_to(out,
                 "# TYPE smtpmark_phase_seconds summary\n# UNIT smtpmark_phase_seconds seconds\n"
                 "# HELP smtpmark_phase_seconds How long each phase took in the measured part.\n");
  for (const json& job : jobs) {
    for (const auto& [name, phase] : job.at("phases").items()) {
      if (phase.at("outside_window").get<bool>()) continue;
      const std::string labels =
          fmt::format("job=\"{}\",phase=\"{}\"", escape_label(job.at("name").get<std::string>()),
                      escape_label(name));
      for (const auto& [quantile, key] : kQuantiles) {
        fmt::format_to(out, "smtpmark_phase_seconds{{{},quantile=\"{}\"}} {}\n", labels, quantile,
                       phase.at(key).get<double>() / 1e6);
      }
      const auto count = phase.at("count").get<std::uint64_t>();
      fmt::format_to(out, "smtpmark_phase_seconds_count{{{}}} {}\n", labels, count);
      fmt::format_to(out, "smtpmark_phase_seconds_sum{{{}}} {}\n", labels,
                     phase.at("mean_us").get<double>() * static_cast<double>(count) / 1e6);
    }
  }
}

std::string junit_case(const std::string& job, const std::string& name, bool good,
                       const std::string& message) {
  const std::string head = fmt::format("  <testcase classname=\"{}\" name=\"{}\"",
                                       escape_markup(job), escape_markup(name));
  if (good) return head + "/>\n";
  return fmt::format("{}><failure message=\"{}\"/></testcase>\n", head, escape_markup(message));
}

}  // namespace

std::string render_csv(const json& result) {
  std::string text = "job,group,figure,value\r\n";
  const Out out = std::back_inserter(text);
  for (const json& job : all_jobs(result)) {
    const auto name = job.at("name").get<std::string>();
    fmt::format_to(out, "{},job,measured_s,{}\r\n", escape_csv(name),
                   job.at("measured_s").get<double>());
    fmt::format_to(out, "{},job,verdict,{}\r\n", escape_csv(name),
                   job.at("verdict").at("name").get<std::string>());
    for (const char* group : {"rates", "measured", "totals", "cpu", "surroundings"}) {
      if (job.contains(group)) csv_group(out, name, group, job.at(group));
    }
    for (const auto& [phase, figures] : job.at("phases").items()) {
      csv_group(out, name, "phases." + phase, figures);
    }
  }
  return text;
}

std::string render_job_markdown(const json& result,
                                const std::vector<ThresholdOutcome>& thresholds) {
  std::string text = fmt::format("### {}\n\n", escape_markup(result.at("name").get<std::string>()));
  const Out out = std::back_inserter(text);
  const std::vector<json> jobs = all_jobs(result);
  markdown_throughput(out, jobs);
  markdown_latencies(out, jobs);
  markdown_remarks(out, jobs);
  if (!thresholds.empty()) {
    fmt::format_to(out, "\n| job | threshold | | found |\n|---|---|---|---|\n");
  }
  for (const ThresholdOutcome& one : thresholds) {
    fmt::format_to(out, "| {} | {} | {} | {} |\n", escape_markup(one.job),
                   escape_markup(one.threshold), one.met == Truth::kTrue ? "met" : "**not met**",
                   escape_markup(one.figures));
  }
  const json& environment = result.at("environment");
  fmt::format_to(
      out, "\nsmtpmark {} ({}), {}, {} processors, Linux {}, {}\n",
      environment.at("smtpmark").get<std::string>(),
      environment.at("git_commit").get<std::string>(),
      environment.at("cpu_model").get<std::string>(), environment.at("processors").get<int>(),
      environment.at("kernel").get<std::string>(), result.at("started_utc").get<std::string>());
  return text;
}

std::string render_openmetrics(const json& result) {
  std::string text;
  const Out out = std::back_inserter(text);
  const std::vector<json> jobs = all_jobs(result);
  const auto total = [](const char* counter) {
    return [counter](const json& job) { return job.at("totals").at(counter).get<std::uint64_t>(); };
  };
  const auto rate = [](const char* name) {
    return [name](const json& job) { return job.at("rates").at(name).get<double>(); };
  };
  metric(out, jobs, "smtpmark_sessions_completed", "counter",
         "Sessions that ended with a QUIT that was answered.", total("sessions_completed"));
  metric(out, jobs, "smtpmark_tls_handshakes", "counter", "TLS handshakes, full and resumed.",
         total("tls_handshakes"));
  metric(out, jobs, "smtpmark_messages_accepted", "counter", "Messages with a 2xx of their own.",
         total("messages_accepted"));
  metric(out, jobs, "smtpmark_errors", "counter", "Errors of all phases and kinds.",
         total("errors"));
  metric(out, jobs, "smtpmark_sessions_per_second", "gauge", "In the measured part.",
         rate("sessions_per_s"));
  metric(out, jobs, "smtpmark_tls_handshakes_per_second", "gauge", "In the measured part.",
         rate("handshakes_per_s"));
  metric(out, jobs, "smtpmark_messages_per_second", "gauge", "In the measured part.",
         rate("messages_per_s"));
  metric(out, jobs, "smtpmark_verdict_clean", "gauge",
         "Whether nothing stood in front of the server: 1 or 0.",
         [](const json& job) { return job.at("verdict").at("findings").empty() ? 1 : 0; });
  openmetrics_phases(out, jobs);
  return text + "# EOF\n";
}

std::string render_job_junit(const json& result, const std::vector<ThresholdOutcome>& thresholds) {
  std::string cases;
  std::size_t tests = 0;
  std::size_t failures = 0;
  const auto add = [&](const std::string& job, const std::string& name, bool good,
                       const std::string& message) {
    ++tests;
    failures += good ? 0 : 1;
    cases += junit_case(job, name, good, message);
  };
  for (const json& job : result.at("jobs")) {
    const auto ended = job.at("ended").get<std::string>();
    const auto errors = job.at("totals").at("errors").get<std::uint64_t>();
    add(job.at("name").get<std::string>(), "ended as planned, without errors",
        ended == "completed" && errors == 0, fmt::format("{}, {} errors", ended, errors));
  }
  for (const ThresholdOutcome& one : thresholds) {
    add(one.job, one.threshold, one.met == Truth::kTrue, one.figures);
  }
  return fmt::format(
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<testsuite name=\"smtpmark {}\" tests=\"{}\" failures=\"{}\">\n",
             escape_markup(result.at("name").get<std::string>()), tests, failures) +
         cases + "</testsuite>\n";
}

}  // namespace smtpmark::loadgen
