// Feeds an input to one of the sessions of the case pages, in pieces.
#ifndef SMTPMARK_TESTS_FUZZ_FEED_H_
#define SMTPMARK_TESTS_FUZZ_FEED_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/events/sessions.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {

using Log = std::vector<std::string>;

// `next_piece(left)` says how many octets arrive next, at least one of the `left` ones.
template <typename Session, typename NextPiece>
Log log_of(std::string_view input, const events::Settings& settings, NextPiece next_piece) {
  using parser::FeedResult;
  using parser::Status;
  Session session(settings);
  Log log;
  std::size_t consumed = 0;
  std::size_t arrived = 0;
  do {
    if (arrived < input.size()) arrived += next_piece(input.size() - arrived);
    while (!session.done()) {
      const std::string_view bytes = input.substr(consumed, arrived - consumed);
      const FeedResult result = session.feed(bytes);
      require(result.consumed <= bytes.size(), "no more is consumed than was there");
      consumed += result.consumed;
      if (result.status != Status::kNeedMore) {
        log.push_back(std::to_string(consumed) + ": " + session.describe(result.status));
      }
      if (result.status == Status::kRejected && result.consumed == 0) return log;
      if (result.status == Status::kNeedMore && (result.consumed == 0 || consumed == arrived)) {
        break;
      }
    }
  } while (arrived < input.size() && !session.done());
  if constexpr (requires { session.at_end(); }) {
    if (const std::string last = session.at_end(); !last.empty()) log.push_back(last);
  }
  return log;
}

template <typename Session>
Log log_of(std::string_view input, const events::Settings& settings = {}) {
  return log_of<Session>(input, settings, [](std::size_t left) { return left; });
}

// What begins with a digit is taken for what a server sends, everything else for a client's.
inline bool is_from_server(std::string_view input) {
  return !input.empty() && input[0] >= '0' && input[0] <= '9';
}

inline void print(const char* title, const Log& log) {
  std::fprintf(stderr, "%s\n", title);
  for (const std::string& line : log) std::fprintf(stderr, "  %s\n", line.c_str());
}

}  // namespace smtpmark::fuzz

#endif  // SMTPMARK_TESTS_FUZZ_FEED_H_
