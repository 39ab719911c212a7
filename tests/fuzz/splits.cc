// The input in one piece and in many must give the same events. What begins with a digit is taken
// for replies, first to EHLO and then to anything, everything else for a session with bodies and
// chunks; the length of the input chooses the profile and how long a line of a reply may be.
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

// Short ones too: a line that reaches its limit has no end to be looked for.
std::uint32_t line_limit(std::size_t size) {
  constexpr std::size_t kShortest = 7;
  constexpr std::size_t kShortLimits = 64;
  const parser::ReplyOptions usual;
  return size % 2 == 0 ? usual.max_line
                       : static_cast<std::uint32_t>(kShortest + size / 2 % kShortLimits);
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
    settings.replies.max_line = line_limit(size);
    compare<events::ReplySession>(input, settings);
  } else {
    compare<events::ServerSession>(input, settings);
  }
  return 0;
}
