#include <fmt/format.h>

#include <cstdio>

#include "loadgen/commands.h"
#include "loadgen/terminal_text.h"

namespace smtpmark::loadgen {

int complain(const std::string& sentence, int exit_code) {
  fmt::print(stderr, "smtpmark: {}\n", printable(sentence));
  return exit_code;
}

}  // namespace smtpmark::loadgen
