#include <fmt/format.h>

#include <cstdio>

#include "loadgen/commands.h"

namespace smtpmark::loadgen {

int complain(const std::string& sentence, int exit_code) {
  fmt::print(stderr, "smtpmark: {}\n", sentence);
  return exit_code;
}

}  // namespace smtpmark::loadgen
