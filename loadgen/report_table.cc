#include "loadgen/report_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "io/error.h"
#include "loadgen/curve.h"
#include "loadgen/phase.h"
#include "loadgen/result_json.h"
#include "loadgen/terminal_text.h"
#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr auto kPhaseTitles = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"schedule_lag", "schedule lag"},
    {"connect", "connect"},
    {"greeting", "greeting"},
    {"ehlo", "EHLO"},
    {"starttls", "STARTTLS wait"},
    {"tls_handshake", "TLS handshake"},
    {"tls_handshake_resumed", "TLS handshake, resumed"},
    {"ehlo_tls", "EHLO over TLS"},
    {"xclient", "XCLIENT"},
    {"auth", "AUTH"},
    {"auth_rejected", "AUTH rejected as wanted"},
    {"mail", "MAIL"},
    {"rcpt", "RCPT"},
    {"data", "DATA"},
    {"body_sent", "body sent"},
    {"end_of_data", "end of data to reply"},
    {"reset", "RSET"},
    {"quit", "QUIT"},
    {"message", "whole message"},
    {"message_uncorrected", "  uncorrected"},
    {"session", "whole session"},
    {"session_uncorrected", "  uncorrected"},
});
static_assert(kPhaseTitles.size() == kPhaseCount);

std::string title_of(const std::string& phase) {
  for (const auto& [key, title] : kPhaseTitles) {
    if (phase == key) return std::string(title);
  }
  return phase;
}

constexpr std::array<const char*, 5> kPercentiles = {"p50_us", "p90_us", "p99_us", "p99_9_us",
                                                     "max_us"};

using Out = std::back_insert_iterator<std::string>;

// Microseconds as milliseconds with three significant digits where that is honest.
std::string in_milliseconds(double us) {
  const double ms = us / 1000.0;
  if (ms < 10.0) return fmt::format("{:.3f}", ms);
  if (ms < 100.0) return fmt::format("{:.2f}", ms);
  return fmt::format("{:.1f}", ms);
}

void render_head(Out out, const json& result) {
  const json& environment = result.at("environment");
  const json& io = environment.at("io");
  std::string flags = io.at("defer_taskrun").get<bool>()   ? " with DEFER_TASKRUN"
                      : io.at("single_issuer").get<bool>() ? " with SINGLE_ISSUER"
                                                           : "";
  fmt::format_to(out, "smtpmark {} ({})  {}  {}\n", environment.at("smtpmark").get<std::string>(),
                 environment.at("git_commit").get<std::string>(),
                 result.at("name").get<std::string>(), result.at("started_utc").get<std::string>());
  fmt::format_to(
      out, "{}, {} processors, Linux {}, OpenSSL {}, {}{}\n",
      environment.at("cpu_model").get<std::string>(), environment.at("processors").get<int>(),
      environment.at("kernel").get<std::string>(), environment.at("openssl").get<std::string>(),
      io.at("backend").get<std::string>(), flags);
  if (result.contains("notes")) {
    for (const json& note : result.at("notes")) {
      fmt::format_to(out, "{}\n", note.get<std::string>());
    }
  }
  *out++ = '\n';
}

void render_latencies(Out out, const json& job) {
  const json& phases = job.at("phases");
  if (phases.empty()) return;
  fmt::format_to(out, "{:<38}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}  ms\n",
                 job.at("name").get<std::string>(), "count", "p50", "p90", "p99", "p99.9", "max");
  bool any_outside = false;
  for (const auto& [key, title] : kPhaseTitles) {
    if (!phases.contains(key)) continue;
    const json& phase = phases.at(key);
    const bool outside = phase.value("outside_window", false);
    fmt::format_to(out, "  {:<36}{:>9}", fmt::format("{}{}", title, outside ? " *" : ""),
                   phase.at("count").get<std::uint64_t>());
    any_outside = any_outside || outside;
    for (const char* percentile : kPercentiles) {
      fmt::format_to(out, "{:>10}", in_milliseconds(phase.at(percentile).get<double>()));
    }
    *out++ = '\n';
  }
  if (any_outside) fmt::format_to(out, "  * before or behind the measured part\n");
  *out++ = '\n';
}

// CPU per 1,000 messages, or per 1,000 sessions where there are no messages. What several classes
// use cannot be told apart: it stands in the row of all together.
std::string cost(const json& job, const char* side) {
  if (!job.contains("cpu")) return "-";
  const json& cpu = job.at("cpu");
  const bool messages = job.at("measured").at("messages_accepted").get<std::uint64_t>() > 0;
  const std::string key = fmt::format("{}_s_per_1000_{}", side, messages ? "messages" : "sessions");
  if (!cpu.contains(key)) return "-";
  return fmt::format("{:.4f}", cpu.at(key).get<double>());
}

void render_throughput_row(Out out, const json& job, const std::string& title) {
  const json& rates = job.at("rates");
  fmt::format_to(out, "{:<38}{:>11.0f}{:>13.0f}{:>12.0f}{:>9.2f}{:>13}{:>9}{:>9}\n", title,
                 rates.at("sessions_per_s").get<double>(),
                 rates.at("handshakes_per_s").get<double>(),
                 rates.at("messages_per_s").get<double>(),
                 rates.at("octets_per_s").get<double>() / 1e6, cost(job, "generator"),
                 cost(job, "server"), job.at("totals").at("errors").get<std::uint64_t>());
}

void render_throughput(Out out, const json& result) {
  fmt::format_to(out, "{:<38}{:>11}{:>13}{:>12}{:>9}{:>13}{:>9}{:>9}\n", "", "sessions/s",
                 "handshakes/s", "messages/s", "MB/s", "CPU s/1000:", "", "");
  fmt::format_to(out, "{:<38}{:>11}{:>13}{:>12}{:>9}{:>13}{:>9}{:>9}\n", "", "", "", "", "",
                 "generator", "server", "errors");
  for (const json& job : result.at("jobs")) {
    render_throughput_row(out, job, job.at("name").get<std::string>());
  }
  if (result.contains("together")) {
    render_throughput_row(out, result.at("together"), "all classes together");
  }
  *out++ = '\n';
}

// By which mechanisms sessions were let in, and how many were kept out as was wanted.
void render_auth_notes(Out out, const std::string& name, const json& job) {
  const json used = job.value("auth_by_mechanism", json::object());
  std::string text;
  for (const auto& [mechanism, count] : used.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", mechanism, count.get<std::uint64_t>());
  }
  if (!text.empty()) fmt::format_to(out, "{}: let in by AUTH {}\n", name, text);
  const auto rejected = job.at("totals").value("auth_rejected_as_wanted", std::uint64_t{0});
  if (rejected > 0) {
    fmt::format_to(out, "{}: {} sessions with a wrong password were rejected, as was wanted\n",
                   name, rejected);
  }
}

void render_notes(Out out, const json& job) {
  const std::string name = job.at("name").get<std::string>();
  const json& totals = job.at("totals");
  const auto plain = totals.at("sessions_plain").get<std::uint64_t>();
  if (job.at("config").value("tls", "") == "opportunistic" && plain > 0) {
    fmt::format_to(out, "{}: {} of {} sessions were plain: no STARTTLS there\n", name, plain,
                   totals.at("sessions_established").get<std::uint64_t>());
  }
  if (job.at("config").value("tls_resume", false) && totals.at("tls_resumed") == 0) {
    fmt::format_to(out, "{}: no TLS session was resumed: the server gave no tickets\n", name);
  }
  render_auth_notes(out, name, job);
  if (job.at("config").at("measure") == "counters") {
    fmt::format_to(out, "{}: no latencies, as --measure counters asks\n", name);
  }
  if (job.at("ended").get<std::string>() != "completed") {
    fmt::format_to(out, "{}: {}\n", name, job.at("ended").get<std::string>());
  }
  if (const auto dropped = totals.value("turns_dropped", std::uint64_t{0}); dropped > 0) {
    fmt::format_to(out, "{}: {} turns were dropped: too many waited for a connection\n", name,
                   dropped);
  }
  if (const auto waited = totals.value("turns_unstarted", std::uint64_t{0}); waited > 0) {
    fmt::format_to(out, "{}: {} turns still waited for a connection at the end\n", name, waited);
  }
}

// Each kind of finding in the words of the first job that has it, and the names of the others.
void render_verdicts(Out out, const json& jobs) {
  struct Finding {
    std::string code;
    std::string text;
    std::string others;
  };
  std::vector<Finding> found;
  for (const json& job : jobs) {
    const std::string name = job.at("name").get<std::string>();
    const std::string verdict = job.at("verdict").at("name").get<std::string>();
    for (const json& finding : job.at("verdict").at("findings")) {
      const std::string code = finding.at("code").get<std::string>();
      const auto seen = std::find_if(found.begin(), found.end(),
                                     [&](const Finding& one) { return one.code == code; });
      if (seen == found.end()) {
        const std::string text = finding.at("text").get<std::string>();
        found.push_back({code, fmt::format("{}: {}: {}", name, verdict, text), {}});
      } else {
        seen->others += (seen->others.empty() ? "" : "; ") + name;
      }
    }
  }
  for (const Finding& one : found) {
    fmt::format_to(out, "{}\n", one.text);
    if (!one.others.empty()) fmt::format_to(out, "  likewise: {}\n", one.others);
  }
}

// A kind of error in the width of its column. Of what the end of the run cut off it is the sentence
// that stands beside it too.
std::string kind_of(const json& error) {
  const auto kind = error.at("kind").get<std::string>();
  return kind == io::to_string(io::ErrorKind::kCanceled) ? "unanswered" : kind;
}

// Phase and kind of what went wrong, the most frequent first, each with its first sample.
void render_errors(Out out, const json& job) {
  auto errors = job.at("errors").get<std::vector<json>>();
  if (errors.empty()) return;
  std::stable_sort(errors.begin(), errors.end(), [](const json& a, const json& b) {
    return a.at("count").get<std::uint64_t>() > b.at("count").get<std::uint64_t>();
  });
  fmt::format_to(out, "\n{:<38}{:>9}  {:<24}{}\n", "errors: " + job.at("name").get<std::string>(),
                 "count", "kind", "first of them");
  for (const json& error : errors) {
    fmt::format_to(out, "  {:<36}{:>9}  {:<23} {}\n",
                   title_of(error.at("phase").get<std::string>()),
                   error.at("count").get<std::uint64_t>(), kind_of(error),
                   error.at("sample").get<std::string>());
  }
}

std::string render(const json& result) {
  std::string text;
  const Out out = std::back_inserter(text);
  render_head(out, result);
  const json& jobs = result.at("jobs");
  for (const json& job : jobs) render_latencies(out, job);
  if (result.contains("together")) render_latencies(out, result.at("together"));
  const bool matrix = result.contains("tls_matrix");
  if (!jobs.empty() || !(matrix || result.contains("curve"))) render_throughput(out, result);
  if (matrix) text += render_tls_matrix(result);
  if (result.contains("curve")) text += render_curve(result);
  const json& comparison = result.at("comparison");
  if (!comparison.empty()) {
    fmt::format_to(out, "{:<38}{:>38}{:>38}\n", "", "1 message a session:", "long sessions:");
    fmt::format_to(out, "{:<38}{:>19}{:>19}{:>19}{:>19}\n", "as a ratio, median (range of rounds)",
                   "messages/s", "CPU a message", "messages/s", "CPU a message");
  }
  for (const json& line : comparison) {
    fmt::format_to(out, "{}\n", line.at("text").get<std::string>());
  }
  if (!comparison.empty()) text += '\n';
  for (const json& job : jobs) render_notes(out, job);
  render_verdicts(out, jobs);
  for (const json& job : jobs) render_errors(out, job);
  return text;
}

}  // namespace

tl::expected<std::string, std::string> render_result(const json& result, const std::string& file) {
  try {
    return render(printable_json(result));
  } catch (const json::exception& error) {
    return tl::unexpected(damaged_result(file, error));
  }
}

}  // namespace smtpmark::loadgen
