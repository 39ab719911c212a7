#include "loadgen/scenario.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;

std::string place_of(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
}

// As it would stand on the command line.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return std::nullopt;
}

tl::expected<Setting, std::string> setting_of(const std::string& file, const toml::key& key,
                                              const toml::node& node) {
  Setting setting{std::string(key.str()), {}, place_of(file, key.source())};
  const auto add = [&](const toml::node& value) {
    const auto text = text_of(value);
    if (text) setting.values.push_back(*text);
    return text.has_value();
  };
  bool good = true;
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& value : *list) good = good && add(value);
    good = good && !list->empty();
  } else {
    good = add(node);
  }
  if (good) return setting;
  return tl::unexpected(
      fmt::format("{}: \"{}\" is no text, number, true or false, nor a list of them", setting.place,
                  setting.name));
}

tl::expected<Settings, std::string> settings_of(const std::string& file, const toml::table& table) {
  Settings settings;
  for (const auto& [key, node] : table) {
    auto setting = setting_of(file, key, node);
    if (!setting) return tl::unexpected(setting.error());
    settings.push_back(std::move(*setting));
  }
  return settings;
}

Complaint read_classes(const std::string& file, const toml::node& node, RunOptions& options) {
  const toml::array* list = node.as_array();
  if (list == nullptr || !list->is_array_of_tables()) {
    return tl::unexpected(place_of(file, node.source()) +
                          ": a class begins with [[class]] on a line of its own");
  }
  for (const toml::node& one : *list) {
    auto settings = settings_of(file, *one.as_table());
    if (!settings) return tl::unexpected(settings.error());
    if (settings->empty()) {
      return tl::unexpected(place_of(file, one.source()) + ": the class has no name");
    }
    options.classes.push_back(std::move(*settings));
  }
  return {};
}

Complaint set_option(CLI::App& command, const Setting& setting) {
  if (setting.name == "i-am-authorized") {
    return tl::unexpected(setting.place + ": --i-am-authorized has to be said on the command line");
  }
  const CLI::Option* given = command.get_option_no_throw("--" + setting.name);
  if (given != nullptr && given->count() > 0) return {};  // the command line overrides
  return apply(command, setting);
}

Complaint read_table(const std::string& file, const toml::table& table, CLI::App& command,
                     RunOptions& options) {
  for (const auto& [key, node] : table) {
    if (key == "class") {
      if (auto good = read_classes(file, node, options); !good) return good;
      continue;
    }
    const auto setting = setting_of(file, key, node);
    if (!setting) return tl::unexpected(setting.error());
    if (auto good = set_option(command, *setting); !good) return good;
  }
  return {};
}

}  // namespace

tl::expected<void, std::string> load_scenario(CLI::App& command, RunOptions& options) {
  if (options.scenario.empty()) return {};
  const std::string& file = options.scenario;
  const auto text = read_text(file);
  if (!text) return tl::unexpected(text.error());
  try {
    return read_table(file, toml::parse(*text, file), command, options);
  } catch (const toml::parse_error& error) {
    return tl::unexpected(place_of(file, error.source()) + ": " + std::string(error.description()));
  }
}

}  // namespace smtpmark::loadgen
