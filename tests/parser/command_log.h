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

  // Of the sessions that begin from now on.
  static inline Leniencies leniencies = 0;

 private:
  void expect_views_within_line() const;
  std::string describe_path() const;

  std::string describe_what_follows() const;

  CommandParser parser_{leniencies};
  Command command_;
};

// The events of `input` under every split.
Log commands_of(std::string_view input, Leniencies leniencies = 0);

// The only event of `line`, to which CRLF is added: "MAIL local=[a] domain=[b]", or
// "MAIL rejected: bad syntax at 4".
std::string command_of(std::string_view line, Leniencies leniencies = 0);

// The path of a reverse-path or forward-path that is in order: "local=[a] domain=[b]".
std::string reverse_path_of(std::string_view path, Leniencies leniencies = 0);

}  // namespace smtpmark::parser::testing

#endif  // SMTPMARK_TESTS_PARSER_COMMAND_LOG_H_
