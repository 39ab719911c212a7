#include "loadgen/client_session.h"

#include <algorithm>
#include <utility>

namespace smtpmark::loadgen {

namespace {

constexpr TimeNs kEndOfStreamWait = 2 * io::kSecond;  // behind the 221
constexpr TimeNs kPatience = 100 * io::kMillisecond;  // asleep without asking whether to go on

constexpr std::string_view kData = "DATA\r\n";

}  // namespace

Script::Script(const SessionPlan& plan) : ehlo("EHLO " + plan.helo_name + "\r\n") {}

io::Task<bool> wait_for_turn(ClientContext& context, io::Scheduler& scheduler, Turn turn) {
  if (turn.intended == 0) co_return true;
  TimeNs now = scheduler.now();
  while (turn.intended > now) {
    co_await scheduler.sleep_until(std::min(turn.intended, now + kPatience));
    now = scheduler.now();
    if (turn.intended > now && context.turns.ended(now)) co_return false;
  }
  context.metrics.record(Phase::kScheduleLag, turn.intended, now);
  co_return true;
}

ClientSession::ClientSession(ClientContext& context, io::Transport& transport, Turn first,
                             TimeNs started, TimeNs connected)
    : context_(context),
      transport_(&transport),
      first_(first),
      started_(started),
      now_(connected),
      phase_began_(connected) {}

io::Task<bool> ClientSession::run() {
  open_turns_ = context_.plan.messages_per_connection > 0 ? 1 : 0;
  const bool as_planned = co_await converse();
  context_.metrics.occupancy().left(started_, greeted_, now_);
  if (in_doubt_ > 0) count(&Counters::messages_in_doubt, in_doubt_);
  if (open_turns_ > in_doubt_) count(&Counters::messages_failed, open_turns_ - in_doubt_);
  co_return as_planned;
}

io::Task<bool> ClientSession::converse() {
  if (context_.plan.tls == TlsPolicy::kImplicit) {
    if (const bool ok = co_await secure(); !ok) co_return false;
  }
  if (const bool ok = co_await greeting(); !ok) co_return false;
  if (const bool ok = co_await ehlo(Phase::kEhlo); !ok) co_return false;
  if (wants_starttls()) {
    if (const bool ok = co_await starttls(); !ok) co_return false;
    if (tls_) {
      if (const bool ok = co_await ehlo(Phase::kEhloTls); !ok) co_return false;
    }
  }
  if (context_.plan.tls == TlsPolicy::kRequired && !tls_) {
    fail(Phase::kStarttls, "starttls-not-offered", "the server does not offer STARTTLS");
    co_return false;
  }
  if (context_.plan.auth.wanted()) {
    if (const bool ok = co_await authenticate(); !ok) co_return false;
    if (kept_out_) co_return co_await quit();
  }
  established_ = true;
  count(&Counters::sessions_established);
  if (!tls_) count(&Counters::sessions_plain);
  if (const bool ok = co_await messages(); !ok) co_return false;
  co_return co_await quit();
}

io::Task<bool> ClientSession::secure() {
  tls_.emplace(*transport_, *context_.tls);
  transport_ = &*tls_;
  begin();
  const io::Result<void> result = co_await tls_->handshake();
  if (!result) {
    fail(Phase::kTlsHandshake, result.error());
    co_return false;
  }
  now_ = transport_->scheduler().now();
  end(tls_->resumed() ? Phase::kTlsHandshakeResumed : Phase::kTlsHandshake);
  count(&Counters::tls_handshakes);
  if (tls_->resumed()) count(&Counters::tls_resumed);
  ++context_.metrics.second(now_).handshakes;
  co_return true;
}

io::Task<bool> ClientSession::greeting() {
  begin();
  const Reply reply = co_await read_reply(Phase::kGreeting);
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(Phase::kGreeting, reply);
    co_return false;
  }
  end(Phase::kGreeting);
  greeted_ = now_;
  context_.metrics.occupancy().served();
  co_return true;
}

io::Task<bool> ClientSession::ehlo(Phase phase) {
  offered_ = {};
  collecting_ehlo_ = true;
  const Reply reply = co_await command(phase, context_.script.ehlo);
  collecting_ehlo_ = false;
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(phase, reply);
    co_return false;
  }
  co_return true;
}

bool ClientSession::wants_starttls() {
  const TlsPolicy tls = context_.plan.tls;
  return (tls == TlsPolicy::kOpportunistic || tls == TlsPolicy::kRequired) &&
         offered_.has(parser::kCapStarttls);
}

// Afterwards tls_ tells whether the session is secured: an opportunistic one goes on in plaintext
// when the server takes its offer back.
io::Task<bool> ClientSession::starttls() {
  const Reply reply = co_await command(Phase::kStarttls, "STARTTLS\r\n");
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    if (context_.plan.tls == TlsPolicy::kOpportunistic && reply.code != 421) co_return true;
    fail_reply(Phase::kStarttls, reply);
    co_return false;
  }
  if (!transport_->input().empty()) {  // RFC 3207, 5: nothing may come between the 220 and TLS
    fail(Phase::kStarttls, "injection", "octets behind the reply to STARTTLS");
    co_return false;
  }
  co_return co_await secure();
}

// Message after message, as long as there are turns.
io::Task<bool> ClientSession::messages() {
  messages_left_ = context_.plan.messages_per_connection;
  if (messages_left_ == 0) co_return true;
  Turn turn = first_;
  for (;;) {
    --messages_left_;
    if (const bool ok = co_await transaction(turn); !ok) co_return false;
    if (next_) {
      turn = *std::exchange(next_, std::nullopt);
      continue;
    }
    if (messages_left_ == 0) co_return true;
    const std::optional<Turn> next = next_turn();
    if (!next) co_return true;
    turn = *next;
    const bool begun = co_await wait_for_turn(context_, transport_->scheduler(), turn);
    if (!begun) co_return true;
    ++open_turns_;
    if (turn.intended != 0) now_ = transport_->scheduler().now();
  }
}

// A session that is a turn as a whole goes on until the run ends.
std::optional<Turn> ClientSession::next_turn() {
  if (context_.plan.turn_of == TurnOf::kMessage) return context_.turns.take(now_);
  if (context_.turns.ended(now_)) return std::nullopt;
  return Turn{};
}

bool ClientSession::pipelines() const noexcept {
  return context_.plan.pipelining != Pipelining::kNone && offered_.has(parser::kCapPipelining);
}

// One message. Returns whether the session can go on: a refused message does not end it.
io::Task<bool> ClientSession::transaction(Turn turn) {
  if (pipelines()) co_return co_await pipelined_transaction(turn);
  message_began_ = now_;
  accepted_recipients_ = refused_as_wanted_ = 0;
  mail_ = take_mail();
  const Reply mail = co_await command(Phase::kMail, mail_.envelope->mail);
  if (refused(Phase::kMail, mail, mail.positive())) co_return co_await give_up(mail);
  Reply rcpt;
  std::size_t number = 0;
  for (const std::string& line : mail_.envelope->rcpt) {
    rcpt = co_await command(Phase::kRcpt, line);
    if (taken(rcpt, number++)) ++accepted_recipients_;
    if (rcpt.last()) co_return false;
  }
  if (accepted_recipients_ == 0) co_return co_await give_up(rcpt);
  const Reply data = co_await command(Phase::kData, kData);
  if (refused(Phase::kData, data, data.intermediate())) co_return co_await give_up(data);
  co_return co_await body(turn);
}

// The same with MAIL, RCPT and DATA in one group (RFC 2920, 3.1). Replies to what could not succeed
// any more are no errors of their own.
io::Task<bool> ClientSession::pipelined_transaction(Turn turn) {
  if (std::exchange(envelope_written_, false)) {
    mail_ = next_mail_;
  } else {
    if (spoken_to_unasked()) {
      fail(Phase::kMail, "protocol", kUnasked);
      co_return false;
    }
    mail_ = take_mail();
    write_envelope(mail_);
  }
  message_began_ = envelope_began_;
  accepted_recipients_ = refused_as_wanted_ = 0;
  const Reply mail = co_await group_reply(Phase::kMail);
  const bool hopeless = refused(Phase::kMail, mail, mail.positive());
  if (mail.last()) co_return false;
  for (std::size_t i = 0; i < mail_.envelope->rcpt.size(); ++i) {
    const Reply rcpt = co_await group_reply(Phase::kRcpt);
    const bool matters = !hopeless || rcpt.last();
    if (matters && taken(rcpt, i)) ++accepted_recipients_;
    if (rcpt.last()) co_return false;
  }
  const bool for_nobody = accepted_recipients_ == 0;
  const Reply data = co_await group_reply(Phase::kData);
  if (refused(Phase::kData, data, data.intermediate() || (for_nobody && !data.last()))) {
    co_return co_await give_up(data);
  }
  if (!data.intermediate()) co_return co_await give_up(data);
  if (for_nobody) co_return co_await no_body();
  co_return co_await body(turn);
}

io::Task<ClientSession::Reply> ClientSession::group_reply(Phase phase) {
  transport_->set_deadline(now_ + context_.plan.timeout_ns);
  const Reply reply = co_await read_reply(phase);
  if (reply.positive() || reply.intermediate()) {
    context_.metrics.record(phase, envelope_began_, now_);
  }
  co_return reply;
}

void ClientSession::write_envelope(const MailObject& mail) {
  envelope_began_ = now_;
  transport_->write(mail.envelope->group);
}

// The envelope of the next message travels with the end of this one, when it may begin already.
void ClientSession::begin_next_message() {
  if (context_.plan.pipelining != Pipelining::kFull || !pipelines() || messages_left_ == 0) return;
  if (context_.plan.turn_of == TurnOf::kMessage && !context_.turns.due(now_)) return;
  next_ = next_turn();
  if (!next_) return;
  if (next_->intended != 0) context_.metrics.record(Phase::kScheduleLag, next_->intended, now_);
  ++open_turns_;
  envelope_written_ = true;
  next_mail_ = take_mail();
  write_envelope(next_mail_);
}

io::Task<bool> ClientSession::body(Turn turn) {
  begin();
  if (!mail_.header.empty()) transport_->write(mail_.header);
  transport_->write_stable(mail_.message->wire());
  ++in_doubt_;
  begin_next_message();
  const Reply reply = co_await read_reply(Phase::kEndOfData);
  const TimeNs sent = std::clamp(transport_->sent_at(), phase_began_, now_);
  if (reply.code == 0) co_return false;
  --open_turns_;
  --in_doubt_;
  if (!reply.positive()) {
    fail_reply(Phase::kEndOfData, reply);
    count(&Counters::messages_failed);
    co_return reply.code != 421;
  }
  context_.metrics.record(Phase::kBodySent, phase_began_, sent);
  context_.metrics.record(Phase::kEndOfData, sent, now_);
  if (turn.intended != 0 && context_.plan.turn_of == TurnOf::kMessage) {
    context_.metrics.record(Phase::kMessageUncorrected, message_began_, now_);
    message_began_ = turn.intended;
  }
  context_.metrics.record(Phase::kMessage, message_began_, now_);
  count(&Counters::messages_accepted);
  count(&Counters::recipients_accepted, accepted_recipients_);
  count(&Counters::octets_accepted, mail_.size);
  SecondCounters& second = context_.metrics.second(now_);
  ++second.messages;
  second.octets += mail_.size;
  co_return true;
}

// A server that wants a body for nobody gets an empty one (RFC 2920, 3.1). The message has failed
// whatever it says.
io::Task<bool> ClientSession::no_body() {
  count(lost_counter());
  --open_turns_;
  const Reply reply = co_await command(Phase::kEndOfData, ".\r\n");
  co_return !reply.last();
}

// The message came to nothing before its body, as has been recorded: the next one begins behind a
// RSET.
io::Task<bool> ClientSession::give_up(Reply latest) {
  if (latest.last()) co_return false;
  count(lost_counter());
  --open_turns_;
  const Reply reply = co_await command(Phase::kReset, "RSET\r\n");
  co_return !refused(Phase::kReset, reply, reply.positive());
}

// The two that may be under way at once have a room each.
MailObject ClientSession::take_mail() {
  second_room_ = !second_room_;
  return context_.mail.next(offered_.offered, rooms_[second_room_ ? 1 : 0]);
}

// Whether the reply takes recipient `number`. That one which is to be refused is refused for good
// is no error.
bool ClientSession::taken(const Reply& reply, std::size_t number) {
  const std::vector<bool>& bad = mail_.envelope->bad;
  if (!bad.empty() && bad[number]) {
    count(&Counters::recipients_bad);
    if (reply.code >= 500) {
      count(&Counters::recipients_bad_refused);
      ++refused_as_wanted_;
      return false;
    }
  }
  return !refused(Phase::kRcpt, reply, reply.positive());
}

// What a message counts as that came to nothing before its body.
std::uint64_t Counters::*ClientSession::lost_counter() const noexcept {
  const bool as_wanted =
      refused_as_wanted_ > 0 && refused_as_wanted_ == mail_.envelope->rcpt.size();
  return as_wanted ? &Counters::messages_for_nobody : &Counters::messages_failed;
}

// Records the reply where it is not `wanted`, and returns whether that is so.
bool ClientSession::refused(Phase phase, const Reply& reply, bool wanted) {
  if (!wanted && reply.code != 0) fail_reply(phase, reply);
  return !wanted;
}

io::Task<bool> ClientSession::quit() {
  const Reply reply = co_await command(Phase::kQuit, "QUIT\r\n");
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(Phase::kQuit, reply);
    co_return false;
  }
  count(&Counters::sessions_completed);
  if (first_.intended != 0) {
    context_.metrics.record(Phase::kSessionUncorrected, started_, now_);
    started_ = first_.intended;
  }
  context_.metrics.record(Phase::kSession, started_, now_);
  ++context_.metrics.second(now_).sessions;
  co_await drain_to_end();
  co_return true;
}

// The server closes first (RFC 5321, 4.1.1.10), which also keeps TIME_WAIT on its side.
io::Task<> ClientSession::drain_to_end() {
  transport_->set_deadline(now_ + kEndOfStreamWait);
  for (;;) {
    transport_->consume(transport_->input().size());
    const io::Result<void> more = co_await transport_->receive();
    if (!more) co_return;
  }
}

io::Task<ClientSession::Reply> ClientSession::command(Phase phase, std::string_view line) {
  begin();
  if (spoken_to_unasked()) {
    fail(phase, "protocol", kUnasked);
    co_return Reply{};
  }
  transport_->write(line);
  const Reply reply = co_await read_reply(phase);
  if (reply.positive() || reply.intermediate()) end(phase);
  co_return reply;
}

// A 421 may come at any time (RFC 5321, 3.8): it is read as the reply to what comes next.
bool ClientSession::spoken_to_unasked() {
  const std::string_view input = transport_->input();
  return !input.empty() && !input.starts_with("421");
}

io::Task<ClientSession::Reply> ClientSession::read_reply(Phase phase) {
  for (;;) {
    const parser::FeedResult fed = parser_.feed(transport_->input(), line_);
    if (fed.status == parser::Status::kNeedMore) {
      transport_->consume(fed.consumed);
      const io::Result<void> more = co_await transport_->receive();
      if (more) continue;
      fail(phase, more.error());
      co_return Reply{};
    }
    if (fed.status == parser::Status::kRejected) {
      now_ = transport_->scheduler().now();
      fail(phase, "protocol",
           "the reply is malformed: " + std::string(parser::to_string(line_.error)) + " at octet " +
               std::to_string(line_.error_offset));
      co_return Reply{};
    }
    if (collecting_ehlo_ && !line_.first) offered_.add(line_.text);
    transport_->consume(fed.consumed);
    if (!line_.last) continue;
    now_ = transport_->scheduler().now();
    co_return Reply{line_.code, line_.enhanced};
  }
}

bool ClientSession::body_has_left() const noexcept {
  const TimeNs sent = transport_->sent_at();
  return sent != io::kNever && sent >= phase_began_;
}

void ClientSession::begin() noexcept {
  phase_began_ = now_;
  transport_->set_deadline(now_ + context_.plan.timeout_ns);
}

void ClientSession::end(Phase phase) noexcept {
  context_.metrics.record(phase, phase_began_, now_);
}

void ClientSession::fail(Phase phase, std::string_view kind, std::string_view sample) {
  context_.metrics.error(now_, phase, kind, 0, {}, sample);
}

void ClientSession::fail(Phase phase, const io::Error& error) {
  now_ = transport_->scheduler().now();
  if (phase == Phase::kEndOfData && !body_has_left()) phase = Phase::kBodySent;
  fail(phase, to_string(error.kind), describe(error));
}

void ClientSession::fail_reply(Phase phase, const Reply& reply) {
  // The text is still where it arrived: nothing has been waited for since.
  context_.metrics.error(now_, phase, "reply", reply.code, reply.enhanced,
                         std::to_string(reply.code) + " " + std::string(line_.text));
}

}  // namespace smtpmark::loadgen
