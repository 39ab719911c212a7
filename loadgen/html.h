// Pieces of HTML whose text cannot break out of them.
#ifndef SMTPMARK_LOADGEN_HTML_H_
#define SMTPMARK_LOADGEN_HTML_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::loadgen {

// For element content and quoted attributes. Control characters become spaces.
std::string html_escaped(std::string_view text);

// For the inside of a <script> element: no "</script>" and no "<!--" can occur in it, whatever the
// strings hold.
std::string script_json(const nlohmann::json& value);

struct HtmlTable {
  std::string caption;                         // may be empty
  std::vector<std::string> head;               // the first column names the row
  std::vector<std::vector<std::string>> rows;  // text, not HTML
  std::size_t text_columns = 1;  // so many columns from the left are text, not figures
};
std::string render_table(const HtmlTable& table);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_HTML_H_
