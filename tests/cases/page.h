// A page of cases: README.md tells what one looks like.
#ifndef SMTPMARK_TESTS_CASES_PAGE_H_
#define SMTPMARK_TESTS_CASES_PAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/events/sessions.h"

namespace smtpmark::cases {

enum class Kind : std::uint8_t { kCommands, kResponse, kReplies, kEhlo, kData, kSession };

struct Case {
  std::string heading;
  std::size_t line = 0;  // of the heading, from 1
  Kind kind = Kind::kCommands;
  events::Settings settings;
  bool has_settings = false;
  std::string octets;
  std::vector<std::string> log;
  std::size_t log_begin =
      0;  // offset in the page of the first line of the log, and behind the last
  std::size_t log_end = 0;
};

struct Page {
  std::vector<Case> cases;
  std::string problem;  // what is wrong with the page, with its line; else empty
};

Page read_page(std::string_view text);

// "CommandsAreX" for "Commands are `X`!": a heading as the name of a test.
std::string test_name_of(std::string_view heading);

}  // namespace smtpmark::cases

#endif  // SMTPMARK_TESTS_CASES_PAGE_H_
