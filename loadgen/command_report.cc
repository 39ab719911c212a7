#include "loadgen/commands.h"
#include "loadgen/report_page.h"
#include "loadgen/result_folder.h"
#include "loadgen/result_json.h"

namespace smtpmark::loadgen {

int command_report(const ReportOptions& options) {
  std::vector<ReportInput> inputs;
  for (const std::string& name : options.results) {
    const std::string file = result_file(name);
    auto result = read_result(file);
    if (!result) return complain(result.error(), kFailed);
    inputs.push_back({file, std::move(*result)});
  }
  const auto page = render_report(inputs);
  if (!page) return complain(page.error(), kFailed);
  if (const auto written = write_text(options.output, *page); !written) {
    return complain(written.error(), kFailed);
  }
  if (auto printed = print_out("report: " + options.output + "\n"); !printed) {
    return complain(printed.error() + "; the report is " + options.output, kFailed);
  }
  return 0;
}

}  // namespace smtpmark::loadgen
