// AUTH of a client session (RFC 4954).
#include <utility>

#include "loadgen/base64.h"
#include "loadgen/client_session.h"
#include "parser/command_parser.h"

namespace smtpmark::loadgen {

namespace {

// With the first response in it the command is still a command line.
bool fits(InitialResponse when, std::size_t octets) noexcept {
  return when == InitialResponse::kAlways ||
         (when == InitialResponse::kAuto && octets <= parser::kMaxCommandLine);
}

}  // namespace

// Afterwards kept_out_ tells whether a wrong password was rejected, as it was to be.
io::Task<bool> ClientSession::authenticate() {
  const AuthPlan& plan = context_.plan.auth;
  if (!tls_ && !plan.without_tls) {
    fail(Phase::kAuth, "auth-without-tls",
         "AUTH is not sent without TLS unless --auth-without-tls is given");
    co_return false;
  }
  const Login login = context_.sasl.next();
  MechanismSet able = plan.mechanisms & offered_.mechanisms & context_.sasl.usable(login);
  if (!tls_) able &= ~kPlusMechanisms;
  const std::optional<parser::AuthMechanism> mechanism = strongest(able);
  if (!mechanism) {
    fail(Phase::kAuth, "auth-not-offered",
         "the server offers no AUTH mechanism that was asked for and that the user can use");
    co_return false;
  }
  Reply reply;
  if (mechanism == parser::kAuthPlain && speaks_first(context_.sasl.plain_command(login).size())) {
    reply = co_await command(Phase::kAuth, context_.sasl.plain_command(login));
    if (reply.code == 334)
      reply = co_await cancel("PLAIN has no challenge, and the server sent one");
  } else {
    reply = co_await exchange(*mechanism, login);
  }
  co_return conclude(*mechanism, login.wrong, reply);
}

bool ClientSession::speaks_first(std::size_t octets) const noexcept {
  return fits(context_.plan.auth.initial_response, octets);
}

// Command, challenges and responses, until a reply that is no 334.
io::Task<ClientSession::Reply> ClientSession::exchange(parser::AuthMechanism mechanism,
                                                       Login login) {
  const auto sasl = context_.sasl.begin(mechanism, login, channel_binding(mechanism));
  begin();
  if (spoken_to_unasked()) {
    fail(Phase::kAuth, "protocol", kUnasked);
    co_return Reply{};
  }
  std::string answer;
  std::string line = "AUTH " + std::string(parser::to_string(mechanism));
  auto state = SaslExchange::State::kGoesOn;
  bool unsent = client_begins(mechanism);
  if (unsent) {
    state = sasl->step({}, answer);
    if (state == SaslExchange::State::kFailed) {
      fail(Phase::kAuth, "auth-exchange", sasl->reason());
      co_return Reply{};
    }
    const std::string response = answer.empty() ? "=" : base64_encode(answer);
    unsent = !speaks_first(line.size() + 1 + response.size() + 2);
    if (!unsent) line += ' ' + response;
  }
  for (;;) {
    transport_->write(line + "\r\n");
    transport_->set_deadline(now_ + context_.plan.timeout_ns);
    const Reply reply = co_await read_reply(Phase::kAuth);
    if (reply.code != 334) {
      if (reply.positive() && state == SaslExchange::State::kDone) end(Phase::kAuth);
      if (!reply.positive() || state == SaslExchange::State::kDone) co_return reply;
      fail(Phase::kAuth, "auth-unproven",
           "the server let the session in before it had proved that it knows the password");
      co_return Reply{};
    }
    const std::optional<std::string> challenge = base64_decode(line_.text);
    if (!challenge) co_return co_await cancel("the challenge is not base64");
    if (!unsent) {
      state = sasl->step(*challenge, answer);
    } else if (!challenge->empty()) {
      co_return co_await cancel("a challenge came where the client has to begin");
    }
    unsent = false;
    if (state == SaslExchange::State::kFailed) co_return co_await cancel(sasl->reason());
    line = base64_encode(answer);
  }
}

// The client gives up (RFC 4954, 4). What the server says to that is no error of its own.
io::Task<ClientSession::Reply> ClientSession::cancel(std::string why) {
  fail(Phase::kAuth, "auth-exchange", why);
  transport_->write("*\r\n");
  static_cast<void>(co_await transport_->receive());
  co_return Reply{};
}

ChannelBinding ClientSession::channel_binding(parser::AuthMechanism mechanism) const {
  if ((mechanism & kPlusMechanisms) == 0) return {};
  return {tls_->tls_exporter(), tls_->tls_unique()};
}

bool ClientSession::conclude(parser::AuthMechanism mechanism, bool wrong, const Reply& reply) {
  if (reply.code == 0) return false;
  if (reply.code == 235 && wrong) {
    fail(Phase::kAuth, "wrong-password-accepted", "the server accepted a wrong password");
    return false;
  }
  if (reply.code == 235) {
    context_.metrics.authenticated(mechanism);
    count(&Counters::auth_accepted);
    return true;
  }
  kept_out_ = wrong && reply.code == 535;
  if (!kept_out_) {
    fail_reply(Phase::kAuth, reply);
    return false;
  }
  end(Phase::kAuthRejected);
  count(&Counters::auth_rejected_as_wanted);
  open_turns_ = 0;
  return true;
}

}  // namespace smtpmark::loadgen
