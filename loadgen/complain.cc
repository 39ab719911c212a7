#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "loadgen/commands.h"
#include "loadgen/terminal_text.h"

namespace smtpmark::loadgen {

int complain(const std::string& sentence, int exit_code) {
  fmt::print(stderr, "smtpmark: {}\n", printable(sentence));
  return exit_code;
}

tl::expected<void, std::string> print_out(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return {};
  return tl::unexpected(std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace smtpmark::loadgen
