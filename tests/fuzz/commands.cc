// The input is what a client sends while no body is under way; its length chooses the profile.
#include "parser/command_parser.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

using parser::Command;
using parser::FeedResult;
using parser::Status;
using parser::SyntaxError;
using parser::Verb;

bool has_path(Verb verb) {
  return verb == Verb::kMail || verb == Verb::kRcpt || verb == Verb::kSend || verb == Verb::kSoml ||
         verb == Verb::kSaml;
}

void check_ready(const Command& command, std::string_view line, bool is_lenient) {
  require(command.error == SyntaxError::kNone, "a command that is ready has no error");
  require(line.ends_with(is_lenient ? "\n" : "\r\n"), "a line ends with its line end");
  require(command.line.data() == line.data() && command.line.size() < line.size(),
          "command.line is what was consumed, without its line end");
  require(command.line.find('\n') == std::string_view::npos, "no LF inside a line");
  require(command.line.find('\r') == std::string_view::npos, "no CR inside a line");
  const parser::Path path = has_path(command.verb) ? command.path : parser::Path();
  for (const std::string_view view :
       {command.argument, path.mailbox, path.local_part, path.domain, path.source_route,
        command.parameters, command.initial_response}) {
    require(lies_within(view, command.line), "a view lies within its line");
  }
}

void check_rejected(const Command& command, std::string_view line, bool is_lenient) {
  require(command.error != SyntaxError::kNone, "a rejection has a code");
  require(line.ends_with(is_lenient ? "\n" : "\r\n"), "a rejected line is consumed to its end");
  require(lies_within(command.line, line), "command.line lies within its line");
}

// Each value has a name, and what is none has one that says so.
bool check_names() {
  for (unsigned i = 0; i < 64; ++i) {
    require(!to_string(static_cast<parser::Verb>(i)).empty(), "a verb has a name");
    require(!to_string(static_cast<SyntaxError>(i)).empty(), "an error has a name");
    require(!to_string(static_cast<parser::Profile>(i)).empty(), "a profile has a name");
  }
  for (unsigned bit = 0; bit < 32; ++bit) {
    require(!to_string(static_cast<parser::Leniency>(1U << bit)).empty(), "a leniency has a name");
  }
  return parser::leniencies_of(static_cast<parser::Profile>(9)) == 0;
}

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark::fuzz;
  static const bool is_checked = check_names();
  require(is_checked, "what is no profile is strict");
  std::string_view bytes = text_of(data, size);
  smtpmark::parser::CommandParser parser(smtpmark::parser::kAllProfiles[size % 3]);
  Command command;
  for (;;) {
    const FeedResult result = parser.feed(bytes, command);
    require(result.consumed <= bytes.size(), "no more is consumed than was there");
    const std::string_view line = bytes.substr(0, result.consumed);
    if (result.status == Status::kNeedMore) return 0;
    require(result.consumed != 0, "an event consumes its line");
    if (result.status == Status::kReady) {
      check_ready(command, line, size % 3 != 0);
    } else {
      check_rejected(command, line, size % 3 != 0);
    }
    bytes.remove_prefix(result.consumed);
  }
}
