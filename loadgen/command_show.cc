#include <fmt/format.h>

#include "loadgen/commands.h"
#include "loadgen/report_table.h"
#include "loadgen/result_json.h"

namespace smtpmark::loadgen {

int command_show(const ShowOptions& options) {
  const auto result = read_result(options.file);
  if (!result) {
    fmt::print(stderr, "smtpmark: {}\n", result.error());
    return 1;
  }
  const auto table = render_result(*result);
  if (!table) {
    fmt::print(stderr, "smtpmark: {}: {}\n", options.file, table.error());
    return 1;
  }
  fmt::print("{}", *table);
  return 0;
}

}  // namespace smtpmark::loadgen
