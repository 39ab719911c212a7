// Commands as readable lines, for the tests of the command parser.
#ifndef SMTPMARK_TESTS_PARSER_COMMAND_LOG_H_
#define SMTPMARK_TESTS_PARSER_COMMAND_LOG_H_

#include <string>
#include <string_view>

#include "parser/command_parser.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {

class CommandSession {
 public:
  FeedResult feed(std::string_view bytes);
  std::string describe(Status status) const;
  bool done() const { return false; }

 private:
  std::string describe_path() const;

  CommandParser parser_;
  Command command_;
};

// The events of `input` under every split.
Log commands_of(std::string_view input);

// The only event of `line`, to which CRLF is added: "MAIL local=[a] domain=[b]", or
// "MAIL rejected: bad syntax at 4".
std::string command_of(std::string_view line);

// The path of a reverse-path or forward-path that is in order: "local=[a] domain=[b]".
std::string reverse_path_of(std::string_view path);

}  // namespace smtpmark::parser::testing

#endif  // SMTPMARK_TESTS_PARSER_COMMAND_LOG_H_
