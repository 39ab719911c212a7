// One or several results as a web page that needs nothing but itself.
#ifndef SMTPMARK_LOADGEN_REPORT_PAGE_H_
#define SMTPMARK_LOADGEN_REPORT_PAGE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

struct ReportInput {
  std::string file;       // where it was read
  nlohmann::json result;  // of read_result()
};

// The page. Every figure that is drawn stands in a table of the page as well, so it can be read
// without scripts; all text from results is escaped. Fails with a sentence that names the file
// whose result is damaged.
tl::expected<std::string, std::string> render_report(const std::vector<ReportInput>& inputs);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REPORT_PAGE_H_
