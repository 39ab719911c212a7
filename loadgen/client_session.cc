#include "loadgen/client_session.h"

#include <algorithm>
#include <utility>

#include "loadgen/extensions.h"

namespace smtpmark::loadgen {

namespace {

constexpr TimeNs kEndOfStreamWait = 2 * io::kSecond;  // behind the 221
constexpr std::uint32_t kSession = 0x73657373;        // of make_random()

// RFC 5321, 3.2 and 4.1.1.1: a server of RFC 821, which is to be greeted with HELO.
bool knows_no_ehlo(std::uint16_t code) {
  return code == 500 || code == 502 || code == 504;
}

std::string_view hello_of(const SessionPlan& plan) {
  return plan.role == Role::kLmtp ? "LHLO " : "EHLO ";
}

std::string hello(const SessionPlan& plan, std::uint64_t number, Random& random) {
  std::string line(hello_of(plan));
  plan.helo_name.append(line, number, random);
  return line + "\r\n";
}

}  // namespace

Script::Script(const SessionPlan& plan)
    : ehlo(std::string(hello_of(plan)) + plan.helo_name.lowest() + "\r\n"),
      xclient("XCLIENT " + plan.xclient + "\r\n") {}

io::Task<bool> wait_for_turn(ClientContext& context, io::Scheduler& scheduler, Turn turn) {
  if (turn.intended == 0) co_return true;
  TimeNs now = scheduler.now();
  while (turn.intended > now) {
    co_await scheduler.nap_until(turn.intended);
    now = scheduler.now();
    if (turn.intended > now && context.turns.ended(now)) co_return false;
  }
  context.metrics.record(Phase::kScheduleLag, turn.intended, now);
  co_return true;
}

ClientSession::ClientSession(ClientContext& context, io::Transport& transport, Turn first,
                             TimeNs started, TimeNs connected, std::uint64_t number)
    : context_(context),
      transport_(&transport),
      flights_(context.plan.pipelining == Pipelining::kFull ? context.plan.pipelining_depth : 1),
      first_(first),
      started_(started),
      now_(connected),
      phase_began_(connected) {
  const SessionPlan& plan = context.plan;
  if (plan.helo_name.fixed() && !plan.shape.draws()) return;
  random_ = make_random(context.seed, context.class_number, number, kSession);
  if (!plan.helo_name.fixed()) own_ehlo_ = hello(plan, number, random_);
}

io::Task<bool> ClientSession::run() {
  open_turns_ = context_.plan.messages_per_connection > 0 ? 1 : 0;
  const bool as_planned = co_await converse();
  context_.metrics.occupancy().left(started_, greeted_, now_);
  if (in_doubt_ > 0) count(&Counters::messages_in_doubt, in_doubt_);
  if (open_turns_ > in_doubt_) count(&Counters::messages_failed, open_turns_ - in_doubt_);
  co_return as_planned || abandoned_;
}

io::Task<bool> ClientSession::converse() {
  if (const bool ok = co_await set_up(); !ok) co_return false;
  if (tls_ && context_.plan.handshake_only) co_return co_await leave_secured();
  if (kept_out_) co_return co_await quit();
  established_ = true;
  count(&Counters::sessions_established);
  if (!tls_) count(&Counters::sessions_plain);
  if (const bool ok = co_await messages(); !ok) co_return false;
  if (context_.plan.shape.drop) co_return complete();
  co_return co_await quit();
}

// All that comes before the first message; its frame is gone when sessions wait for their turns.
io::Task<bool> ClientSession::set_up() {
  if (context_.plan.tls == TlsPolicy::kImplicit) {
    if (const bool ok = co_await secure(); !ok) co_return false;
    if (context_.plan.handshake_only) co_return true;
  }
  if (const bool ok = co_await greeting(); !ok) co_return false;
  if (const bool ok = co_await ehlo(Phase::kEhlo); !ok) co_return false;
  if (wants_starttls()) {
    if (const bool ok = co_await starttls(); !ok) co_return false;
    if (tls_ && context_.plan.handshake_only) co_return true;
    if (tls_) {
      if (const bool ok = co_await ehlo(Phase::kEhloTls); !ok) co_return false;
    }
  }
  if (context_.plan.tls == TlsPolicy::kRequired && !tls_) {
    fail(Phase::kStarttls, "starttls-not-offered", "the server does not offer STARTTLS");
    co_return false;
  }
  if (!offers_what_is_required()) co_return false;
  if (!context_.plan.xclient.empty() && offered_.has(parser::kCapXclient)) {
    if (const bool ok = co_await xclient(); !ok) co_return false;
  }
  if (context_.plan.auth.wanted()) co_return co_await authenticate();
  co_return true;
}

io::Task<bool> ClientSession::secure() {
  tls_ = std::make_unique<io::TlsTransport>(*transport_, *context_.tls);
  transport_ = tls_.get();
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
  if (tls_->refused_session()) count(&Counters::tls_stale);
  context_.metrics.tls().add(tls_->agreement());
  ++context_.metrics.second(now_).handshakes;
  co_return true;
}

// The session was about its handshake. Tickets come behind it (RFC 8446, 4.6.1), so that the
// connection is read to its end; the server closes first, as behind QUIT.
io::Task<bool> ClientSession::leave_secured() {
  established_ = true;
  count(&Counters::sessions_established);
  if (greeted_ == io::kNever) {
    greeted_ = now_;
    context_.metrics.occupancy().served();
  }
  tls_->write_close_notify();
  const bool completed = complete();
  co_await drain_to_end();
  co_return completed;
}

io::Task<bool> ClientSession::greeting() {
  begin();
  const Reply reply = co_await read_reply(Phase::kGreeting);
  if (reply.code == 0) co_return false;
  if (reply.code != 220) {  // RFC 5321, 4.3.2
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
  const std::string& line = own_ehlo_.empty() ? context_.script.ehlo : own_ehlo_;
  Reply reply = co_await command(phase, line);
  collecting_ehlo_ = false;
  if (knows_no_ehlo(reply.code) && line.front() == 'E') {
    const std::string helo = "HELO" + line.substr(4);
    reply = co_await command(phase, helo);
    offered_ = {};
  }
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(phase, reply);
    co_return false;
  }
  ever_offered_ |= offered_.offered;
  co_return true;
}

// STARTTLS is offered before TLS, AUTH often behind it alone.
bool ClientSession::offers_what_is_required() {
  const std::uint64_t missing = context_.plan.required & ~ever_offered_;
  if (missing == 0) return true;
  fail(tls_ ? Phase::kEhloTls : Phase::kEhlo, "capability-not-offered",
       "the server does not offer " + keywords_of(missing));
  return false;
}

// Postfix, XCLIENT_README: the server greets anew, and forgets what was said before.
io::Task<bool> ClientSession::xclient() {
  const Reply reply = co_await command(Phase::kXclient, context_.script.xclient);
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(Phase::kXclient, reply);
    co_return false;
  }
  co_return co_await ehlo(tls_ ? Phase::kEhloTls : Phase::kEhlo);
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

io::Task<bool> ClientSession::quit() {
  const Reply reply = co_await command(Phase::kQuit, "QUIT\r\n");
  if (reply.code == 0) co_return false;
  if (!reply.positive()) {
    fail_reply(Phase::kQuit, reply);
    co_return false;
  }
  complete();
  co_await drain_to_end();
  co_return true;
}

// The session has ended as planned.
bool ClientSession::complete() {
  count(&Counters::sessions_completed);
  if (first_.intended != 0) {
    context_.metrics.record(Phase::kSessionUncorrected, started_, now_);
    started_ = first_.intended;
  }
  context_.metrics.record(Phase::kSession, started_, now_);
  ++context_.metrics.second(now_).sessions;
  return true;
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
  std::optional<Reply> reply = reply_at_hand(phase);
  while (!reply) {
    const io::Result<void> more = co_await transport_->receive();
    reply = more ? reply_at_hand(phase) : lost(phase, more.error());
  }
  if (reply->positive() || reply->intermediate()) end(phase);
  co_return *reply;
}

// A 421 may come at any time (RFC 5321, 3.8): it is read as the reply to what comes next.
bool ClientSession::spoken_to_unasked() {
  const std::string_view input = transport_->input();
  return !input.empty() && !input.starts_with("421");
}

io::Task<ClientSession::Reply> ClientSession::read_reply(Phase phase) {
  std::optional<Reply> reply = reply_at_hand(phase);
  while (!reply) {
    const io::Result<void> more = co_await transport_->receive();
    reply = more ? reply_at_hand(phase) : lost(phase, more.error());
  }
  co_return *reply;
}

ClientSession::Reply ClientSession::lost(Phase phase, const io::Error& error) {
  fail(phase, error);
  return {};
}

std::optional<ClientSession::Reply> ClientSession::reply_at_hand(Phase phase) {
  for (;;) {
    const parser::FeedResult fed = parser_.feed(transport_->input(), line_);
    if (fed.status == parser::Status::kNeedMore) {
      transport_->consume(fed.consumed);
      return std::nullopt;
    }
    if (fed.status == parser::Status::kRejected) {
      now_ = transport_->scheduler().now();
      fail(phase, "protocol",
           "the reply is malformed: " + std::string(parser::to_string(line_.error)) + " at octet " +
               std::to_string(line_.error_offset));
      return Reply{};
    }
    if (collecting_ehlo_ && !line_.first) offered_.add(line_.text);
    transport_->consume(fed.consumed);
    if (!line_.last) continue;
    now_ = transport_->scheduler().now();
    return Reply{line_.code, line_.enhanced};
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
  context_.metrics.error(now_, phase, to_string(error.kind), error.alert(), {}, describe(error));
}

void ClientSession::fail_reply(Phase phase, const Reply& reply) {
  // The text is still where it arrived: nothing has been waited for since.
  context_.metrics.error(now_, phase, "reply", reply.code, reply.enhanced,
                         std::to_string(reply.code) + " " + std::string(line_.text));
}

}  // namespace smtpmark::loadgen
