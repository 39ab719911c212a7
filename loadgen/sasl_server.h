// The server's side of AUTH: who is let in.
#ifndef SMTPMARK_LOADGEN_SASL_SERVER_H_
#define SMTPMARK_LOADGEN_SASL_SERVER_H_

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "loadgen/sasl.h"
#include "loadgen/sasl_library.h"
#include "loadgen/users.h"

namespace smtpmark::loadgen {

// What a server keeps of a password for SCRAM (RFC 5802, 3), in base64.
struct ScramKeys {
  std::string salt;
  std::string server_key;
  std::string stored_key;
};

// Of one thread. SCRAM's keys of a user are made when they are first needed.
class SaslServer {
 public:
  explicit SaslServer(SharedUsers users) : users_(std::move(users)) {}

  // An exchange that ends with kDone when the client is one of the users. It outlives neither this
  // nor is it used beside another one in the middle of a step.
  std::unique_ptr<SaslExchange> begin(parser::AuthMechanism mechanism, ChannelBinding binding);

  // Null where there is no such user, or none with a password.
  const ScramKeys* scram_keys(ScramHash hash, std::string_view name);
  const Users& users() const noexcept { return *users_; }

 private:
  SharedUsers users_;
  std::unordered_map<const User*, ScramKeys> scram_sha1_;
  std::unordered_map<const User*, ScramKeys> scram_sha256_;
  std::optional<SaslLibrary> library_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SASL_SERVER_H_
