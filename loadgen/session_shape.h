// How sessions go on and end: a server's ordinary life is not all of one kind.
#ifndef SMTPMARK_LOADGEN_SESSION_SHAPE_H_
#define SMTPMARK_LOADGEN_SESSION_SHAPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "loadgen/random.h"

namespace smtpmark::loadgen {

// How the number of messages a connection is spread around its mean.
enum class Spread : std::uint8_t {
  kFixed,
  kUniform,    // from 1 to twice the mean less 1
  kGeometric,  // each message is the last one with the same probability
};
std::string_view to_string(Spread spread) noexcept;

// At least 1; 0 when the mean is 0.
std::uint64_t draw_count(Spread spread, std::uint64_t mean, Random& random);

// A pause between two messages of a session.
struct ThinkTime {
  std::uint64_t mean_ns = 0;
  bool exponential = false;  // else always the same

  std::uint64_t draw(Random& random) const;
};
// "2s", "500ms" or "exponential:2s".
tl::expected<ThinkTime, std::string> parse_think_time(const std::string& text);

// Where the client drops the connection on purpose.
enum class AbortPoint : std::uint8_t {
  kNone,
  kMail,  // behind the reply to MAIL
  kRcpt,  // behind the replies to RCPT
  kBody,  // in the middle of the content
};

// Of the messages, as shares from 0 to 1 that add up to 1 at most.
struct AbortShares {
  double mail = 0.0;
  double rcpt = 0.0;
  double body = 0.0;

  bool any() const noexcept { return mail + rcpt + body > 0.0; }
  AbortPoint draw(Random& random) const;
};
// "mail=1%,body=0.5%"; a number without "%" is a share from 0 to 1.
tl::expected<AbortShares, std::string> parse_abort_shares(const std::string& text);

struct SessionShape {
  Spread spread = Spread::kFixed;  // of the messages a connection
  bool reset_between = false;      // RSET between messages
  bool drop = false;               // the connection ends without QUIT
  ThinkTime think;
  AbortShares aborts;

  // Whether anything is between two messages.
  bool pauses() const noexcept { return think.mean_ns > 0 || reset_between; }
  // Whether anything is drawn.
  bool draws() const noexcept {
    return spread != Spread::kFixed || think.exponential || aborts.any();
  }
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SESSION_SHAPE_H_
