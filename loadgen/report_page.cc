#include "loadgen/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "loadgen/build_info.h"
#include "loadgen/html.h"
#include "loadgen/report_assets.h"
#include "loadgen/report_data.h"
#include "loadgen/report_figures.h"
#include "loadgen/result_json.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

std::string paragraph(const std::string& klass, const std::string& text) {
  return fmt::format("<p class=\"{}\">{}</p>\n", klass, html_escaped(text));
}

std::string environment_of(const json& data, const std::string& key) {
  for (const json& row : data.at("environment")) {
    if (row.at(0) == key) return row.at(1).get<std::string>();
  }
  return "unknown";
}

std::string machine_line(const json& data) {
  return fmt::format("{} · {}, {} processors, Linux {}, OpenSSL {} · smtpmark {} ({})",
                     data.at("started").get<std::string>(), environment_of(data, "cpu_model"),
                     environment_of(data, "processors"), environment_of(data, "kernel"),
                     environment_of(data, "openssl"), environment_of(data, "smtpmark"),
                     environment_of(data, "git_commit"));
}

std::string render_head(const json& all) {
  std::string text = "<header>\n<p class=\"kind\">smtpmark report</p>\n";
  std::string title;
  for (const json& data : all) {
    title += (title.empty() ? "" : " · ") + labelled(data, data.at("name").get<std::string>());
  }
  text += fmt::format("<h1>{}</h1>\n", html_escaped(title));
  for (const json& data : all) text += paragraph("machine", labelled(data, machine_line(data)));
  return text + "</header>\n";
}

// What stands in the way of believing the figures, before any of them.
std::string render_warnings(const json& all) {
  std::string text;
  for (const json& data : all) {
    for (const std::string& warning : warnings_of(data)) {
      text += "<li>" + html_escaped(labelled(data, warning)) + "</li>\n";
    }
  }
  return text.empty() ? "" : "<ul class=\"warnings\" role=\"alert\">\n" + text + "</ul>\n";
}

std::string render_details(const json& data) {
  std::string text;
  const auto out = std::back_inserter(text);
  if (!data.at("label").get<std::string>().empty()) {
    fmt::format_to(out, "<h3>{}</h3>\n",
                   html_escaped(labelled(data, data.at("name").get<std::string>())));
  }
  for (const json& note : data.at("notes")) text += paragraph("note", note.get<std::string>());
  HtmlTable table{"", {"environment", ""}, {}, 2};
  for (const json& row : data.at("environment")) {
    table.rows.push_back({row.at(0).get<std::string>(), row.at(1).get<std::string>()});
  }
  table.rows.push_back({"result", data.at("file").get<std::string>()});
  text += render_table(table);
  const auto command = data.at("command").get<std::string>();
  if (command.empty()) return text;
  fmt::format_to(out, "<h4>To do it again</h4>\n<pre><code>{}</code></pre>\n",
                 html_escaped(command));
  return text;
}

std::string section(const std::string& title, const std::string& content) {
  if (content.empty()) return "";
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", title, content);
}

std::string render_body(const json& all) {
  std::string details;
  for (const json& data : all) details += render_details(data);
  std::string text = render_head(all) + render_warnings(all) + render_first_screen(all);
  text += section("Throughput and CPU", render_throughput(all));
  text += section("Latency", render_latency(all));
  text += section("Over time", render_series(all));
  text += section("Latency against load", render_curves(all));
  text += section("Errors", render_errors(all));
  text += section("Machine and command", details);
  return text;
}

// The charts' input. What only tables show is left out.
json chart_data(json all) {
  for (json& data : all) {
    for (const char* name : {"environment", "command", "notes", "comparison", "file"}) {
      data.erase(name);
    }
    for (json& job : data.at("jobs")) {
      for (const char* name : {"errors", "findings", "totals"}) job.erase(name);
    }
  }
  return all;
}

std::string render_page(const json& all) {
  const std::string no_charts =
      "This page was made by a build without the chart library: it has tables only.";
  const bool charts = !kChartLibrary.empty();
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"generator\" content=\"smtpmark {}\">\n"
      // Whatever a result holds, the page reaches for nothing outside of itself.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
      kVersion, html_escaped("smtpmark: " + all.at(0).at("name").get<std::string>()), kReportStyle);
  text += render_body(all);
  if (!charts) return text + paragraph("note", no_charts) + "</body>\n</html>\n";
  text += "<script type=\"application/json\" id=\"data\">" + script_json(chart_data(all)) +
          "</script>\n<script>\n";
  text.append(kChartLibrary).append("\n</script>\n<script>\n").append(kReportScript);
  return text + "</script>\n</body>\n</html>\n";
}

std::string label_of(std::size_t index, std::size_t count) {
  if (count < 2) return "";
  return count <= 26 ? std::string(1, static_cast<char>('A' + index)) : std::to_string(index + 1);
}

// The first of the results whose page of its own cannot be made either.
std::string damaged_file(const std::vector<ReportInput>& inputs, const json& all) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    try {
      render_page(json::array({all.at(i)}));
    } catch (const json::exception&) {
      return inputs[i].file;
    }
  }
  return "one of the results";
}

}  // namespace

tl::expected<std::string, std::string> render_report(const std::vector<ReportInput>& inputs) {
  json all = json::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    try {
      all.push_back(report_data(inputs[i].result, inputs[i].file, label_of(i, inputs.size())));
    } catch (const json::exception& error) {
      return tl::unexpected(damaged_result(inputs[i].file, error));
    }
  }
  try {
    return render_page(all);
  } catch (const json::exception& error) {
    return tl::unexpected(damaged_result(damaged_file(inputs, all), error));
  }
}

}  // namespace smtpmark::loadgen
