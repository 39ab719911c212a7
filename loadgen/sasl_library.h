// GNU SASL, for the mechanisms that prove a password: CRAM-MD5 and SCRAM with channel binding.
#ifndef SMTPMARK_LOADGEN_SASL_LIBRARY_H_
#define SMTPMARK_LOADGEN_SASL_LIBRARY_H_

#include <gsasl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loadgen/sasl.h"

namespace smtpmark::loadgen {

// What the library asks for in the course of an exchange.
class SaslAnswers {
 public:
  virtual ~SaslAnswers() = default;
  // Sets `property` of `session` and returns true, or returns false where it has none.
  virtual bool give(Gsasl_session* session, Gsasl_property property) = 0;
  // Why it had none, where that is worth saying.
  virtual std::string complaint() const { return {}; }
};

// Of one thread, and outlives its exchanges.
class SaslLibrary {
 public:
  enum class Side : std::uint8_t { kClient, kServer };

  SaslLibrary();
  std::unique_ptr<SaslExchange> begin(Side side, parser::AuthMechanism mechanism,
                                      std::unique_ptr<SaslAnswers> answers);

 private:
  struct Done {
    void operator()(Gsasl* library) const noexcept { gsasl_done(library); }
  };
  std::unique_ptr<Gsasl, Done> library_;
};

// Sets the property of a channel binding, where there is one. Returns false for other properties.
bool give_binding(Gsasl_session* session, Gsasl_property property, const ChannelBinding& binding);

// SCRAM's way from a password to keys (RFC 5802, 3), which is made to be slow.
enum class ScramHash : std::uint8_t { kSha1, kSha256 };
ScramHash scram_hash(parser::AuthMechanism mechanism) noexcept;

// Nothing where the password has no SASLprep form (RFC 4013).
std::optional<std::string> salted_password(ScramHash hash, const std::string& password,
                                           std::string_view salt, std::uint32_t iterations);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SASL_LIBRARY_H_
