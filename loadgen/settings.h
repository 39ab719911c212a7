// Options given by name elsewhere than on the command line: in a scenario, or in the text of a
// class.
#ifndef SMTPMARK_LOADGEN_SETTINGS_H_
#define SMTPMARK_LOADGEN_SETTINGS_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

struct Setting {
  std::string name;                 // of an option, without its "--"
  std::vector<std::string> values;  // "true" or "false" for a flag
  std::string place;                // where it stands, for complaints: "load.toml:3:1"
};
using Settings = std::vector<Setting>;

// Sets an option of `command` as if it had been given, checks included. Fails with a sentence that
// begins with the place; a name that there is not gets the nearest one that there is.
tl::expected<void, std::string> apply(CLI::App& command, const Setting& setting);

// "name=relay,weight=70,tls=none" of --class. A value may be in double quotes, with commas inside.
tl::expected<Settings, std::string> parse_settings(std::string_view text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SETTINGS_H_
