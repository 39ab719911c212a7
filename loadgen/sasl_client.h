// The client's side of AUTH: as whom sessions authenticate, and what they say.
#ifndef SMTPMARK_LOADGEN_SASL_CLIENT_H_
#define SMTPMARK_LOADGEN_SASL_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "loadgen/auth_plan.h"
#include "loadgen/sasl.h"
#include "loadgen/sasl_library.h"

namespace smtpmark::loadgen {

// As whom one session authenticates.
struct Login {
  std::uint32_t number = 0;  // of the user
  bool wrong = false;        // with a wrong password or token: to be rejected
};

// SCRAM's salted passwords, which a client may keep (RFC 5802, 5.1), so that the load is the
// server's and not the generator's. For each user the one of the latest salt.
class ScramMemory {
 public:
  struct Entry {
    std::string salt;
    std::uint32_t iterations = 0;
    std::string salted_hex;
  };
  Entry& of(const Login& login, ScramHash hash) {
    const std::uint64_t key = std::uint64_t{login.number} * 4 + (login.wrong ? 2 : 0) +
                              (hash == ScramHash::kSha1 ? 1 : 0);
    return entries_[key];
  }

 private:
  std::unordered_map<std::uint64_t, Entry> entries_;
};

// Of one thread and class. `plan` outlives it.
class SaslClient {
 public:
  // `index` of `threads` that share out the users among them.
  explicit SaslClient(const AuthPlan& plan, std::uint32_t index = 0, std::uint32_t threads = 1);

  // For the next session: users in their order, again and again. Of all threads together the n-th
  // session of thread i is session n * threads + i; the seed and this number say which are wrong.
  Login next() noexcept;

  // The mechanisms that a login has what it needs for.
  MechanismSet usable(const Login& login) const noexcept;

  // The whole AUTH PLAIN command, line end included; valid until the next call.
  std::string_view plain_command(const Login& login);

  std::unique_ptr<SaslExchange> begin(parser::AuthMechanism mechanism, const Login& login,
                                      ChannelBinding binding);

 private:
  const User& user(const Login& login) const noexcept { return (*plan_.users)[login.number]; }

  const AuthPlan& plan_;
  std::uint64_t session_;
  std::uint32_t threads_;
  Login written_{UINT32_MAX, false};  // whose command plain_command_ is
  std::string plain_command_;
  ScramMemory memory_;
  std::optional<SaslLibrary> library_;  // when it is first needed
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SASL_CLIENT_H_
