#include "loadgen/html.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace smtpmark::loadgen {

std::string html_escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += static_cast<unsigned char>(c) < ' ' || c == '\x7F' ? ' ' : c;
    }
  }
  return safe;
}

std::string script_json(const nlohmann::json& value) {
  std::string safe;
  // "<" stands in JSON only inside strings, where it may as well be written as an escape.
  for (const char c : value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string render_table(const HtmlTable& table) {
  std::string text = "<div class=\"scroll\"><table>\n";
  const auto out = std::back_inserter(text);
  const auto kind = [&table](std::size_t column) {
    return column < table.text_columns ? "" : " class=\"figure\"";
  };
  if (!table.caption.empty()) {
    fmt::format_to(out, "<caption>{}</caption>\n", html_escaped(table.caption));
  }
  text += "<thead><tr>";
  for (std::size_t i = 0; i < table.head.size(); ++i) {
    fmt::format_to(out, "<th scope=\"col\"{}>{}</th>", kind(i), html_escaped(table.head[i]));
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = html_escaped(row[i]);
      if (i == 0) {
        fmt::format_to(out, "<th scope=\"row\">{}</th>", cell);
      } else {
        fmt::format_to(out, "<td{}>{}</td>", kind(i), cell);
      }
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace smtpmark::loadgen
