#include <nlohmann/json.hpp>

#include "loadgen/commands.h"
#include "loadgen/report_table.h"
#include "loadgen/result_folder.h"
#include "loadgen/result_json.h"
#include "loadgen/thresholds.h"

namespace smtpmark::loadgen {

int command_show(const ShowOptions& options) {
  if (auto good = parse_thresholds(options.outputs.thresholds); !good) {
    return complain(good.error(), kBadCommandLine);
  }
  const std::string file = result_file(options.file);
  const auto result = read_result(file);
  if (!result) return complain(result.error(), kFailed);
  const auto table = render_result(*result, file);
  if (!table) return complain(table.error(), kFailed);
  std::string said;
  const int exit_code = settle_outputs(options.outputs, *result, file, said, 0);
  if (auto printed = print_out(*table + said); !printed) {
    return complain(printed.error() + "; the table is lost", kFailed);
  }
  return exit_code;
}

}  // namespace smtpmark::loadgen
