#include "loadgen/option_values.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "loadgen/text_input.h"
#include "parser/command_parser.h"

namespace smtpmark::loadgen {

namespace {

// Where an empty value says something: that users have no password, and that a side has no options
// of its own. What `ab` hands on is checked by `run`.
bool may_be_empty(const std::string& command, const std::string& option) {
  if (command == "sink") return option == "--password";
  return command == "ab" &&
         (option == "--base-options" || option == "--new-options" || option == "run");
}

// Whether our own parser takes `line`, which `command` has views into, for one command.
bool is_command(std::string_view line, parser::Command& command) {
  parser::CommandParser parser;
  const parser::FeedResult fed = parser.feed(line, command);
  return fed.status == parser::Status::kReady && fed.consumed == line.size();
}

}  // namespace

CLI::Validator seconds() {
  const CLI::AsNumberWithUnit convert(
      std::map<std::string, double>{
          {"us", 1e-6}, {"ms", 1e-3}, {"s", 1.0}, {"m", 60.0}, {"h", 3600.0}},
      CLI::AsNumberWithUnit::CASE_INSENSITIVE, "TIME");
  return CLI::Validator(
      [convert](std::string& text) {
        const std::string given = text;
        try {
          return convert(text);
        } catch (const CLI::ValidationError&) {
          return given + " is no time: give a number and us, ms, s, m or h, as 500ms";
        }
      },
      convert.get_description());
}

CLI::Validator sensible_time() {
  return number_between(0.001, 31536000.0);
}

CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        double value = 0.0;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
        return good ? std::string()
                    : fmt::format("{} is not a number from {:g} to {:.10g}", text, least, most);
      },
      fmt::format("{:g} to {:.10g}", least, most));
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        std::uint64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, value);
        const bool good = error == std::errc() && at == end && value >= least && value <= most;
        return good ? std::string()
                    : fmt::format("{} is not a whole number from {} to {}", text, least, most);
      },
      fmt::format("{} to {}", least, most));
}

CLI::Option* define_profile(CLI::App& command, parser::Profile& profile) {
  std::set<std::string> names;
  for (const parser::Profile each : parser::kAllProfiles) names.emplace(to_string(each));
  const auto choose = [&profile](const std::string& name) {
    for (const parser::Profile each : parser::kAllProfiles) {
      if (to_string(each) == name) profile = each;
    }
  };
  return command
      .add_option_function<std::string>(
          "--profile", choose, "What to take beyond the RFCs: strict, postfix-like or permissive")
      ->check(CLI::IsMember(names))
      ->default_str(std::string(to_string(profile)));
}

std::uint64_t to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

std::string must_not_be_empty(const std::string& option) {
  return option + " must not be empty: leave it out or give it a value";
}

tl::expected<void, std::string> refuse_empty_values(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (option->get_expected_max() == 0 || may_be_empty(command.get_name(), name)) continue;
    const std::vector<std::string>& given = option->results();
    if (std::find(given.begin(), given.end(), "") != given.end()) {
      return tl::unexpected(must_not_be_empty(name));
    }
  }
  return {};
}

bool is_clean(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_mailbox(const std::string& text) {
  const std::string line = "MAIL FROM:<" + text + "> SMTPUTF8\r\n";
  parser::Command command;
  return is_command(line, command) && command.path.mailbox == text && !command.path.domain.empty();
}

bool is_host(const std::string& text) {
  const std::string line = "EHLO " + text + "\r\n";
  parser::Command command;
  return is_ascii(text) && is_command(line, command) && command.argument == text;
}

}  // namespace smtpmark::loadgen
