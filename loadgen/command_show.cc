#include <fmt/format.h>

#include "loadgen/commands.h"
#include "loadgen/report_table.h"
#include "loadgen/result_json.h"

namespace smtpmark::loadgen {

int command_show(const ShowOptions& options) {
  const auto result = read_result(options.file);
  if (!result) return complain(result.error(), kFailed);
  const auto table = render_result(*result);
  if (!table) return complain(options.file + ": " + table.error(), kFailed);
  fmt::print("{}", *table);
  return 0;
}

}  // namespace smtpmark::loadgen
