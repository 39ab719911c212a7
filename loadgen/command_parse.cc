#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>

#include "loadgen/commands.h"
#include "loadgen/parse_stream.h"

namespace smtpmark::loadgen {
namespace {

constexpr std::size_t kReadOctets = 64UL * 1024;

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

ParseMode mode_of(const ParseOptions& options) {
  if (options.replies) return ParseMode::kReplies;
  if (options.ehlo) return ParseMode::kEhlo;
  if (options.data) return ParseMode::kData;
  return options.session ? ParseMode::kSession : ParseMode::kCommands;
}

// Writes all of it; what the operating system says when that fails, 0 otherwise.
int write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int complain_of_output(int error) {
  return complain(
      "cannot write to standard output: " + reason_of(error) + "; the events that follow are lost",
      kFailed);
}

// Each read is parsed and its events are written before the next one: an endless input is fine.
int parse_input(ParseStream& stream) {
  std::array<char, kReadOctets> buffer{};
  std::string events;
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return complain("cannot read standard input: " + reason_of(errno), kFailed);
    if (got == 0) {
      stream.finish(events);
    } else {
      stream.feed({buffer.data(), static_cast<std::size_t>(got)}, events);
    }
    if (const int error = write_out(events); error != 0) return complain_of_output(error);
    if (got == 0) return 0;
    events.clear();
  }
}

}  // namespace

int command_parse(const ParseOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error with a sentence
  ParseStream stream(mode_of(options), options.profile);
  const int failure = parse_input(stream);
  if (failure != 0) return failure;
  return options.fail_on_reject && stream.is_faulty() ? kFailed : 0;
}

}  // namespace smtpmark::loadgen
