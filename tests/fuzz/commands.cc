// The input is what a client sends while no body is under way.
#include "parser/command_parser.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

using parser::Command;
using parser::FeedResult;
using parser::Status;
using parser::SyntaxError;

void check_ready(const Command& command, std::string_view line) {
  require(command.error == SyntaxError::kNone, "a command that is ready has no error");
  require(line.ends_with("\r\n"), "a line ends with CRLF");
  require(command.line.data() == line.data() && command.line.size() + 2 == line.size(),
          "command.line is what was consumed, without CRLF");
  require(command.line.find('\n') == std::string_view::npos, "no LF inside a line");
  require(command.line.find('\r') == std::string_view::npos, "no CR inside a line");
  for (const std::string_view view :
       {command.argument, command.path.mailbox, command.path.local_part, command.path.domain,
        command.path.source_route, command.parameters, command.initial_response}) {
    require(lies_within(view, command.line), "a view lies within its line");
  }
}

void check_rejected(const Command& command, std::string_view line) {
  require(command.error != SyntaxError::kNone, "a rejection has a code");
  require(line.ends_with("\r\n"), "a rejected line is consumed to its CRLF");
  require(lies_within(command.line, line), "command.line lies within its line");
}

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark::fuzz;
  std::string_view bytes = text_of(data, size);
  smtpmark::parser::CommandParser parser;
  Command command;
  for (;;) {
    const FeedResult result = parser.feed(bytes, command);
    require(result.consumed <= bytes.size(), "no more is consumed than was there");
    const std::string_view line = bytes.substr(0, result.consumed);
    if (result.status == Status::kNeedMore) return 0;
    require(result.consumed != 0, "an event consumes its line");
    if (result.status == Status::kReady) {
      check_ready(command, line);
    } else {
      check_rejected(command, line);
    }
    bytes.remove_prefix(result.consumed);
  }
}
