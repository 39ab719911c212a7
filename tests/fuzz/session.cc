// The input is all that a client sends: commands, bodies, chunks, AUTH responses. The length of the
// input chooses the profile.
#include "tests/fuzz/feed.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark;
  using namespace smtpmark::fuzz;
  events::Settings settings;
  settings.leniencies = parser::leniencies_of(parser::kAllProfiles[size % 3]);
  settings.body.bare_lf_ends_line = size % 3 == 2;
  const Log log = log_of<events::ServerSession>(text_of(data, size), settings);
  for (const std::string& event : log) require(!event.empty(), "an event says something");
  return 0;
}
