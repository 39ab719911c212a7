#include "loadgen/sasl_server.h"

#include <openssl/evp.h>

#include <array>
#include <string_view>
#include <utility>

#include "loadgen/base64.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::uint32_t kIterations = 4096;  // RFC 7677, 4
constexpr std::size_t kSaltOctets = 12;

constexpr const char* kWrongCredentials = "the name or the password is wrong";

// What is in front of `separator`, which `text` loses with it; nothing where there is none.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

bool is_password_of(const Users& users, std::string_view name, std::string_view password) {
  const User* const user = users.find(name);
  return user != nullptr && !user->password.empty() && user->password == password;
}

// "authorization NUL authentication NUL password" (RFC 4616, 2).
class PlainServer final : public SaslExchange {
 public:
  explicit PlainServer(const Users& users) : users_(users) {}

  State step(std::string_view received, std::string& answer) override {
    answer.clear();
    const auto acting_for = take_until(received, '\0');
    const auto name = take_until(received, '\0');
    const bool good = acting_for && name && (acting_for->empty() || *acting_for == *name) &&
                      is_password_of(users_, *name, received);
    return good ? State::kDone : fail(kWrongCredentials);
  }

 private:
  const Users& users_;
};

class LoginServer final : public SaslExchange {
 public:
  explicit LoginServer(const Users& users) : users_(users) {}

  State step(std::string_view received, std::string& answer) override {
    switch (steps_++) {
      case 0: answer = "Username:"; return State::kGoesOn;
      case 1:
        name_ = received;
        answer = "Password:";
        return State::kGoesOn;
      default: answer.clear();
    }
    return is_password_of(users_, name_, received) ? State::kDone : fail(kWrongCredentials);
  }

 private:
  const Users& users_;
  int steps_ = 0;
  std::string name_;
};

// A name with its commas and equals signs again (RFC 5801, 4).
std::string from_gs2_name(std::string_view escaped) {
  std::string name;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const std::string_view three = escaped.substr(i, 3);
    const bool comma = three == "=2C";
    if (comma || three == "=3D") {
      name += comma ? ',' : '=';
      i += 2;
    } else {
      name += escaped[i];
    }
  }
  return name;
}

// RFC 7628, and XOAUTH2 that came before it.
class OauthServer final : public SaslExchange {
 public:
  OauthServer(bool bearer, const Users& users) : bearer_(bearer), users_(users) {}

  State step(std::string_view received, std::string& answer) override {
    if (explained_) return fail("the token is wrong");
    if (is_good(received)) {
      answer.clear();
      return State::kDone;
    }
    explained_ = true;
    answer = bearer_ ? R"({"status":"invalid_token"})"
                     : R"({"status":"401","schemes":"bearer","scope":"mail"})";
    return State::kGoesOn;
  }

 private:
  // The user's name, which ends the first part of the message.
  std::optional<std::string> take_name(std::string_view& message) const {
    const auto head = take_until(message, '\x01');
    if (!head) return std::nullopt;
    if (!bearer_) {
      return head->starts_with("user=") ? std::optional<std::string>(head->substr(5))
                                        : std::nullopt;
    }
    if (!head->starts_with("n,a=") || !head->ends_with(',') || head->size() < 5) {
      return std::nullopt;
    }
    return from_gs2_name(head->substr(4, head->size() - 5));
  }

  bool is_good(std::string_view message) const {
    const auto name = take_name(message);
    const User* const user = name ? users_.find(*name) : nullptr;
    if (user == nullptr || user->token.empty()) return false;
    while (const auto pair = take_until(message, '\x01')) {
      if (pair->starts_with("auth=Bearer ")) return pair->substr(12) == user->token;
    }
    return false;
  }

  bool bearer_;
  const Users& users_;
  bool explained_ = false;
};

class ServerAnswers final : public SaslAnswers {
 public:
  ServerAnswers(SaslServer& server, ScramHash hash, ChannelBinding binding)
      : server_(server), hash_(hash), binding_(std::move(binding)) {}

  bool give(Gsasl_session* session, Gsasl_property property) override {
    switch (property) {
      case GSASL_PASSWORD: return give_password(session);
      case GSASL_SCRAM_ITER: return set(session, property, std::to_string(kIterations));
      case GSASL_SCRAM_SALT: return give_key(session, property, &ScramKeys::salt);
      case GSASL_SCRAM_SERVERKEY: return give_key(session, property, &ScramKeys::server_key);
      case GSASL_SCRAM_STOREDKEY: return give_key(session, property, &ScramKeys::stored_key);
      default: return give_binding(session, property, binding_);
    }
  }

 private:
  static bool set(Gsasl_session* session, Gsasl_property property, const std::string& value) {
    return gsasl_property_set(session, property, value.c_str()) == GSASL_OK;
  }
  static std::string_view name_of(Gsasl_session* session) {
    const char* const name = gsasl_property_fast(session, GSASL_AUTHID);
    return name == nullptr ? std::string_view() : std::string_view(name);
  }

  bool give_password(Gsasl_session* session) {
    const User* const user = server_.users().find(name_of(session));
    return user != nullptr && !user->password.empty() &&
           set(session, GSASL_PASSWORD, user->password);
  }

  bool give_key(Gsasl_session* session, Gsasl_property property, std::string ScramKeys::*key) {
    const ScramKeys* const keys = server_.scram_keys(hash_, name_of(session));
    return keys != nullptr && set(session, property, keys->*key);
  }

  SaslServer& server_;
  ScramHash hash_;
  ChannelBinding binding_;
};

// The same on every thread. Nobody keeps secrets in a sink.
std::string salt_of(std::string_view name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), kSaltOctets};
}

ScramKeys make_keys(ScramHash hash, const std::string& salt, const std::string& salted) {
  std::array<char, GSASL_HASH_MAX_SIZE> client_key{};
  std::array<char, GSASL_HASH_MAX_SIZE> server_key{};
  std::array<char, GSASL_HASH_MAX_SIZE> stored_key{};
  gsasl_scram_secrets_from_salted_password(
      hash == ScramHash::kSha1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256, salted.data(),
      client_key.data(), server_key.data(), stored_key.data());
  return {base64_encode(salt), base64_encode({server_key.data(), salted.size()}),
          base64_encode({stored_key.data(), salted.size()})};
}

}  // namespace

std::unique_ptr<SaslExchange> SaslServer::begin(parser::AuthMechanism mechanism,
                                                ChannelBinding binding) {
  if (mechanism == parser::kAuthPlain) return std::make_unique<PlainServer>(*users_);
  if (mechanism == parser::kAuthLogin) return std::make_unique<LoginServer>(*users_);
  if ((mechanism & kTokenMechanisms) != 0) {
    return std::make_unique<OauthServer>(mechanism == parser::kAuthOauthBearer, *users_);
  }
  if (!library_) library_.emplace();
  return library_->begin(
      SaslLibrary::Side::kServer, mechanism,
      std::make_unique<ServerAnswers>(*this, scram_hash(mechanism), std::move(binding)));
}

const ScramKeys* SaslServer::scram_keys(ScramHash hash, std::string_view name) {
  const User* const user = users_->find(name);
  if (user == nullptr || user->password.empty()) return nullptr;
  auto& made = hash == ScramHash::kSha1 ? scram_sha1_ : scram_sha256_;
  const auto known = made.find(user);
  if (known != made.end()) return &known->second;
  const std::string salt = salt_of(user->name);
  const auto salted = salted_password(hash, user->password, salt, kIterations);
  if (!salted) return nullptr;
  return &made.emplace(user, make_keys(hash, salt, *salted)).first->second;
}

}  // namespace smtpmark::loadgen
