#include "loadgen/report_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "loadgen/curve.h"
#include "loadgen/html.h"
#include "loadgen/report_assets.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

constexpr const char* kThinSpace = "\u202F";
constexpr const char* kNothing = "–";

// Thousands apart, so that they can be read.
std::string grouped(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t left = digits.size(); left > 3;) {
    left -= 3;
    digits.insert(left, kThinSpace);
  }
  return digits;
}

std::string milliseconds(double ms) {
  if (ms < 10.0) return fmt::format("{:.3f}", ms);
  return fmt::format("{:.{}f}", ms, ms < 100.0 ? 2 : 1);
}

std::string text_of(const json& object, const char* key) {
  return object.at(key).get<std::string>();
}

double number_of(const json& object, const char* key) {
  return object.at(key).get<double>();
}

std::string cpu_text(const json& job, const char* key) {
  const json& cpu = job.at("cpu");
  return cpu.contains(key) ? fmt::format("{:.1f}", cpu.at(key).get<double>()) : kNothing;
}

struct Figure {
  std::string id;
  std::string title;
  std::string remark;
  std::string table;  // HTML
  std::string klass;
  std::string controls;  // HTML
};

std::string render_figure(const Figure& figure) {
  const std::string canvas =
      kChartLibrary.empty()
          ? ""
          : fmt::format(
                "{}<div class=\"chart {}\"><canvas id=\"{}\" role=\"img\" "
                "aria-label=\"{}; the same as a table below\"></canvas></div>\n",
                figure.controls, figure.klass, figure.id, html_escaped(figure.title));
  return fmt::format(
      "<figure>\n<figcaption><h3>{}</h3><p>{}</p></figcaption>\n{}"
      "<details{}><summary>The figures</summary>\n{}</details>\n</figure>\n",
      html_escaped(figure.title), html_escaped(figure.remark), canvas,
      kChartLibrary.empty() ? " open" : "", figure.table);
}

std::vector<const json*> jobs_of(const json& all) {
  std::vector<const json*> jobs;
  for (const json& data : all) {
    for (const json& job : data.at("jobs")) jobs.push_back(&job);
  }
  return jobs;
}

// The job with the highest rate of `what`; null when none has any.
const json* fastest(const json& data, const char* what) {
  const json* best = nullptr;
  for (const json& job : data.at("jobs")) {
    const double rate = number_of(job.at("rates"), what);
    if (rate > 0.0 && (best == nullptr || rate > number_of(best->at("rates"), what))) best = &job;
  }
  return best;
}

std::string tile(const std::string& title, const json& all,
                 const std::function<std::pair<std::string, std::string>(const json&)>& content) {
  std::string text = "<div class=\"tile\"><h2>" + html_escaped(title) + "</h2>\n";
  for (const json& data : all) {
    const auto [figure, remark] = content(data);
    text += fmt::format("<p class=\"big\">{}</p><p class=\"remark\">{}</p>\n",
                        html_escaped(labelled(data, figure)), html_escaped(remark));
  }
  return text + "</div>\n";
}

std::pair<std::string, std::string> rate_tile(const json& data, const char* what) {
  const json* best = fastest(data, what);
  if (best == nullptr) return {"0", std::string("none in the measured part")};
  return {grouped(number_of(best->at("rates"), what)), text_of(*best, "name")};
}

std::pair<std::string, std::string> errors_tile(const json& data) {
  double errors = 0.0;
  double accepted = 0.0;
  for (const json& job : data.at("jobs")) {
    errors += number_of(job, "errors_total");
    accepted += number_of(job, "accepted");
  }
  return {grouped(errors), fmt::format("in {} accepted messages", grouped(accepted))};
}

// With the embedded sink the generator is there to be measured.
bool measures_generator(const json& job) {
  return job.at("embedded").get<bool>() && job.at("verdict") == "generator-limited";
}

std::pair<std::string, std::string> verdict_tile(const json& data) {
  std::map<std::string, std::size_t> verdicts;
  for (const json& job : data.at("jobs")) {
    if (const std::string verdict = text_of(job, "verdict"); !verdict.empty()) ++verdicts[verdict];
  }
  const std::size_t jobs = data.at("jobs").size();
  if (verdicts.empty()) return {kNothing, "the result has no verdict"};
  std::string worst = "clean";
  for (const auto& [name, count] : verdicts) {
    if (name != "clean" && (worst == "clean" || count > verdicts[worst])) worst = name;
  }
  const bool meant =
      std::any_of(data.at("jobs").begin(), data.at("jobs").end(), &measures_generator);
  return {worst, fmt::format("{} of {} load{}{}", verdicts[worst], jobs, jobs == 1 ? "" : "s",
                             meant ? ", on the embedded sink: both sides are measured" : "")};
}

std::string times(const json& ratio) {
  if (ratio.at("median").is_null()) return kNothing;
  return fmt::format("{:.2f} × ({:.2f}–{:.2f})", number_of(ratio, "median"),
                     number_of(ratio, "least"), number_of(ratio, "most"));
}

// The ratios of the main job.
std::string render_costs(const json& all) {
  HtmlTable table{"",
                  {"", "CPU a message, 1 a session", "CPU a message, long sessions",
                   "messages/s, 1 a session", "messages/s, long sessions"},
                  {},
                  1};
  for (const json& data : all) {
    for (const json& line : data.at("comparison")) {
      table.rows.push_back({labelled(data, text_of(line, "what")),
                            times(line.at("one_message_cpu")), times(line.at("long_cpu")),
                            times(line.at("one_message_rate")), times(line.at("long_rate"))});
    }
  }
  if (table.rows.empty()) return "";
  return "<h2>What TLS and AUTH cost</h2>\n"
         "<p class=\"remark\">The median of the rounds, and the least and the most.</p>\n" +
         render_table(table);
}

// What a load takes for TLS, AUTH and the rest, where there are no two to compare.
std::string render_shares(const json& all) {
  constexpr std::array<std::pair<const char*, const char*>, 7> kFamilies = {
      {{"wait", "connect, wait"},
       {"hello", "EHLO"},
       {"tls", "TLS"},
       {"auth", "AUTH"},
       {"envelope", "envelope"},
       {"body", "body"},
       {"end", "QUIT"}}};
  HtmlTable table{"", {""}, {}, 1};
  for (const auto& [family, title] : kFamilies) table.head.emplace_back(title);
  for (const json* job : jobs_of(all)) {
    std::map<std::string, double> sums;
    double total = 0.0;
    for (const json& phase : job->at("time")) {
      sums[text_of(phase, "family")] += number_of(phase, "ms");
      total += number_of(phase, "ms");
    }
    if (total <= 0.0) continue;
    std::vector<std::string> row{text_of(*job, "title")};
    for (const auto& [family, title] : kFamilies) {
      row.push_back(sums[family] > 0.0 ? fmt::format("{:.1f} %", 100.0 * sums[family] / total)
                                       : kNothing);
    }
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) return "";
  return "<h2>What TLS and AUTH cost</h2>\n"
         "<p class=\"remark\">Shares of the time that a message (a session, without messages) "
         "takes.</p>\n" +
         render_table(table);
}

std::string render_time_table(const std::vector<const json*>& jobs) {
  HtmlTable table{"milliseconds of one message, phase by phase", {""}, {}, 1};
  std::map<std::size_t, const json*> phases;  // by place
  for (const json* job : jobs) {
    for (const json& phase : job->at("time")) phases[phase.at("place").get<std::size_t>()] = &phase;
  }
  for (const auto& [place, phase] : phases) table.head.push_back(text_of(*phase, "title"));
  for (const json* job : jobs) {
    std::map<std::size_t, double> time;
    for (const json& phase : job->at("time")) {
      time[phase.at("place").get<std::size_t>()] = number_of(phase, "ms");
    }
    std::vector<std::string> row{text_of(*job, "title")};
    for (const auto& [place, phase] : phases) {
      row.push_back(time.contains(place) ? milliseconds(time[place]) : kNothing);
    }
    table.rows.push_back(std::move(row));
  }
  return render_table(table);
}

std::string render_time(const json& all, bool long_sessions) {
  std::vector<const json*> jobs;
  for (const json* job : jobs_of(all)) {
    if (job->at("long") == long_sessions && !job->at("time").empty()) jobs.push_back(job);
  }
  if (jobs.empty()) return "";
  return render_figure({long_sessions ? "time-long" : "time-one",
                        long_sessions ? "Where the time goes: long sessions"
                                      : "Where the time goes: a session a message",
                        "Mean time from phase to phase, all connections at once.",
                        render_time_table(jobs), "bars", ""});
}

std::string as_text(const json& value) {
  return value.is_null() ? kNothing : milliseconds(value.get<double>());
}

}  // namespace

std::string labelled(const json& data, const std::string& text) {
  const std::string label = text_of(data, "label");
  return label.empty() ? text : label + ": " + text;
}

std::vector<std::string> warnings_of(const json& data) {
  std::vector<std::string> warnings;
  if (data.at("jobs").empty()) {
    warnings.emplace_back("Nothing was measured: the run ended before its first load did.");
  }
  for (const json& job : data.at("jobs")) {
    const std::string name = text_of(job, "name");
    const std::string ended = text_of(job, "ended");
    if (ended == "aborted") {
      warnings.push_back(name + ": aborted, no session could be established.");
    } else if (ended != "completed") {
      warnings.push_back(name + ": " + ended + "; this is what was measured until then.");
    } else if (text_of(job, "unit") == "message" && number_of(job.at("rates"), "messages") <= 0.0) {
      warnings.push_back(name + ": no message was accepted in the measured part.");
    }
    if (const std::string verdict = text_of(job, "verdict");
        !verdict.empty() && verdict != "clean" && !measures_generator(job)) {
      std::string why;
      for (const json& finding : job.at("findings")) why += " " + finding.get<std::string>();
      warnings.push_back(name + ": " + verdict + "." + why);
    }
    if (number_of(job, "plain_sessions") > 0.0) {
      warnings.push_back(fmt::format("{}: {} sessions stayed without TLS.", name,
                                     grouped(number_of(job, "plain_sessions"))));
    }
  }
  return warnings;
}

std::string render_first_screen(const json& all) {
  std::string text = "<section class=\"tiles\">\n";
  text +=
      tile("Messages a second", all, [](const json& data) { return rate_tile(data, "messages"); });
  text += tile("TLS handshakes a second", all,
               [](const json& data) { return rate_tile(data, "handshakes"); });
  text += tile("Errors", all, &errors_tile);
  text += tile("Verdict", all, &verdict_tile);
  text += "</section>\n";
  const std::string costs = render_costs(all);
  text +=
      "<section class=\"costs\">\n" + (costs.empty() ? render_shares(all) : costs) + "</section>\n";
  return text + "<section class=\"pair\">\n" + render_time(all, false) + render_time(all, true) +
         "</section>\n";
}

std::string render_throughput(const json& all) {
  HtmlTable table{"",
                  {"", "sessions/s", "handshakes/s", "messages/s", "MB/s", "generator CPU, µs",
                   "server CPU, µs", "errors"},
                  {},
                  1};
  for (const json* job : jobs_of(all)) {
    const json& rates = job->at("rates");
    table.rows.push_back(
        {text_of(*job, "title"), grouped(number_of(rates, "sessions")),
         grouped(number_of(rates, "handshakes")), grouped(number_of(rates, "messages")),
         fmt::format("{:.2f}", number_of(rates, "mb")), cpu_text(*job, "generator_us"),
         cpu_text(*job, "server_us"), grouped(number_of(*job, "errors_total"))});
  }
  if (table.rows.empty()) return "";
  const std::string rows = render_table(table);
  return "<div class=\"pair\">\n" +
         render_figure({"rates", "Messages and handshakes a second",
                        "Accepted and completed in the measured part.", rows, "bars", ""}) +
         render_figure({"cpu", "CPU a message",
                        "Microseconds, user and kernel (a session, without messages).", rows,
                        "bars", ""}) +
         "</div>\n";
}

std::string render_latency(const json& all) {
  std::string tables;
  std::string choices;
  for (const json* job : jobs_of(all)) {
    HtmlTable table{text_of(*job, "title") + ", milliseconds",
                    {"", "count", "p50", "p90", "p99", "p99.9", "max"},
                    {},
                    1};
    for (const json& phase : job->at("phases")) {
      const std::string mark = phase.at("outside").get<bool>() ? " *" : "";
      table.rows.push_back(
          {text_of(phase, "title") + mark, grouped(number_of(phase, "count")),
           milliseconds(number_of(phase, "p50")), milliseconds(number_of(phase, "p90")),
           milliseconds(number_of(phase, "p99")), milliseconds(number_of(phase, "p99_9")),
           milliseconds(number_of(phase, "max"))});
    }
    if (!table.rows.empty()) tables += render_table(table);
  }
  if (tables.empty()) {
    return "<p class=\"note\">There are no percentiles: no phase has a sample.</p>\n";
  }
  tables += "<p class=\"remark\">* before or behind the measured part</p>\n";
  const std::string controls =
      "<p class=\"controls\"><label>phase <select id=\"percentile-phase\"></select></label> "
      "<label>load <select id=\"percentile-job\"></select></label></p>\n";
  return render_figure({"percentiles", "Latency by percentile",
                        "The share of samples that took at most so long; each step to the right "
                        "leaves a tenth as many beyond. Click a name to hide it.",
                        tables, "tall", controls});
}

std::string render_series(const json& all) {
  std::string tables;
  bool latency = false;
  for (const json* job : jobs_of(all)) {
    HtmlTable table{
        text_of(*job, "title"),
        {"second", "messages", "handshakes", "sessions", "errors", "p50, ms", "p99, ms"},
        {},
        1};
    for (const json& second : job->at("series")) {
      latency = latency || second.contains("p99");
      const std::string round = second.contains("round")
                                    ? fmt::format("round {}, ", second.at("round").get<int>() + 1)
                                    : "";
      table.rows.push_back(
          {round + second.at("t").dump() + (second.at("part").get<bool>() ? " (part)" : ""),
           grouped(number_of(second, "messages")), grouped(number_of(second, "handshakes")),
           grouped(number_of(second, "sessions")), grouped(number_of(second, "errors")),
           as_text(second.value("p50", json())), as_text(second.value("p99", json()))});
    }
    if (!table.rows.empty()) tables += render_table(table);
  }
  if (tables.empty()) return "";
  std::string text =
      "<p class=\"controls\"><label>load <select id=\"series-job\"></select></label></p>\n"
      "<div class=\"pair\">\n" +
      render_figure({"series", "Messages a second, second by second",
                     "From the start of the run, warm-up included; whole seconds "
                     "only. Handshakes where there are no messages.",
                     tables, "", ""});
  if (latency) {
    text +=
        render_figure({"series-latency", "Latency, second by second",
                       "p99 of the whole message, and p50 of up to three loads.", tables, "", ""});
  }
  return text + "</div>\n";
}

std::string render_curves(const json& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json& data = all.at(i);
    if (data.at("curve").empty()) continue;
    HtmlTable table{"",
                    {"asked for, /s", "achieved, /s", "p50, ms", "p90, ms", "p99, ms", "p99.9, ms",
                     "errors", "objective", "verdict"},
                    {},
                    1};
    for (const json& step : data.at("curve")) {
      table.rows.push_back(
          {grouped(number_of(step, "rate")), grouped(number_of(step, "achieved")),
           milliseconds(number_of(step, "p50")), milliseconds(number_of(step, "p90")),
           milliseconds(number_of(step, "p99")), milliseconds(number_of(step, "p99_9")),
           fmt::format("{:.2f} %", 100.0 * number_of(step, "error_share")),
           std::string(outcome_of(step.at("met").get<bool>(), text_of(step, "verdict"))) +
               (step.at("confirmation").get<bool>() ? ", confirmation" : ""),
           text_of(step, "verdict")});
    }
    const std::string found =
        data.contains("found")
            ? fmt::format("The highest rate that was found to meet it: {} a second.",
                          grouped(number_of(data, "found")))
            : "No rate that was tried meets it.";
    text += render_figure({fmt::format("curve-{}", i),
                           labelled(data, "Objective: " + text_of(data, "objective")), found,
                           render_table(table), "", ""});
  }
  return text;
}

std::string render_errors(const json& all) {
  HtmlTable table{"", {"load", "phase", "kind", "reply", "first one said", "count"}, {}, 5};
  for (const json* job : jobs_of(all)) {
    for (const json& row : job->at("errors")) {
      table.rows.push_back({text_of(*job, "title"), text_of(row, "phase"), text_of(row, "kind"),
                            text_of(row, "reply"), text_of(row, "sample"),
                            grouped(number_of(row, "count"))});
    }
  }
  return table.rows.empty() ? "<p class=\"note\">None.</p>\n" : render_table(table);
}

}  // namespace smtpmark::loadgen
