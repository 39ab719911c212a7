// How the sessions of a class authenticate, and as whom.
#ifndef SMTPMARK_LOADGEN_AUTH_PLAN_H_
#define SMTPMARK_LOADGEN_AUTH_PLAN_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "loadgen/users.h"
#include "parser/capabilities.h"

namespace smtpmark::loadgen {

// Those that are spoken, the strongest first: what proves the password and the TLS channel, what
// proves the password without telling it, tokens, what tells a digest, and what tells the password.
inline constexpr std::array<parser::AuthMechanism, 9> kMechanisms = {
    parser::kAuthScramSha256Plus, parser::kAuthScramSha1Plus, parser::kAuthScramSha256,
    parser::kAuthScramSha1,       parser::kAuthOauthBearer,   parser::kAuthXoauth2,
    parser::kAuthCramMd5,         parser::kAuthPlain,         parser::kAuthLogin};

// Sets of mechanisms are bits of parser::AuthMechanism.
using MechanismSet = std::uint32_t;

inline constexpr MechanismSet kPlusMechanisms =
    parser::kAuthScramSha256Plus | parser::kAuthScramSha1Plus;
inline constexpr MechanismSet kTokenMechanisms = parser::kAuthOauthBearer | parser::kAuthXoauth2;
inline constexpr MechanismSet kPasswordMechanisms = kPlusMechanisms | parser::kAuthScramSha256 |
                                                    parser::kAuthScramSha1 | parser::kAuthCramMd5 |
                                                    parser::kAuthPlain | parser::kAuthLogin;
inline constexpr MechanismSet kAllMechanisms = kTokenMechanisms | kPasswordMechanisms;

constexpr std::size_t index_of(parser::AuthMechanism mechanism) noexcept {
  std::size_t index = 0;
  while (kMechanisms[index] != mechanism) ++index;
  return index;
}
// A number for each of kMechanisms.
using MechanismCounts = std::array<std::uint64_t, kMechanisms.size()>;

// The strongest of a set; nothing where it has none of kMechanisms.
constexpr std::optional<parser::AuthMechanism> strongest(MechanismSet set) noexcept {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    if ((set & mechanism) != 0) return mechanism;
  }
  return std::nullopt;
}

// That of a name in any case; nothing where it is none of kMechanisms.
std::optional<parser::AuthMechanism> mechanism_of(std::string_view name);
// "auto" for all, "none" for no mechanism, else their names in small letters with commas.
std::string describe(MechanismSet set);

// Whether the first response travels with the AUTH command (RFC 4954, 4).
enum class InitialResponse : std::uint8_t {
  kAuto,    // where the command stays within the 512 octets of a command line
  kAlways,  // where the mechanism lets the client speak first
  kNever,
};
std::string_view to_string(InitialResponse when) noexcept;

struct AuthPlan {
  MechanismSet mechanisms = 0;  // that may be used; 0: no AUTH
  InitialResponse initial_response = InitialResponse::kAuto;
  bool without_tls = false;           // AUTH even where the session has no TLS
  double wrong_password_share = 0.0;  // of the sessions, 0 to 1: expect to be rejected
  std::uint64_t seed = 1;             // which ones these are
  SharedUsers users;                  // at least one, where there is AUTH

  bool wanted() const noexcept { return mechanisms != 0; }
};

// Of one user who uses one of `mechanisms`.
AuthPlan auth_as(MechanismSet mechanisms, std::string name, std::string password,
                 std::string token = {});

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_AUTH_PLAN_H_
