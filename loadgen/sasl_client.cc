#include "loadgen/sasl_client.h"

#include <charconv>
#include <utility>

#include "loadgen/base64.h"

namespace smtpmark::loadgen {

namespace {

// What a wrong password or token has behind the right one.
constexpr std::string_view kWrong = "-wrong";
// A server that asks for more would stop the load for longer than a second.
constexpr std::uint32_t kMostIterations = 1'000'000;

std::string plain_message(const User& user, const std::string& password) {
  return '\0' + user.name + '\0' + password;
}

// RFC 4616.
class PlainClient final : public SaslExchange {
 public:
  explicit PlainClient(std::string message) : message_(std::move(message)) {}

  State step(std::string_view received, std::string& answer) override {
    if (message_.empty() || !received.empty()) {
      return fail("PLAIN has no challenge, and the server sent one");
    }
    answer = std::exchange(message_, {});
    return State::kDone;
  }

 private:
  std::string message_;
};

// No RFC has it. What the prompts say is left to servers.
class LoginClient final : public SaslExchange {
 public:
  LoginClient(std::string name, std::string password)
      : answers_{std::move(name), std::move(password)} {}

  State step(std::string_view /*received*/, std::string& answer) override {
    if (given_ == answers_.size())
      return fail("LOGIN has two challenges, and the server sent three");
    answer = answers_[given_++];
    return given_ == answers_.size() ? State::kDone : State::kGoesOn;
  }

 private:
  std::array<std::string, 2> answers_;
  std::size_t given_ = 0;
};

// A comma and an equals sign in a user name (RFC 5801, 4).
std::string gs2_name(const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    if (c == ',') {
      escaped += "=2C";
    } else if (c == '=') {
      escaped += "=3D";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// RFC 7628, and XOAUTH2 that came before it.
class OauthClient final : public SaslExchange {
 public:
  OauthClient(bool bearer, const std::string& name, const std::string& token) : bearer_(bearer) {
    const std::string who = bearer ? "n,a=" + gs2_name(name) + "," : "user=" + name;
    message_ = who +
               "\x01"
               "auth=Bearer " +
               token + "\x01\x01";
  }

  // A rejected token is explained in a challenge that wants an answer without meaning, in front of
  // the 535 (RFC 7628, 3.2.3).
  State step(std::string_view received, std::string& answer) override {
    if (!message_.empty()) {
      if (!received.empty()) return fail("a challenge came before the token was sent");
      answer = std::exchange(message_, {});
      return State::kDone;
    }
    if (explained_) return fail("the server rejected the token and went on");
    if (!received.starts_with('{')) {
      return fail("the challenge behind the token is no JSON, as a rejection is");
    }
    explained_ = true;
    answer = bearer_ ? "\x01" : "";
    return State::kGoesOn;
  }

 private:
  std::string message_;
  bool bearer_;
  bool explained_ = false;
};

std::string to_hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

class ClientAnswers final : public SaslAnswers {
 public:
  ClientAnswers(std::string name, std::string password, ChannelBinding binding, ScramHash hash,
                ScramMemory::Entry& memory)
      : name_(std::move(name)),
        password_(std::move(password)),
        binding_(std::move(binding)),
        hash_(hash),
        memory_(memory) {}

  bool give(Gsasl_session* session, Gsasl_property property) override {
    switch (property) {
      case GSASL_AUTHID: return set(session, property, name_);
      case GSASL_PASSWORD: return complaint_.empty() && set(session, property, password_);
      case GSASL_SCRAM_SALTED_PASSWORD: return give_salted(session);
      default: return give_binding(session, property, binding_);
    }
  }
  std::string complaint() const override { return complaint_; }

 private:
  static bool set(Gsasl_session* session, Gsasl_property property, const std::string& value) {
    return gsasl_property_set(session, property, value.c_str()) == GSASL_OK;
  }

  bool give_salted(Gsasl_session* session) {
    const char* const salt_text = gsasl_property_fast(session, GSASL_SCRAM_SALT);
    const char* const count_text = gsasl_property_fast(session, GSASL_SCRAM_ITER);
    if (salt_text == nullptr || count_text == nullptr) return false;
    const std::string_view count(count_text);
    std::uint32_t iterations = 0;
    const auto read = std::from_chars(count.data(), count.data() + count.size(), iterations);
    if (read.ec != std::errc() || iterations == 0 || iterations > kMostIterations) {
      return refuse("the server asks for " + std::string(count) +
                    " iterations of SCRAM; more than " + std::to_string(kMostIterations) +
                    " are not made");
    }
    if (memory_.salt != salt_text || memory_.iterations != iterations) {
      const auto salt = base64_decode(salt_text);
      const auto salted =
          salt ? salted_password(hash_, password_, *salt, iterations) : std::nullopt;
      if (!salted) return refuse("SCRAM cannot use this salt or password");
      memory_ = {salt_text, iterations, to_hex(*salted)};
    }
    return set(session, GSASL_SCRAM_SALTED_PASSWORD, memory_.salted_hex);
  }

  bool refuse(std::string why) {
    complaint_ = std::move(why);
    return false;
  }

  std::string name_;
  std::string password_;
  ChannelBinding binding_;
  ScramHash hash_;
  ScramMemory::Entry& memory_;
  std::string complaint_;
};

// A number that looks random and is always the same (SplitMix64).
std::uint64_t scatter(std::uint64_t seed, std::uint64_t number) noexcept {
  std::uint64_t z = seed * 0xD1B54A32D192ED03 + (number + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

bool is_chosen(double share, std::uint64_t seed, std::uint64_t number) noexcept {
  if (share <= 0.0) return false;
  return static_cast<double>(scatter(seed, number) >> 11) * 0x1p-53 < share;
}

}  // namespace

SaslClient::SaslClient(const AuthPlan& plan, std::uint32_t index, std::uint32_t threads)
    : plan_(plan), session_(index), threads_(threads) {}

Login SaslClient::next() noexcept {
  const Login login{static_cast<std::uint32_t>(session_ % plan_.users->size()),
                    is_chosen(plan_.wrong_password_share, plan_.seed, session_)};
  session_ += threads_;
  return login;
}

MechanismSet SaslClient::usable(const Login& login) const noexcept {
  const User& one = user(login);
  return (one.password.empty() ? 0 : kPasswordMechanisms) |
         (one.token.empty() ? 0 : kTokenMechanisms);
}

std::string_view SaslClient::plain_command(const Login& login) {
  if (login.number != written_.number || login.wrong != written_.wrong) {
    const User& one = user(login);
    std::string password = one.password;
    if (login.wrong) password += kWrong;
    plain_command_ = "AUTH PLAIN " + base64_encode(plain_message(one, password)) + "\r\n";
    written_ = login;
  }
  return plain_command_;
}

std::unique_ptr<SaslExchange> SaslClient::begin(parser::AuthMechanism mechanism, const Login& login,
                                                ChannelBinding binding) {
  const User& one = user(login);
  const bool by_token = (mechanism & kTokenMechanisms) != 0;
  std::string secret = by_token ? one.token : one.password;
  if (login.wrong) secret += kWrong;
  if (by_token) {
    return std::make_unique<OauthClient>(mechanism == parser::kAuthOauthBearer, one.name, secret);
  }
  if (mechanism == parser::kAuthPlain) {
    return std::make_unique<PlainClient>(plain_message(one, secret));
  }
  if (mechanism == parser::kAuthLogin) {
    return std::make_unique<LoginClient>(one.name, std::move(secret));
  }
  if (!library_) library_.emplace();
  const ScramHash hash = scram_hash(mechanism);
  return library_->begin(
      SaslLibrary::Side::kClient, mechanism,
      std::make_unique<ClientAnswers>(one.name, std::move(secret), std::move(binding), hash,
                                      memory_.of(login, hash)));
}

}  // namespace smtpmark::loadgen
