// The input in one piece and in many must give the same events. What begins with a digit is taken
// for replies, everything else for a session with bodies and chunks; the length of the input
// chooses the profile.
#include <algorithm>

#include "tests/fuzz/feed.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

// Lengths of pieces that depend on the input alone (FNV-1a, then xorshift).
class Pieces {
 public:
  explicit Pieces(std::string_view input) {
    for (const char c : input) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    state_ |= 1;
    longest_ = std::size_t{1} << (next() % 8);
  }

  std::size_t operator()(std::size_t left) {
    return std::min(left, 1 + static_cast<std::size_t>(next() % longest_));
  }

 private:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ >> 8;
  }

  std::uint64_t state_ = 0xcbf29ce484222325ULL;
  std::size_t longest_ = 1;
};

template <typename Session>
void compare(std::string_view input, const events::Settings& settings) {
  const Log whole = log_of<Session>(input, settings);
  const Log split = log_of<Session>(input, settings, Pieces(input));
  if (whole == split) [[likely]]
    return;
  print("whole:", whole);
  print("split:", split);
  require(false, "any split gives the same events");
}

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark;
  using namespace smtpmark::fuzz;
  const std::string_view input = text_of(data, size);
  events::Settings settings;
  settings.leniencies = parser::leniencies_of(parser::kAllProfiles[size % 3]);
  settings.body.bare_lf_ends_line = settings.replies.bare_lf_ends_line = size % 3 == 2;
  if (is_from_server(input)) {
    compare<events::EhloSession>(input, settings);
  } else {
    compare<events::ServerSession>(input, settings);
  }
  return 0;
}
