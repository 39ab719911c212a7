// One exchange of SASL (RFC 4422), from either side, in octets: base64 and lines are the caller's.
#ifndef SMTPMARK_LOADGEN_SASL_H_
#define SMTPMARK_LOADGEN_SASL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "loadgen/auth_plan.h"

namespace smtpmark::loadgen {

// What ties an exchange to the TLS connection below it, in octets; empty: there is none.
struct ChannelBinding {
  std::string exporter;  // tls-exporter (RFC 9266)
  std::string unique;    // tls-unique (RFC 5929, 3)
};

class SaslExchange {
 public:
  enum class State : std::uint8_t {
    kGoesOn,  // the other side has to answer
    kDone,    // this side is content. A server's last answer still has to be heard
    kFailed,  // reason() says why
  };

  virtual ~SaslExchange() = default;

  // Takes what the other side said, or nothing when this side speaks first, and sets `answer` to
  // what there is to say to it. Behind kFailed there is no other step.
  virtual State step(std::string_view received, std::string& answer) = 0;

  const std::string& reason() const noexcept { return reason_; }

 protected:
  State fail(std::string reason) {
    reason_ = std::move(reason);
    return State::kFailed;
  }

 private:
  std::string reason_;
};

// Whether the client begins, and may do so with the AUTH command (RFC 4954, 4).
constexpr bool client_begins(parser::AuthMechanism mechanism) noexcept {
  return (mechanism & (parser::kAuthLogin | parser::kAuthCramMd5)) == 0;
}

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SASL_H_
