// AUTH of a sink session (RFC 4954).
#include "loadgen/base64.h"
#include "loadgen/sink_session.h"

namespace smtpmark::loadgen {

using parser::Status;
using State = SaslExchange::State;

bool SinkSession::offers_auth() const noexcept {
  return authenticates() && (tls_ || context_.options.auth.without_tls);
}

// What is on offer now: channels can only be bound where there are some.
MechanismSet SinkSession::mechanisms() const noexcept {
  const MechanismSet all = context_.options.auth.mechanisms;
  return tls_ ? all : all & ~kPlusMechanisms;
}

std::string SinkSession::auth_offer() const {
  std::string line;
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    if ((mechanisms() & mechanism) == 0) continue;
    line += (line.empty() ? "250-AUTH " : " ") + std::string(parser::to_string(mechanism));
  }
  return line.empty() ? line : line + "\r\n";
}

io::Task<bool> SinkSession::on_auth() {
  if (!authenticates()) {
    reject("503 5.5.1 AUTH is not offered here\r\n");
    co_return true;
  }
  if (!offers_auth()) {
    reject("538 5.7.11 Encryption required: STARTTLS first\r\n");
    co_return true;
  }
  if (authenticated_ || mail_ || !greeted_) {
    reject("503 5.5.1 AUTH comes once, behind EHLO and before MAIL\r\n");
    co_return true;
  }
  const auto mechanism = mechanism_of(command_.argument);
  if (!mechanism || (mechanisms() & *mechanism) == 0) {
    reject("504 5.5.4 That mechanism is not offered\r\n");
    co_return true;
  }
  co_await exchange(*mechanism);
  co_return true;
}

// Challenges and responses. A canceled or broken exchange has been answered by what reads it.
io::Task<> SinkSession::exchange(parser::AuthMechanism mechanism) {
  const auto sasl = context_.sasl.begin(mechanism, channel_binding());
  std::string answer;
  std::optional<std::string> response = co_await first_response(mechanism, *sasl);
  if (!response) co_return;
  for (;;) {
    const State state = sasl->step(*response, answer);
    if (state == State::kFailed) {
      ++context_.counters.auth_failed;
      reject("535 5.7.8 Authentication credentials invalid\r\n");
      co_return;
    }
    if (state == State::kDone && answer.empty()) break;
    reply("334 " + base64_encode(answer) + "\r\n");
    response = co_await read_response();
    if (!response) co_return;
    if (state == State::kDone) break;  // the last answer was heard
  }
  authenticated_ = true;
  ++context_.counters.auth_ok;
  ++context_.counters.auth_by_mechanism[index_of(mechanism)];
  reply("235 2.7.0 Authentication successful\r\n");
}

// What the client begins with: in the command, behind an empty challenge, or nothing where the
// server begins.
io::Task<std::optional<std::string>> SinkSession::first_response(parser::AuthMechanism mechanism,
                                                                 SaslExchange& sasl) {
  const bool given = command_.initial_response.data() != nullptr;
  if (!given && !client_begins(mechanism)) co_return std::string();
  if (!given) {
    reply("334 \r\n");
    co_return co_await read_response();
  }
  if (mechanism == parser::kAuthCramMd5) {  // RFC 4954, 4
    reject("501 5.5.2 CRAM-MD5 begins with a challenge\r\n");
    co_return std::nullopt;
  }
  const std::string_view text = command_.initial_response;
  std::optional<std::string> response = base64_decode(text == "=" ? std::string_view() : text);
  if (!response) reject(kNotBase64);
  if (mechanism == parser::kAuthLogin) {  // some clients give the name at once
    std::string prompt;
    sasl.step({}, prompt);
  }
  co_return response;
}

// A line in the middle of AUTH, decoded; nothing when that was the end of it.
io::Task<std::optional<std::string>> SinkSession::read_response() {
  parser::AuthResponse response;
  for (;;) {
    const parser::FeedResult fed = parser_.feed_auth_response(transport_->input(), response);
    if (fed.status == Status::kNeedMore) {
      transport_->consume(fed.consumed);
      if (const bool ok = co_await receive_more(); !ok) co_return std::nullopt;
      continue;
    }
    std::optional<std::string> decoded;
    if (fed.status == Status::kReady && !response.cancelled) {
      decoded = base64_decode(response.base64);
    }
    transport_->consume(fed.consumed);
    if (response.error == parser::SyntaxError::kLineTooLong) {
      reject("500 5.5.6 The response is too long\r\n");
    } else if (response.cancelled) {
      reject("501 5.7.0 AUTH canceled\r\n");
    } else if (!decoded) {
      reject(kNotBase64);
    }
    co_return decoded;
  }
}

// Where the client is offered a binding it must not pretend that it was not (RFC 5802, 6).
ChannelBinding SinkSession::channel_binding() const {
  if ((mechanisms() & kPlusMechanisms) == 0) return {};
  return {tls_->tls_exporter(), tls_->tls_unique()};
}

}  // namespace smtpmark::loadgen
