#include "loadgen/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "loadgen/option_values.h"
#include "loadgen/spelling.h"

namespace smtpmark::loadgen {

namespace {

// Those that a file can have; the others make sense on the command line alone.
bool is_settable(const std::string& name) {
  return name != "help" && name != "scenario";
}

std::vector<std::string> names_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (is_settable(name)) names.push_back(name);
    }
  }
  return names;
}

// A setting at the front of `text`, which is shortened by it.
tl::expected<Setting, std::string> take_setting(std::string_view& text) {
  const std::size_t sign = text.find_first_of("=,");
  Setting setting;
  setting.name = text.substr(0, sign);
  if (sign == std::string_view::npos || text[sign] == ',') {
    setting.values = {"true"};  // a flag
    text.remove_prefix(setting.name.size());
    return setting;
  }
  text.remove_prefix(sign + 1);
  std::size_t end = 0;
  if (text.starts_with('"')) {
    text.remove_prefix(1);
    end = text.find('"');
    if (end == std::string_view::npos) return tl::unexpected(std::string("a quote is not closed"));
    setting.values = {std::string(text.substr(0, end++))};
  } else {
    end = std::min(text.find(','), text.size());
    setting.values = {std::string(text.substr(0, end))};
  }
  text.remove_prefix(end);
  return setting;
}

}  // namespace

tl::expected<void, std::string> apply(CLI::App& command, const Setting& setting) {
  CLI::Option* const option =
      is_settable(setting.name) ? command.get_option_no_throw("--" + setting.name) : nullptr;
  const auto complain = [&setting](const std::string& sentence) {
    return tl::unexpected(setting.place + ": " + sentence);
  };
  if (option == nullptr) {
    return complain("there is no option \"" + setting.name + "\"" +
                    is_meant(setting.name, names_of(command)));
  }
  const bool flag = option->get_expected_max() == 0;
  if (flag && setting.values != std::vector<std::string>{"true"} &&
      setting.values != std::vector<std::string>{"false"}) {
    return complain("\"" + setting.name + "\" is true or false");
  }
  if (!flag && setting.values.size() > 1 &&
      option->get_multi_option_policy() != CLI::MultiOptionPolicy::TakeAll) {
    return complain("\"" + setting.name + "\" takes one value");
  }
  if (std::find(setting.values.begin(), setting.values.end(), "") != setting.values.end()) {
    return complain(must_not_be_empty("\"" + setting.name + "\""));
  }
  try {
    for (const std::string& value : setting.values) option->add_result(value);
    option->run_callback();
  } catch (const CLI::ParseError& error) {
    return complain(error.what());
  }
  return {};
}

tl::expected<Settings, std::string> parse_settings(std::string_view text) {
  const std::string place = "--class " + std::string(text);
  Settings settings;
  while (!text.empty()) {
    auto setting = take_setting(text);
    if (!setting) return tl::unexpected(place + ": " + setting.error());
    setting->place = place;
    settings.push_back(std::move(*setting));
    if (!text.empty() && text.front() != ',') {
      return tl::unexpected(place + ": a comma is expected before \"" + std::string(text) + "\"");
    }
    if (!text.empty()) text.remove_prefix(1);
  }
  return settings;
}

}  // namespace smtpmark::loadgen
