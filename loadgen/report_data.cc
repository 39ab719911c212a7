#include "loadgen/report_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "loadgen/phase.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr auto kPhases = std::to_array<PhaseTitle>({
    {"schedule_lag", "schedule lag", "wait"},
    {"connect", "connect", "wait"},
    {"greeting", "greeting", "wait"},
    {"ehlo", "EHLO", "hello"},
    {"starttls", "STARTTLS wait", "tls"},
    {"tls_handshake", "TLS handshake", "tls"},
    {"tls_handshake_resumed", "TLS handshake, resumed", "tls"},
    {"ehlo_tls", "EHLO over TLS", "tls"},
    {"xclient", "XCLIENT", "hello"},
    {"auth", "AUTH", "auth"},
    {"auth_rejected", "AUTH rejected as wanted", "auth"},
    {"mail", "MAIL", "envelope"},
    {"rcpt", "RCPT", "envelope"},
    {"data", "DATA", "envelope"},
    {"body_sent", "body sent", "body"},
    {"end_of_data", "end of data", "body"},
    {"reset", "RSET", "end"},
    {"quit", "QUIT", "end"},
    {"message", "whole message", ""},
    {"message_uncorrected", "whole message, uncorrected", ""},
    {"session", "whole session", ""},
    {"session_uncorrected", "whole session, uncorrected", ""},
});
static_assert(kPhases.size() == kPhaseCount);

constexpr int kPointsPerDecade = 12;
constexpr double kUsPerMs = 1000.0;

double number(const json& object, const char* key, double otherwise = 0.0) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::string text(const json& object, const char* key, const std::string& otherwise = "") {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

// The member, or an empty one.
const json& part(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_structured() ? *found : none;
}

// The keys of `phases` as a session goes through them, unknown ones last.
std::vector<std::string> ordered_keys(const json& phases) {
  std::vector<std::string> keys;
  for (const PhaseTitle& phase : kPhases) {
    if (phases.contains(phase.key)) keys.emplace_back(phase.key);
  }
  for (const auto& [key, figures] : phases.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

json percentile_table(const json& phases) {
  json rows = json::array();
  for (const std::string& key : ordered_keys(phases)) {
    const json& phase = phases.at(key);
    json row = {{"key", key},
                {"title", title_of_phase(key).title},
                {"count", phase.at("count")},
                {"outside", phase.value("outside_window", false)}};
    for (const char* name : {"p50", "p90", "p99", "p99_9", "max"}) {
      row[name] = number(phase, (std::string(name) + "_us").c_str()) / kUsPerMs;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// What one unit takes in each phase: all the time spent there, shared among the units.
json time_by_phase(const json& phases, double units) {
  json time = json::array();
  if (units <= 0.0) return time;
  for (const std::string& key : ordered_keys(phases)) {
    const PhaseTitle title = title_of_phase(key);
    const json& phase = phases.at(key);
    if (title.family.empty() || phase.value("outside_window", false)) continue;
    time.push_back({{"key", key},
                    {"title", title.title},
                    {"family", title.family},
                    {"place", place_of_phase(key)},
                    {"ms", number(phase, "count") * number(phase, "mean_us") / kUsPerMs / units}});
  }
  return time;
}

json curve_of_buckets(const json& buckets, double count, double max_ms) {
  json points = json::array();
  double below = 0.0;
  std::size_t bucket = 0;
  // x = 1 / (1 - quantile): 2 is the median, 100 the 99th percentile, the count the maximum.
  for (int step = 0;; ++step) {
    const double x = std::pow(10.0, static_cast<double>(step) / kPointsPerDecade);
    if (x >= count) break;
    const double rank = std::max(1.0, std::ceil(count * (1.0 - 1.0 / x)));
    while (bucket + 1 < buckets.size() && below + buckets.at(bucket).at(1).get<double>() < rank) {
      below += buckets.at(bucket++).at(1).get<double>();
    }
    const double ms = buckets.at(bucket).at(0).get<double>() / 1e6;
    points.push_back({x, std::min(ms, max_ms)});
  }
  points.push_back({count, max_ms});
  return points;
}

json percentile_curves(const json& phases) {
  json curves = json::object();
  for (const auto& [key, phase] : phases.items()) {
    const double count = number(phase, "count");
    const double max_ms = number(phase, "max_us") / kUsPerMs;
    if (count < 1.0) continue;
    const json& buckets = part(phase, "buckets_ns");
    if (!buckets.empty()) {
      curves[key] = curve_of_buckets(buckets, count, max_ms);
      continue;
    }
    json& points = curves[key] = json::array();
    for (const auto& [x, name] : {std::pair{2.0, "p50_us"}, std::pair{10.0, "p90_us"},
                                  std::pair{100.0, "p99_us"}, std::pair{1000.0, "p99_9_us"}}) {
      if (x < count) points.push_back({x, number(phase, name) / kUsPerMs});
    }
    points.push_back({count, max_ms});
  }
  return curves;
}

// Where the run ended by the clock, in seconds from its start; 0 when something else ended it.
double planned_end(const json& job) {
  const json& config = part(job, "config");
  const double duration = number(config, "duration_s");
  const bool by_time = duration > 0.0 && text(job, "ended", "completed") == "completed";
  return by_time ? number(config, "warmup_s") + duration : 0.0;
}

// Marks seconds that the run did not fill: their counts are of a part of them.
void mark_parts(json& series, double end) {
  for (std::size_t i = 0; i < series.size(); ++i) {
    const bool last = i + 1 == series.size() || series[i + 1].at("t") < series[i].at("t");
    series[i]["part"] = end > 0.0 ? series[i].at("t").get<double>() + 1.0 > end + 0.01 : last;
  }
}

json series_of(const json& job) {
  json series = json::array();
  for (const json& second : part(job, "series")) {
    json point = {{"t", second.value("second", series.size())}};
    if (second.contains("round")) point["round"] = second.at("round");
    for (const char* name : {"messages", "handshakes", "sessions", "errors"}) {
      point[name] = number(second, name);
    }
    for (const char* name : {"p50", "p99"}) {
      const auto us = second.find(std::string(name) + "_us");
      if (us != second.end() && us->is_number()) point[name] = us->get<double>() / kUsPerMs;
    }
    series.push_back(std::move(point));
  }
  mark_parts(series, planned_end(job));
  return series;
}

json errors_of(const json& job) {
  json errors = json::array();
  for (const json& row : part(job, "errors")) {
    const auto code = static_cast<int>(number(row, "code"));
    std::string reply = code == 0 ? "" : std::to_string(code);
    if (row.contains("enhanced")) reply += " " + text(row, "enhanced");
    errors.push_back({{"phase", title_of_phase(text(row, "phase")).title},
                      {"kind", text(row, "kind")},
                      {"reply", reply},
                      {"count", number(row, "count")},
                      {"sample", text(row, "sample")}});
  }
  return errors;
}

json cpu_of(const json& job, bool messages) {
  json cpu = json::object();
  for (const char* side : {"generator", "server"}) {
    const std::string key =
        fmt::format("{}_s_per_1000_{}", side, messages ? "messages" : "sessions");
    const json& all = part(job, "cpu");
    if (all.contains(key) && all.at(key).is_number()) {
      cpu[std::string(side) + "_us"] = all.at(key).get<double>() * 1000.0;
    }
  }
  return cpu;
}

json findings_of(const json& verdict) {
  json findings = json::array();
  for (const json& finding : part(verdict, "findings")) findings.push_back(text(finding, "text"));
  return findings;
}

std::string name_of(const json& job) {
  const std::string klass = text(part(job, "class"), "name");
  const auto name = job.at("name").get<std::string>();
  return klass.empty() || klass == name ? name : name + ": " + klass;
}

json job_data(const json& job, const std::string& label) {
  const json& config = part(job, "config");
  const json& phases = part(job, "phases");
  const json& rates = part(job, "rates");
  const json& measured = part(job, "measured");
  const double wanted = number(config, "messages_per_connection", 1.0);
  const bool messages = wanted > 0.0;
  const json& verdict = part(job, "verdict");
  const double units = number(measured, messages ? "messages_accepted" : "sessions_completed");
  const std::string name = name_of(job);
  return {{"name", name},
          {"title", label.empty() ? name : label + " " + name},
          {"target", text(job, "target")},
          {"unit", messages ? "message" : "session"},
          {"long", wanted > 1.0},
          {"ended", text(job, "ended", "completed")},
          {"verdict", text(verdict, "name")},
          {"findings", findings_of(verdict)},
          {"embedded", job.contains("sink")},
          {"rates",
           {{"messages", number(rates, "messages_per_s")},
            {"handshakes", number(rates, "handshakes_per_s")},
            {"sessions", number(rates, "sessions_per_s")},
            {"mb", number(rates, "octets_per_s") / 1e6}}},
          {"accepted", number(part(job, "totals"), "messages_accepted")},
          {"errors_total", number(part(job, "totals"), "errors")},
          {"plain_sessions", text(config, "tls") == "opportunistic"
                                 ? number(part(job, "totals"), "sessions_plain")
                                 : 0.0},
          {"cpu", cpu_of(job, messages)},
          {"time", time_by_phase(phases, units)},
          {"phases", percentile_table(phases)},
          {"percentiles", percentile_curves(phases)},
          {"series", series_of(job)},
          {"errors", errors_of(job)}};
}

// As a POSIX shell takes it for one word.
std::string shell_word(const std::string& word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string command_line(const json& result) {
  std::string line;
  for (const json& word : part(result, "command")) {
    if (!line.empty()) line += ' ';
    line += shell_word(word.get<std::string>());
  }
  return line;
}

// `environment` as rows, one level deep: io.backend.
json environment_rows(const json& environment, const std::string& prefix = "") {
  json rows = json::array();
  for (const auto& [key, value] : environment.items()) {
    if (value.is_object()) {
      for (json& row : environment_rows(value, prefix + key + ".")) rows.push_back(std::move(row));
    } else {
      rows.push_back({prefix + key, value.is_string() ? value.get<std::string>() : value.dump()});
    }
  }
  return rows;
}

json curve_of_find(const json& result) {
  json curve = json::array();
  for (const json& step : part(result, "curve")) {
    json point = {
        {"rate", number(step, "rate_per_s")}, {"achieved", number(step, "achieved_per_s")},
        {"met", step.value("met", false)},    {"confirmation", step.value("confirmation", false)},
        {"verdict", text(step, "verdict")},   {"error_share", number(step, "error_share")}};
    for (const char* name : {"p50", "p90", "p99", "p99_9"}) {
      point[name] = number(step, (std::string(name) + "_us").c_str()) / kUsPerMs;
    }
    curve.push_back(std::move(point));
  }
  return curve;
}

}  // namespace

PhaseTitle title_of_phase(std::string_view key) {
  const auto* const found = std::find_if(
      kPhases.begin(), kPhases.end(), [key](const PhaseTitle& phase) { return phase.key == key; });
  return found != kPhases.end() ? *found : PhaseTitle{key, key, ""};
}

std::size_t place_of_phase(std::string_view key) {
  const auto* const found = std::find_if(
      kPhases.begin(), kPhases.end(), [key](const PhaseTitle& phase) { return phase.key == key; });
  return static_cast<std::size_t>(found - kPhases.begin());
}

json report_data(const json& result, const std::string& file, const std::string& label) {
  json jobs = json::array();
  for (const json& job : result.at("jobs")) jobs.push_back(job_data(job, label));
  json data = {{"label", label},
               {"file", file},
               {"name", text(result, "name")},
               {"started", text(result, "started_utc")},
               {"command", command_line(result)},
               {"notes", part(result, "notes")},
               {"environment", environment_rows(part(result, "environment"))},
               {"comparison", part(result, "comparison")},
               {"objective", text(result, "objective")},
               {"curve", curve_of_find(result)},
               {"jobs", std::move(jobs)}};
  if (result.contains("together") && result.at("together").is_object()) {
    json all = job_data(result.at("together"), label);
    all["name"] = "all classes together";
    all["title"] = label.empty() ? "all classes together" : label + " all classes together";
    data["jobs"].push_back(std::move(all));
  }
  const json& found = part(result, "found");
  if (!found.empty()) data["found"] = number(found, "rate_per_s");
  return data;
}

}  // namespace smtpmark::loadgen
