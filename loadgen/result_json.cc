#include "loadgen/result_json.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "loadgen/dialogue_options.h"
#include "loadgen/environment.h"
#include "loadgen/run_verdict.h"
#include "loadgen/tls_json.h"
#include "loadgen/workload_options.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr double kNsPerUs = 1000.0;

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / kNsPerUs;
}

json counters_to_json(const Counters& counters) {
  json all = json::object();
  for (const auto& [name, counter] : kCounterNames) all[std::string(name)] = counters.*counter;
  return all;
}

json histogram_to_json(const Histogram& histogram) {
  json buckets = json::array();
  for (const auto& [highest_ns, count] : histogram.buckets()) {
    buckets.push_back(json::array({highest_ns, count}));
  }
  return {{"count", histogram.count()},
          {"overflow", histogram.overflow()},
          {"min_us", us(histogram.min_ns())},
          {"mean_us", histogram.mean_ns() / kNsPerUs},
          {"p50_us", us(histogram.percentile_ns(50.0))},
          {"p90_us", us(histogram.percentile_ns(90.0))},
          {"p99_us", us(histogram.percentile_ns(99.0))},
          {"p99_9_us", us(histogram.percentile_ns(99.9))},
          {"max_us", us(histogram.max_ns())},
          {"buckets_ns", std::move(buckets)}};
}

json phases_to_json(const Metrics& metrics) {
  json phases = json::object();
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    const auto phase = static_cast<Phase>(i);
    const bool inside = metrics.histogram(phase).count() > 0;
    const Histogram& histogram = inside ? metrics.histogram(phase) : metrics.outside(phase);
    if (histogram.count() == 0) continue;
    json entry = histogram_to_json(histogram);
    entry["outside_window"] = !inside;
    phases[std::string(kPhaseNames[i])] = std::move(entry);
  }
  return phases;
}

json series_to_json(const Metrics& metrics) {
  json series = json::array();
  for (const SecondCounters& second : metrics.seconds()) {
    json entry = {{"second", series.size()},         {"sessions", second.sessions},
                  {"handshakes", second.handshakes}, {"messages", second.messages},
                  {"octets", second.octets},         {"errors", second.errors}};
    if (second.messages_us.count() > 0) {
      entry["p50_us"] = second.messages_us.percentile_us(50.0);
      entry["p99_us"] = second.messages_us.percentile_us(99.0);
    }
    series.push_back(std::move(entry));
  }
  return series;
}

json errors_to_json(const Metrics& metrics) {
  json errors = json::array();
  for (const ErrorRow& row : metrics.errors()) {
    json entry = {{"phase", to_string(row.phase)},
                  {"kind", row.kind},
                  {"code", row.code},
                  {"count", row.count},
                  {"sample", row.sample}};
    if (row.enhanced.class_digit != 0) {
      entry["enhanced"] = std::to_string(row.enhanced.class_digit) + "." +
                          std::to_string(row.enhanced.subject) + "." +
                          std::to_string(row.enhanced.detail);
    }
    errors.push_back(std::move(entry));
  }
  return errors;
}

json auth_to_json(const AuthPlan& auth) {
  return {{"auth_initial_response", to_string(auth.initial_response)},
          {"auth_without_tls", auth.without_tls},
          {"wrong_password_share", auth.wrong_password_share},
          {"users", auth.users->size()}};
}

// Those that were used.
json mechanisms_to_json(const MechanismCounts& counts) {
  json used = json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) used[std::string(parser::to_string(kMechanisms[i]))] = counts[i];
  }
  return used;
}

json session_to_json(const ClassPlan& one, std::uint64_t run) {
  const SessionPlan& session = one.session;
  json config = {{"role", to_string(session.role)},
                 {"tls", to_string(session.tls)},
                 {"tls_verify", one.tls.verify},
                 {"tls_resume", one.tls.resume},
                 {"auth", describe(session.auth.mechanisms)},
                 {"messages_per_connection", session.messages_per_connection},
                 {"rate_of", to_string(session.turn_of)},
                 {"timeout_s", static_cast<double>(session.timeout_ns) / 1e9}};
  if (session.auth.wanted()) config.update(auth_to_json(session.auth));
  config.update(dialogue_to_json(session));
  config["helo"] = one.helo_text;
  if (!one.sources.empty()) {
    config["sources"] = one.sources.size();
    config["source"] = one.source_text;
  }
  if (one.proxy != ProxyVersion::kNone) config["proxy"] = to_string(one.proxy);
  if (!one.proxy_clients.empty()) {
    config["proxy_clients"] = one.proxy_clients.size();
    config["proxy_client"] = one.proxy_client_text;
  }
  add_workload(session, run, config);
  if (session.tls == TlsPolicy::kNone) return config;
  config["tls_settings"] = tls_settings_to_json(one.tls);
  config["handshake_only"] = session.handshake_only;
  return config;
}

json stages_to_json(const LoadPlan& load) {
  json stages = json::array();
  for (const Stage& stage : load.stages) {
    stages.push_back({{"from_per_s", stage.from_per_s},
                      {"to_per_s", stage.to_per_s},
                      {"length_s", static_cast<double>(stage.length_ns) / 1e9}});
  }
  return stages;
}

json stop_conditions_to_json(const LoadPlan& load) {
  json conditions = json::array();
  for (const Predicate& condition : load.stop_when) conditions.push_back(condition.text);
  return conditions;
}

// Of the whole load, of which a class has its part.
json load_to_json(const LoadPlan& load) {
  json config = {{"connections", load.connections},
                 {"seed", load.seed},
                 {"rate_per_s", load.peak_per_s()},
                 {"loop", load.open_loop() ? "open" : "closed"},
                 {"duration_s", static_cast<double>(load.duration_ns) / 1e9},
                 {"warmup_s", static_cast<double>(load.warmup_ns) / 1e9},
                 {"cooldown_s", static_cast<double>(load.cooldown_ns) / 1e9},
                 {"count", load.count},
                 {"stop_when", stop_conditions_to_json(load)},
                 {"threads", load.threads},
                 {"measure", load.recording == Recording::kAll ? "all" : "counters"},
                 {"first_cpu", load.first_cpu},
                 {"coalesce_us", static_cast<double>(load.ring.coalesce_ns) / 1e3}};
  if (!load.open_loop()) return config;
  config["stages"] = stages_to_json(load);
  config["arrivals"] = to_string(load.arrivals);
  if (load.arrivals == Arrivals::kBurst) config["burst"] = load.burst;
  config["backlog_policy"] = to_string(load.backlog_policy);
  if (load.backlog_policy != BacklogPolicy::kQueue) config["backlog"] = load.backlog;
  return config;
}

double per_thousand(double seconds, std::uint64_t count) {
  return count == 0 ? 0.0 : seconds * 1000.0 / static_cast<double>(count);
}

json cpu_to_json(const LoadResult& result) {
  const Counters& measured = result.metrics.measured();
  json cpu = json::object();
  const auto add = [&](const std::string& side, double seconds) {
    cpu[side + "_s"] = seconds;
    cpu[side + "_s_per_1000_messages"] = per_thousand(seconds, measured.messages_accepted);
    cpu[side + "_s_per_1000_sessions"] = per_thousand(seconds, measured.sessions_completed);
    cpu[side + "_s_per_1000_handshakes"] = per_thousand(seconds, measured.tls_handshakes);
  };
  add("generator", result.generator_cpu_s);
  if (result.server_cpu_known) add("server", result.server_cpu_s);
  return cpu;
}

json rates_to_json(const Counters& measured, double seconds) {
  const auto rate = [seconds](std::uint64_t count) {
    return seconds > 0.0 ? static_cast<double>(count) / seconds : 0.0;
  };
  return {{"sessions_per_s", rate(measured.sessions_completed)},
          {"handshakes_per_s", rate(measured.tls_handshakes)},
          {"messages_per_s", rate(measured.messages_accepted)},
          {"octets_per_s", rate(measured.octets_accepted)}};
}

}  // namespace

json sink_counters_to_json(const SinkCounters& counters) {
  return {{"sessions", counters.sessions},
          {"sessions_plain", counters.sessions_plain},
          {"tls_handshakes", counters.tls_handshakes},
          {"tls_resumed", counters.tls_resumed},
          {"tls_failures", counters.tls_failures},
          {"tls_closed", counters.tls_closed},
          {"tls_alerts", tls_alerts_to_json(counters.tls_alerts)},
          {"tls_certificates", counters.tls_certificates},
          {"tls_negotiated", tls_negotiated_to_json(counters.tls)},
          {"auth_ok", counters.auth_ok},
          {"auth_failed", counters.auth_failed},
          {"auth_by_mechanism", mechanisms_to_json(counters.auth_by_mechanism)},
          {"commands", counters.commands},
          {"commands_rejected", counters.commands_rejected},
          {"messages_received", counters.messages_received},
          {"messages_unconfirmed", counters.messages_unconfirmed},
          {"messages_rejected", counters.messages_rejected},
          {"messages_checked", counters.messages_checked},
          {"messages_mismatched", counters.messages_mismatched},
          {"messages_unstamped", counters.messages_unstamped},
          {"recipients_received", counters.recipients_received},
          {"recipients_rejected", counters.recipients_rejected},
          {"octets_received", counters.octets_received},
          {"mails_smtputf8", counters.mails_smtputf8},
          {"mails_dsn", counters.mails_dsn},
          {"mails_mt_priority", counters.mails_mt_priority},
          {"mails_requiretls", counters.mails_requiretls},
          {"recipients_dsn", counters.recipients_dsn},
          {"chunks", counters.chunks},
          {"injections", counters.injections},
          {"xclients", counters.xclients},
          {"proxied", counters.proxied},
          {"proxy_malformed", counters.proxy_malformed},
          {"accept_failures", counters.accept_failures}};
}

namespace {

// Hides what stands behind `name` in `text`, up to a comma or the end of a quote.
void hide_value(std::string& text, const std::string& name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    if (at > 0 && text[at - 1] != ',') continue;
    const std::size_t begin = at + name.size();
    const bool quoted = begin < text.size() && text[begin] == '"';
    const std::size_t end = text.find(quoted ? '"' : ',', begin + (quoted ? 1 : 0));
    text.replace(begin, std::min(end, text.size()) - begin + (quoted && end < text.size() ? 1 : 0),
                 "***");
  }
}

// Results are shown and kept: passwords and tokens are not a part of them.
std::vector<std::string> without_secrets(std::vector<std::string> command) {
  for (std::size_t i = 0; i < command.size(); ++i) {
    for (const std::string option : {"--password", "--token"}) {
      if (command[i] == option && i + 1 < command.size()) command[i + 1] = "***";
      if (command[i].starts_with(option + "=")) command[i] = option + "=***";
    }
    const bool of_class = command[i].starts_with("--class=");
    if (!of_class && (i == 0 || command[i - 1] != "--class")) continue;
    std::string settings = of_class ? command[i].substr(8) : command[i];
    for (const char* name : {"password=", "token="}) hide_value(settings, name);
    command[i] = of_class ? "--class=" + settings : settings;
  }
  return command;
}

}  // namespace

namespace {

json verdict_to_json(const RunVerdict& verdict) {
  json findings = json::array();
  for (const RunFinding& finding : verdict.findings) {
    findings.push_back({{"code", finding.code}, {"text", finding.text}});
  }
  return {{"name", verdict.name}, {"findings", std::move(findings)}};
}

json surroundings_to_json(const Surroundings& seen) {
  const double others = std::max(0.0, seen.busy_s - seen.own_s);
  const auto share = [&seen](double seconds) {
    return seen.capacity_s > 0.0 ? seconds / seen.capacity_s : 0.0;
  };
  return {{"busiest_thread", seen.busiest_thread},
          {"runqueue_wait_s", seen.runqueue_wait_s},
          {"voluntary_switches", seen.voluntary_switches},
          {"involuntary_switches", seen.involuntary_switches},
          {"machine_busy", share(seen.busy_s)},
          {"machine_others", share(others)},
          {"machine_steal", share(seen.steal_s)},
          {"listen_overflows", seen.listen_overflows},
          {"syn_retransmits", seen.syn_retransmits},
          {"clock_jump_s", seen.clock_jump_s},
          {"longest_stall_s", seen.longest_stall_s}};
}

// What one class measured, or all of them together.
json measured_to_json(const Metrics& metrics, std::uint64_t most_waiting,
                      const LoadResult& result) {
  json job = {{"ended", to_string(result.ending)},
              {"measured_s", result.measured_s},
              {"totals", counters_to_json(metrics.total())},
              {"measured", counters_to_json(metrics.measured())},
              {"rates", rates_to_json(metrics.measured(), result.measured_s)},
              {"most_waiting", most_waiting},
              {"phases", phases_to_json(metrics)},
              {"auth_by_mechanism", mechanisms_to_json(metrics.auth_by_mechanism())},
              {"series", series_to_json(metrics)},
              {"errors", errors_to_json(metrics)},
              {"tls_negotiated", tls_negotiated_to_json(metrics.tls())}};
  if (!result.stop_reason.empty()) job["stop_reason"] = result.stop_reason;
  return job;
}

json class_to_json(const RunPlan& plan, std::size_t number, const LoadResult& result) {
  const ClassPlan& one = plan.classes[number];
  const ClassResult& measured = result.classes[number];
  json job = measured_to_json(measured.metrics, measured.most_waiting, result);
  job["name"] = plan.name + ": " + one.name;
  job["class"] = {{"name", one.name}, {"weight", one.weight}};
  job["target"] = one.target_text;
  job["config"] = load_to_json(plan.load);
  job["config"].update(session_to_json(one, plan.id));
  job["verdict"] = verdict_to_json(judge(facts_of_class(plan, number, result)));
  // Its own part of what the whole run has.
  const double part = shares(plan.classes)[number];
  job["config"]["rate_per_s"] = plan.load.peak_per_s() * part;
  std::vector<double> weights;
  for (const ClassPlan& each : plan.classes) weights.push_back(each.weight);
  job["config"]["connections"] = apportion(plan.load.connections, weights)[number];
  job["config"]["count"] = apportion(plan.load.count, weights)[number];
  return job;
}

}  // namespace

json job_to_json(const RunPlan& plan, const LoadResult& result, const SinkCounters* sink) {
  json job = measured_to_json(result.metrics, result.most_waiting, result);
  job["name"] = plan.name;
  job["config"] = load_to_json(plan.load);
  job["surroundings"] = surroundings_to_json(result.surroundings);
  job["verdict"] = verdict_to_json(judge(facts_of(plan, result)));
  if (plan.classes.size() == 1) {
    job["target"] = plan.classes.front().target_text;
    job["config"].update(session_to_json(plan.classes.front(), plan.id));
  }
  job["cpu"] = cpu_to_json(result);
  if (sink != nullptr) job["sink"] = sink_counters_to_json(*sink);
  return job;
}

void add_jobs(const RunPlan& plan, const LoadResult& load, json& result) {
  if (plan.classes.size() == 1) {
    result["jobs"].push_back(job_to_json(plan, load, nullptr));
    return;
  }
  for (std::size_t i = 0; i < plan.classes.size(); ++i) {
    result["jobs"].push_back(class_to_json(plan, i, load));
  }
  result["together"] = job_to_json(plan, load, nullptr);
}

json make_result(const std::string& name, const std::vector<std::string>& command,
                 const json& environment) {
  return {{"schema", kResultSchema},
          {"schema_version", kResultSchemaVersion},
          {"name", name},
          {"started_utc", utc_now()},
          {"started_s", seconds_since_1970()},
          {"command", without_secrets(command)},
          {"environment", environment},
          {"jobs", json::array()},
          {"comparison", json::array()}};
}

tl::expected<void, std::string> write_json(const std::string& path, const json& value) {
  return write_text(path, value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

tl::expected<void, std::string> write_text(const std::string& path, std::string_view text) {
  // A device or a pipe is written as it is; a file is replaced when it is whole.
  std::error_code unknown;
  const std::filesystem::file_status status = std::filesystem::status(path, unknown);
  const bool replace = !std::filesystem::exists(status) || is_regular_file(status);
  const std::string beside = replace ? path + ".part" : path;
  std::FILE* file = std::fopen(beside.c_str(), "we");
  const auto failed = [&](int os_code) {
    return tl::unexpected("cannot write " + path + ": " + std::strerror(os_code));
  };
  if (file == nullptr) return failed(errno);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool flushed = std::fflush(file) == 0 && (!replace || fsync(fileno(file)) == 0);
  const int os_code = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !flushed || !closed) {
    if (replace) std::remove(beside.c_str());
    return failed(os_code);
  }
  if (replace && std::rename(beside.c_str(), path.c_str()) != 0) return failed(errno);
  return {};
}

tl::expected<json, std::string> read_result(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return tl::unexpected(path + " is a folder without a result.json: name a result");
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return tl::unexpected("cannot read " + path + ": " + std::strerror(errno));
  json value = json::parse(text.str(), nullptr, false);
  if (value.is_discarded()) {
    return tl::unexpected(path + " is not a result: it is not complete JSON");
  }
  if (!value.is_object() || value.value("schema", json()) != kResultSchema) {
    return tl::unexpected(path + " is not a result of smtpmark: \"schema\" is not \"" +
                          std::string(kResultSchema) + "\"");
  }
  const json version = value.value("schema_version", json());
  if (version != kResultSchemaVersion) {
    return tl::unexpected(path + " has schema version " + version.dump() +
                          "; this program reads version " + std::to_string(kResultSchemaVersion));
  }
  return value;
}

std::string damaged_result(const std::string& path, const std::exception& error) {
  std::string_view what = error.what();
  // Behind the name of the exception: "[json.exception.out_of_range.403] key 'jobs' not found".
  if (const auto name = what.find("] "); name != std::string_view::npos)
    what.remove_prefix(name + 2);
  return fmt::format("{} is not a result of smtpmark, or damaged ({})", path, what);
}

}  // namespace smtpmark::loadgen
