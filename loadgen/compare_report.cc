#include "loadgen/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "loadgen/markup.h"

namespace smtpmark::loadgen {

namespace {

std::string percent(double ratio) {
  return fmt::format("{:+.1f} %", (ratio - 1.0) * 100.0);
}

std::string interval_of(const Change& change) {
  return fmt::format("{:+.1f} to {:+.1f} %", (change.interval.low - 1.0) * 100.0,
                     (change.interval.high - 1.0) * 100.0);
}

std::string figure(double value, const Metric& metric) {
  return fmt::format("{:.{}f}{}", value, value < 100.0 ? 1 : 0, metric.unit);
}

std::string finding_of(const Change& change) {
  std::string text(to_string(change.finding));
  if (change.finding == Finding::kCannotTell) {
    text += fmt::format(": {} repeats a side might", change.repeats_needed);
  }
  return text;
}

std::string conclusion_without_method(const Verdict& verdict) {
  const auto count = [&](Finding finding) {
    return std::count_if(verdict.changes.begin(), verdict.changes.end(),
                         [finding](const Change& change) { return change.finding == finding; });
  };
  switch (verdict.overall()) {
    case Finding::kWorse:
      return fmt::format("Worse: {} of {} figures.", count(Finding::kWorse),
                         verdict.changes.size());
    case Finding::kCannotTell:
      return fmt::format(
          "No regression was shown, but {} of {} figures are too noisy to rule one "
          "out.",
          count(Finding::kCannotTell), verdict.changes.size());
    case Finding::kBetter:
      return fmt::format("No regression; {} of {} figures are better.", count(Finding::kBetter),
                         verdict.changes.size());
    case Finding::kSame: break;
  }
  return fmt::format("No regression in {} figures.", verdict.changes.size());
}

std::string conclusion(const Verdict& verdict) {
  if (!verdict.objections.empty()) return "Nothing can be said: see above.";
  return conclusion_without_method(verdict) +
         (verdict.in_turn ? " The sides took turns: neighbours were compared." : "");
}

}  // namespace

std::string render_verdict(const Verdict& verdict) {
  std::string text;
  const auto out = std::back_inserter(text);
  std::string job;
  for (const Change& change : verdict.changes) {
    if (change.job != job) {
      job = change.job;
      fmt::format_to(out, "{}{:<36}{:>12}{:>12}{:>10}  {:<20}\n", text.empty() ? "" : "\n", job,
                     "base", "new", "change", "95 % interval");
    }
    fmt::format_to(out, "  {:<34}{:>12}{:>12}{:>10}  {:<20}{}\n", change.metric->name,
                   figure(change.base, *change.metric), figure(change.fresh, *change.metric),
                   percent(change.ratio), interval_of(change), finding_of(change));
  }
  text += '\n';
  for (const std::string& objection : verdict.objections) text += "! " + objection + "\n";
  return text + conclusion(verdict) + "\n";
}

std::string render_markdown(const Verdict& verdict) {
  std::string text =
      "| job | figure | base | new | change | 95 % interval | |\n"
      "|---|---|--:|--:|--:|---|---|\n";
  for (const Change& change : verdict.changes) {
    const bool marked = change.finding == Finding::kWorse;
    fmt::format_to(std::back_inserter(text), "| {} | {} | {} | {} | {} | {} | {}{}{} |\n",
                   escape_markup(change.job), change.metric->name,
                   figure(change.base, *change.metric), figure(change.fresh, *change.metric),
                   percent(change.ratio), interval_of(change), marked ? "**" : "",
                   finding_of(change), marked ? "**" : "");
  }
  for (const std::string& objection : verdict.objections)
    text += "\n" + escape_markup(objection) + "\n";
  return text + "\n" + conclusion(verdict) + "\n";
}

std::string render_junit(const Verdict& verdict) {
  const auto count = [&](Finding finding) {
    return std::count_if(verdict.changes.begin(), verdict.changes.end(),
                         [finding](const Change& change) { return change.finding == finding; });
  };
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"smtpmark compare\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\">\n",
      verdict.changes.size() + verdict.objections.size(), count(Finding::kWorse),
      verdict.objections.size(), count(Finding::kCannotTell));
  const auto out = std::back_inserter(text);
  for (const Change& change : verdict.changes) {
    const std::string message = escape_markup(fmt::format(
        "{} to {}: {} ({})", figure(change.base, *change.metric),
        figure(change.fresh, *change.metric), percent(change.ratio), interval_of(change)));
    fmt::format_to(out, "  <testcase classname=\"{}\" name=\"{}\">", escape_markup(change.job),
                   change.metric->name);
    if (change.finding == Finding::kWorse)
      fmt::format_to(out, "<failure message=\"{}\"/>", message);
    if (change.finding == Finding::kCannotTell) {
      fmt::format_to(out, "<skipped message=\"{}; {}\"/>", message, finding_of(change));
    }
    text += "</testcase>\n";
  }
  for (const std::string& objection : verdict.objections) {
    fmt::format_to(out,
                   "  <testcase classname=\"results\" name=\"comparable\"><error message=\"{}\"/>"
                   "</testcase>\n",
                   escape_markup(objection));
  }
  return text + "</testsuite>\n";
}

}  // namespace smtpmark::loadgen
