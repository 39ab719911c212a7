// Mail transactions (RFC 5321, 3.3): what a session does between its set-up and its end.
#include <algorithm>

#include "loadgen/client_session.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kData = "DATA\r\n";

}  // namespace

// Message after message, as long as there are turns.
io::Task<bool> ClientSession::messages() {
  messages_left_ = session_length();
  if (messages_left_ == 0) co_return true;
  --messages_left_;
  flights_.push(first_);
  for (;;) {
    if (const bool ok = co_await transaction(); !ok) co_return false;
    flights_.pop();
    if (!flights_.empty()) continue;
    if (messages_left_ == 0) co_return true;
    if (context_.plan.shape.pauses()) {
      if (const bool ok = co_await between_messages(); !ok) co_return false;
    }
    const std::optional<Turn> next = next_turn();
    if (!next) {
      co_await rest_until(context_.turns.held_until());
      co_return true;
    }
    if (next->intended != 0) {
      transport_->stand_by();
      const bool begun = co_await wait_for_turn(context_, transport_->scheduler(), *next);
      if (!begun) co_return true;
      now_ = transport_->scheduler().now();
    }
    ++open_turns_;
    --messages_left_;
    flights_.push(*next);
  }
}

// LIMITS MAILMAX (RFC 9422, 4.1) ends a session before its plan does.
std::uint64_t ClientSession::session_length() {
  const std::uint64_t planned =
      draw_count(context_.plan.shape.spread, context_.plan.messages_per_connection, random_);
  return offered_.mail_max == 0 ? planned : std::min<std::uint64_t>(planned, offered_.mail_max);
}

io::Task<bool> ClientSession::between_messages() {
  const SessionShape& shape = context_.plan.shape;
  if (shape.think.mean_ns > 0) co_await rest_until(now_ + shape.think.draw(random_));
  if (!shape.reset_between) co_return true;
  co_return co_await reset();
}

// Or until the run has ended.
io::Task<> ClientSession::rest_until(TimeNs until) {
  if (now_ >= until) co_return;
  transport_->stand_by();
  io::Scheduler& scheduler = transport_->scheduler();
  while (now_ < until && !context_.turns.ended(now_)) {
    co_await scheduler.nap_until(until);
    now_ = scheduler.now();
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

bool ClientSession::chunks() const noexcept {
  return context_.plan.chunking.use && offered_.has(parser::kCapChunking);
}

// The message at the front. Returns whether the session can go on: a refused message does not end
// it.
io::Task<bool> ClientSession::transaction() {
  if (pipelines()) co_return co_await pipelined_transaction();
  Flight& flight = flights_.front();
  begin_flight(flight);
  accepted_recipients_ = refused_as_wanted_ = 0;
  const Reply mail = co_await command(Phase::kMail, flight.mail.envelope->mail);
  if (refused(Phase::kMail, mail, mail.positive())) co_return co_await give_up(mail);
  if (flight.abort == AbortPoint::kMail) co_return abandon();
  Reply rcpt;
  std::size_t number = 0;
  for (const std::string& line : flight.mail.envelope->rcpt) {
    rcpt = co_await command(Phase::kRcpt, line);
    if (taken(rcpt, number++)) ++accepted_recipients_;
    if (rcpt.last()) co_return false;
  }
  if (accepted_recipients_ == 0) co_return co_await give_up(rcpt);
  if (flight.abort == AbortPoint::kRcpt) co_return abandon();
  if (chunks()) co_return co_await chunk_by_chunk();
  const Reply data = co_await command(Phase::kData, kData);
  if (refused(Phase::kData, data, data.intermediate())) co_return co_await give_up(data);
  if (!send_body()) co_return false;
  co_return co_await end_of_data(true);
}

// The same with MAIL, RCPT and DATA in one group (RFC 2920, 3.1); chunks need not wait for any
// reply (RFC 3030, 4.2). Replies to what could not succeed any more are no errors of their own.
io::Task<bool> ClientSession::pipelined_transaction() {
  Flight& flight = flights_.front();
  if (!flight.written) {
    if (spoken_to_unasked()) {
      fail(Phase::kMail, "protocol", kUnasked);
      co_return false;
    }
    write_group(flight);
  }
  if (chunks()) run_ahead();
  accepted_recipients_ = refused_as_wanted_ = 0;
  const Reply mail = co_await group_reply(Phase::kMail);
  const bool hopeless = refused(Phase::kMail, mail, mail.positive());
  if (mail.last()) co_return false;
  if (flight.abort == AbortPoint::kMail && !hopeless) co_return abandon();
  for (std::size_t i = 0; i < flight.mail.envelope->rcpt.size(); ++i) {
    const Reply rcpt = co_await group_reply(Phase::kRcpt);
    const bool matters = !hopeless || rcpt.last();
    if (matters && taken(rcpt, i)) ++accepted_recipients_;
    if (rcpt.last()) co_return false;
  }
  const bool for_nobody = accepted_recipients_ == 0;
  if (flight.abort == AbortPoint::kRcpt && !for_nobody) co_return abandon();
  if (flight.abort == AbortPoint::kBody && chunks()) co_return abandon();
  if (chunks()) co_return co_await chunk_replies(for_nobody);
  const Reply data = co_await group_reply(Phase::kData);
  if (refused(Phase::kData, data, data.intermediate() || (for_nobody && !data.last()))) {
    co_return co_await give_up(data);
  }
  if (!data.intermediate()) co_return co_await give_up(data);
  if (for_nobody) co_return co_await no_body();
  if (!send_body()) co_return false;
  co_return co_await end_of_data(true);
}

io::Task<ClientSession::Reply> ClientSession::group_reply(Phase phase) {
  transport_->set_deadline(now_ + context_.plan.timeout_ns);
  const Reply reply = co_await read_reply(phase);
  if (reply.positive() || reply.intermediate()) {
    context_.metrics.record(phase, flights_.front().began, now_);
  }
  co_return reply;
}

void ClientSession::begin_flight(Flight& flight) {
  flight.began = now_;
  flight.mail = context_.mail.next({offered_.offered, offered_.rcpt_max, offered_.rcpt_domain_max},
                                   flight.room, recipient_domains_);
  flight.abort = context_.plan.shape.aborts.any() ? draw_abort() : AbortPoint::kNone;
}

// Where whole sessions are turns, each of them draws for itself.
AbortPoint ClientSession::draw_abort() {
  const bool by_message = context_.plan.turn_of == TurnOf::kMessage;
  return context_.plan.shape.aborts.draw(by_message ? context_.aborts : random_);
}

void ClientSession::write_group(Flight& flight) {
  begin_flight(flight);
  flight.written = true;
  transport_->write(flight.mail.envelope->group);
  if (!chunks()) return;
  if (flight.abort == AbortPoint::kBody) return write_half(chunks_of(flight).next());
  for (ChunkCutter cutter = chunks_of(flight); !cutter.done();) write_chunk(cutter.next());
  sent_all_of(flight);
}

// With CHUNKING whole messages travel behind each other; else the envelope of the next one with the
// end of this one, when it may begin already.
void ClientSession::run_ahead() {
  if (context_.plan.pipelining != Pipelining::kFull || !pipelines()) return;
  const std::size_t depth =
      chunks() ? context_.plan.pipelining_depth : std::min(context_.plan.pipelining_depth, 2U);
  while (flights_.size() < depth && messages_left_ > 0 &&
         flights_.back().abort == AbortPoint::kNone) {
    if (context_.plan.turn_of == TurnOf::kMessage && !context_.turns.due(now_)) return;
    const std::optional<Turn> next = next_turn();
    if (!next) return;
    if (next->intended != 0) context_.metrics.record(Phase::kScheduleLag, next->intended, now_);
    ++open_turns_;
    --messages_left_;
    write_group(flights_.push(*next));
  }
}

// The body behind a 354. Returns false where the session ends in the middle of it.
bool ClientSession::send_body() {
  Flight& flight = flights_.front();
  begin();
  const std::string_view wire = flight.mail.message->wire();
  if (!flight.mail.header.empty()) transport_->write(flight.mail.header);
  if (flight.abort == AbortPoint::kBody) {
    transport_->write_stable(wire.substr(0, wire.size() / 2));
    return abandon();
  }
  transport_->write_stable(wire);
  sent_all_of(flight);
  run_ahead();
  return true;
}

ChunkCutter ClientSession::chunks_of(const Flight& flight) const {
  return {flight.mail.header, flight.mail.message->content(), context_.plan.chunking.octets};
}

void ClientSession::write_chunk(const Chunk& chunk) {
  transport_->write(chunk.command());
  if (!chunk.header.empty()) transport_->write(chunk.header);
  transport_->write_stable(chunk.message);
}

void ClientSession::write_half(const Chunk& chunk) {
  transport_->write(chunk.command());
  transport_->write_stable(chunk.message.substr(0, chunk.message.size() / 2));
}

// Each BDAT behind the reply to the one before (RFC 3030, 2).
io::Task<bool> ClientSession::chunk_by_chunk() {
  Flight& flight = flights_.front();
  for (ChunkCutter cutter = chunks_of(flight);;) {
    const Chunk chunk = cutter.next();
    begin();
    if (flight.abort == AbortPoint::kBody) {
      write_half(chunk);
      co_return abandon();
    }
    write_chunk(chunk);
    if (chunk.last) break;
    const Reply reply = co_await read_reply(Phase::kData);
    if (refused(Phase::kData, reply, reply.positive())) co_return co_await give_up(reply);
    end(Phase::kData);
  }
  sent_all_of(flight);
  co_return co_await end_of_data(true);
}

// The replies to chunks that went with their envelope. A message of which one was refused has
// failed.
io::Task<bool> ClientSession::chunk_replies(bool for_nobody) {
  const Flight& flight = flights_.front();
  bool lost = for_nobody;
  for (std::size_t left = chunks_of(flight).count(); left > 1; --left) {
    const Reply reply = co_await group_reply(Phase::kData);
    if (refused(Phase::kData, reply, reply.positive() || (lost && !reply.last()))) lost = true;
    if (reply.last()) co_return false;
  }
  phase_began_ = flight.began;
  transport_->set_deadline(now_ + context_.plan.timeout_ns);
  if (!lost) co_return co_await end_of_data(false);
  const Reply reply = co_await read_reply(Phase::kEndOfData);
  if (refused(Phase::kEndOfData, reply, !reply.last())) co_return false;
  settle(lost_counter());
  // RFC 3030, 2: a chunk that was refused leaves the transaction undefined. What is under way
  // already comes before a RSET.
  if (flights_.size() > 1) co_return true;
  co_return co_await reset();
}

void ClientSession::sent_all_of(Flight& flight) {
  flight.in_doubt = true;
  ++in_doubt_;
}

// The turn of the message at the front is accounted for.
void ClientSession::settle(std::uint64_t Counters::*counter) {
  count(counter);
  --open_turns_;
  if (flights_.front().in_doubt) --in_doubt_;
}

// The replies to the end of a message: one, in LMTP one for each recipient that was taken (RFC
// 2033, 4.2). `sent_apart`: nothing else was sent since its content, so that sending and waiting
// can be told apart.
io::Task<bool> ClientSession::end_of_data(bool sent_apart) {
  const bool lmtp = context_.plan.role == Role::kLmtp;
  std::uint32_t good = 0;
  Reply reply;
  for (std::uint32_t left = lmtp ? accepted_recipients_ : 1; left > 0; --left) {
    reply = co_await read_reply(Phase::kEndOfData);
    if (reply.code == 0) co_return false;
    if (!refused(Phase::kEndOfData, reply, reply.positive())) ++good;
    if (reply.last()) break;
  }
  if (good == 0) {
    settle(&Counters::messages_failed);
    co_return !reply.last();
  }
  settle(&Counters::messages_accepted);
  TimeNs sent = phase_began_;
  if (sent_apart) {
    sent = std::clamp(transport_->sent_at(), phase_began_, now_);
    context_.metrics.record(Phase::kBodySent, phase_began_, sent);
  }
  context_.metrics.record(Phase::kEndOfData, sent, now_);
  count_accepted(lmtp ? good : accepted_recipients_);
  co_return !reply.last();
}

void ClientSession::count_accepted(std::uint32_t recipients) {
  const Flight& flight = flights_.front();
  TimeNs began = flight.began;
  if (flight.turn.intended != 0 && context_.plan.turn_of == TurnOf::kMessage) {
    context_.metrics.record(Phase::kMessageUncorrected, began, now_);
    began = flight.turn.intended;
  }
  context_.metrics.record(Phase::kMessage, began, now_);
  count(&Counters::recipients_accepted, recipients);
  count(&Counters::octets_accepted, flight.mail.size);
  SecondCounters& second = context_.metrics.second(now_);
  ++second.messages;
  second.octets += flight.mail.size;
}

// A server that wants a body for nobody gets an empty one (RFC 2920, 3.1). The message has failed
// whatever it says.
io::Task<bool> ClientSession::no_body() {
  settle(lost_counter());
  const Reply reply = co_await command(Phase::kEndOfData, ".\r\n");
  co_return !reply.last();
}

// The message came to nothing before its end, as has been recorded: the next one begins behind a
// RSET.
io::Task<bool> ClientSession::give_up(Reply latest) {
  if (latest.last()) co_return false;
  settle(lost_counter());
  co_return co_await reset();
}

io::Task<bool> ClientSession::reset() {
  const Reply reply = co_await command(Phase::kReset, "RSET\r\n");
  co_return !refused(Phase::kReset, reply, reply.positive());
}

// The plan has the connection end here. What is under way behind this message ends with it.
bool ClientSession::abandon() {
  abandoned_ = true;
  while (!flights_.empty()) {
    settle(flights_.front().in_doubt ? &Counters::messages_in_doubt
                                     : &Counters::messages_abandoned);
    flights_.pop();
  }
  return false;
}

// Whether the reply takes recipient `number`. That one which is to be refused is refused for good
// is no error.
bool ClientSession::taken(const Reply& reply, std::size_t number) {
  const std::vector<bool>& bad = flights_.front().mail.envelope->bad;
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
std::uint64_t Counters::*ClientSession::lost_counter() noexcept {
  const std::size_t recipients = flights_.front().mail.envelope->rcpt.size();
  const bool as_wanted = refused_as_wanted_ > 0 && refused_as_wanted_ == recipients;
  return as_wanted ? &Counters::messages_for_nobody : &Counters::messages_failed;
}

// Records the reply where it is not `wanted`, and returns whether that is so.
bool ClientSession::refused(Phase phase, const Reply& reply, bool wanted) {
  if (!wanted && reply.code != 0) fail_reply(phase, reply);
  return !wanted;
}

}  // namespace smtpmark::loadgen
