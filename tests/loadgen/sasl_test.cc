// Mechanisms without SMTP around them: client against server, and against servers that lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "loadgen/sasl_client.h"
#include "loadgen/sasl_server.h"

namespace smtpmark::loadgen {
namespace {

using State = SaslExchange::State;

constexpr const char* kName = "user@example.com";
constexpr const char* kPassword = "secret";
constexpr const char* kToken = "token";

const ChannelBinding kBinding{"exporter", {}};

// A client that has a channel to bind uses it where the mechanism binds one.
ChannelBinding binding_of(parser::AuthMechanism mechanism) {
  return (mechanism & kPlusMechanisms) != 0 ? kBinding : ChannelBinding{};
}

SharedUsers users() {
  return one_user(kName, kPassword, kToken);
}

// What the client sees: whether the server let it in and whether it was content itself. `alter`
// may change what the server says.
struct Outcome {
  bool let_in = false;
  bool content = false;
  std::string reason;  // of the client
};

template <typename Alter>
Outcome talk(SaslExchange& client, SaslExchange& server, bool begins, Alter alter) {
  Outcome outcome;
  std::string said;
  std::string heard;
  State theirs = State::kGoesOn;
  State ours = State::kGoesOn;
  if (begins) ours = client.step({}, said);
  for (int turn = 0; turn < 8; ++turn) {
    if (turn > 0 || begins) {
      theirs = server.step(said, heard);
    } else {
      theirs = server.step({}, heard);
    }
    if (theirs == State::kFailed) return outcome;
    if (theirs == State::kDone && heard.empty()) break;
    alter(heard);
    ours = client.step(heard, said);
    if (ours == State::kFailed) {
      outcome.reason = client.reason();
      return outcome;
    }
    if (theirs == State::kDone) break;
  }
  outcome.let_in = theirs == State::kDone;
  outcome.content = ours == State::kDone;
  return outcome;
}

Outcome talk(parser::AuthMechanism mechanism, const AuthPlan& plan, ChannelBinding at_client,
             ChannelBinding at_server) {
  SaslClient client(plan);
  SaslServer server(users());
  const Login login = client.next();
  const auto ours = client.begin(mechanism, login, std::move(at_client));
  const auto theirs = server.begin(mechanism, std::move(at_server));
  return talk(*ours, *theirs, client_begins(mechanism), [](std::string&) {});
}

TEST(Sasl, TheRightSecretIsLetInByEveryMechanism) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    const Outcome outcome = talk(mechanism, auth_as(mechanism, kName, kPassword, kToken),
                                 binding_of(mechanism), kBinding);
    EXPECT_TRUE(outcome.let_in) << parser::to_string(mechanism) << outcome.reason;
    EXPECT_TRUE(outcome.content) << parser::to_string(mechanism);
  }
}

TEST(Sasl, AWrongSecretOrNameIsKeptOutByEveryMechanism) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    const AuthPlan plans[] = {auth_as(mechanism, kName, "guess", "guess"),
                              auth_as(mechanism, "nobody", kPassword, kToken)};
    for (const AuthPlan& plan : plans) {
      EXPECT_FALSE(talk(mechanism, plan, binding_of(mechanism), kBinding).let_in)
          << parser::to_string(mechanism);
    }
  }
}

TEST(Sasl, AnotherChannelIsKeptOut) {
  for (const auto mechanism : {parser::kAuthScramSha1Plus, parser::kAuthScramSha256Plus}) {
    const AuthPlan plan = auth_as(mechanism, kName, kPassword);
    EXPECT_FALSE(talk(mechanism, plan, {"one", {}}, {"other", {}}).let_in);
    EXPECT_FALSE(talk(mechanism, plan, {{}, "one"}, {{}, "other"}).let_in);
    EXPECT_FALSE(talk(mechanism, plan, {}, kBinding).let_in);
    EXPECT_TRUE(talk(mechanism, plan, {{}, "unique"}, {{}, "unique"}).let_in);
  }
}

// RFC 5802, 6: a client that could bind the channel was told by somebody that the server cannot.
TEST(Sasl, AClientThatWasTalkedOutOfBindingIsKeptOut) {
  const std::string could = "y,,n=" + std::string(kName) + ",r=nonce";
  const auto state_of = [&could](ChannelBinding binding) {
    SaslServer server(users());
    std::string heard;
    return server.begin(parser::kAuthScramSha256, std::move(binding))->step(could, heard);
  };
  EXPECT_EQ(state_of(kBinding), State::kFailed);
  EXPECT_EQ(state_of({}), State::kGoesOn);
}

TEST(Sasl, ANameMayHoldWhatOauthEscapes) {
  const SharedUsers odd = one_user("a,b=c", "p", kToken);
  AuthPlan plan = auth_as(parser::kAuthOauthBearer, "a,b=c", "p", kToken);
  SaslClient client(plan);
  SaslServer server(odd);
  const auto ours = client.begin(parser::kAuthOauthBearer, client.next(), {});
  const auto theirs = server.begin(parser::kAuthOauthBearer, {});
  EXPECT_TRUE(talk(*ours, *theirs, true, [](std::string&) {}).let_in);
}

TEST(Sasl, AServerThatDoesNotKnowThePasswordIsFoundOut) {
  for (const auto mechanism : {parser::kAuthScramSha1, parser::kAuthScramSha256}) {
    const AuthPlan plan = auth_as(mechanism, kName, kPassword);
    SaslClient client(plan);
    SaslServer server(users());
    const auto ours = client.begin(mechanism, client.next(), {});
    const auto theirs = server.begin(mechanism, {});
    const Outcome outcome = talk(*ours, *theirs, true, [](std::string& text) {
      if (text.starts_with("v=")) text[2] = text[2] == 'A' ? 'B' : 'A';
    });
    EXPECT_FALSE(outcome.content);
    EXPECT_FALSE(outcome.reason.empty());
  }
}

TEST(Sasl, AServerCannotMakeTheClientCountForEver) {
  for (const char* count : {"1000001", "4294967295", "99999999999", "0"}) {
    const AuthPlan plan = auth_as(parser::kAuthScramSha256, kName, kPassword);
    SaslClient client(plan);
    const auto ours = client.begin(parser::kAuthScramSha256, client.next(), {});
    std::string said;
    ASSERT_EQ(ours->step({}, said), State::kGoesOn);
    const std::string nonce = said.substr(said.find("r=") + 2);
    EXPECT_EQ(ours->step("r=" + nonce + "more,s=c2FsdA==,i=" + count, said), State::kFailed);
    EXPECT_FALSE(ours->reason().empty());
  }
}

TEST(Sasl, SessionsOfOneUserProveThePasswordAgainAndAgain) {
  const AuthPlan plan = auth_as(parser::kAuthScramSha256, kName, kPassword);
  SaslClient client(plan);
  SaslServer server(users());
  for (int session = 0; session < 3; ++session) {
    const auto ours = client.begin(parser::kAuthScramSha256, client.next(), {});
    const auto theirs = server.begin(parser::kAuthScramSha256, {});
    EXPECT_TRUE(talk(*ours, *theirs, true, [](std::string&) {}).content);
  }
}

AuthPlan with_users(std::size_t count, double wrong, std::uint64_t seed) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "u" + std::to_string(i) + ",p\n";
  AuthPlan plan;
  plan.mechanisms = parser::kAuthPlain;
  plan.users = parse_users(text, "users.csv").value();
  plan.wrong_password_share = wrong;
  plan.seed = seed;
  return plan;
}

TEST(Logins, ThreadsTogetherTakeUsersInTurn) {
  const AuthPlan plan = with_users(5, 0.0, 1);
  SaslClient first(plan, 0, 2);
  SaslClient second(plan, 1, 2);
  std::vector<std::uint32_t> taken;
  for (int i = 0; i < 5; ++i) {
    taken.push_back(first.next().number);
    taken.push_back(second.next().number);
  }
  EXPECT_EQ(taken, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}));
}

std::set<int> wrong_ones(const AuthPlan& plan, int sessions) {
  SaslClient client(plan);
  std::set<int> wrong;
  for (int i = 0; i < sessions; ++i) {
    if (client.next().wrong) wrong.insert(i);
  }
  return wrong;
}

TEST(Logins, TheWrongShareIsKeptAndTheSameForASeed) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::set<int> wrong = wrong_ones(with_users(7, 0.05, seed), 20000);
    EXPECT_GT(wrong.size(), 850U);
    EXPECT_LT(wrong.size(), 1150U);
    EXPECT_EQ(wrong, wrong_ones(with_users(3, 0.05, seed), 20000));
  }
  EXPECT_NE(wrong_ones(with_users(7, 0.05, 1), 1000), wrong_ones(with_users(7, 0.05, 2), 1000));
  EXPECT_TRUE(wrong_ones(with_users(7, 0.0, 1), 1000).empty());
  EXPECT_EQ(wrong_ones(with_users(7, 1.0, 1), 1000).size(), 1000U);
}

TEST(Mechanisms, TheStrongestOfASetIsTheFirstOfTheList) {
  MechanismSet left = kAllMechanisms;
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    EXPECT_EQ(strongest(left), mechanism);
    left &= ~static_cast<MechanismSet>(mechanism);
    EXPECT_EQ(mechanism_of(describe(mechanism)), mechanism);
  }
  EXPECT_EQ(strongest(left), std::nullopt);
  EXPECT_EQ(strongest(parser::kAuthGssapi), std::nullopt);
  EXPECT_EQ(describe(parser::kAuthPlain | parser::kAuthLogin), "plain,login");
}

}  // namespace
}  // namespace smtpmark::loadgen
