// The client's side of one SMTP session, as a coroutine that reads like the RFC's dialogue.
#ifndef SMTPMARK_LOADGEN_CLIENT_SESSION_H_
#define SMTPMARK_LOADGEN_CLIENT_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/task.h"
#include "io/tls_transport.h"
#include "io/transport.h"
#include "loadgen/chunk_cutter.h"
#include "loadgen/flights.h"
#include "loadgen/mail_source.h"
#include "loadgen/metrics.h"
#include "loadgen/plan.h"
#include "loadgen/sasl_client.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace smtpmark::loadgen {

// Where turns come from. Belongs to one thread.
class TurnSource {
 public:
  virtual ~TurnSource() = default;
  // The next turn, or nothing when the run is over for this session.
  virtual std::optional<Turn> take(TimeNs now) = 0;
  // Whether take() would give a turn that may begin at once.
  virtual bool due(TimeNs now) const = 0;
  // Whether the run has ended, so that a turn already given is not to be begun any more. Who runs
  // the sessions ends their naps then (io::Scheduler).
  virtual bool ended(TimeNs now) const = 0;
  // How long a session that take() has given nothing stays connected: where time ends the run, a
  // load keeps its connections for as long, also those that have had their last turn. 0: it may end
  // at once.
  virtual TimeNs held_until() const { return 0; }
};

// The command lines of a plan before its first MAIL, written out once.
struct Script {
  explicit Script(const SessionPlan& plan);

  std::string ehlo;  // of the first session, and of all where they have one name
  std::string xclient;
};

// What the sessions of one thread have in common; outlives them all.
struct ClientContext {
  const SessionPlan& plan;
  const Script& script;
  MailSource& mail;
  const io::TlsContext* tls;  // null where the plan has no TLS
  SaslClient& sasl;           // unused where the plan has no AUTH
  TurnSource& turns;
  Metrics& metrics;
  std::uint64_t seed = 1;  // of what sessions draw
  std::uint32_t class_number = 0;
  // Which messages are aborted where turns are messages: in the order in which they are begun,
  // whichever session has them, so that as many are of a given number each time.
  Random aborts{};
};

// Waits for the intended start of `turn` and records the lag. Returns false when the run has ended
// before it: then the turn is not to be begun.
io::Task<bool> wait_for_turn(ClientContext& context, io::Scheduler& scheduler, Turn turn);

class ClientSession {
 public:
  // `transport` is connected since `connected` and outlives the session; `started` is when the
  // connection was asked for, `first` the turn it was asked for. `number` is the session's own, of
  // those of its class: its name depends on it, and what it draws.
  ClientSession(ClientContext& context, io::Transport& transport, Turn first, TimeNs started,
                TimeNs connected, std::uint64_t number = 0);

  // The whole dialogue. Returns whether it ended as planned; every failure has been recorded.
  io::Task<bool> run();

  // Whether the server let the session in, or kept it out as it was to.
  bool established() const noexcept { return established_ || kept_out_; }

 private:
  static constexpr std::string_view kUnasked = "a reply came that nobody had asked for";

  struct Reply {
    std::uint16_t code = 0;  // 0: none came; recorded
    parser::EnhancedCode enhanced;
    bool positive() const noexcept { return code >= 200 && code < 300; }
    bool intermediate() const noexcept { return code >= 300 && code < 400; }
    // The session is over: RFC 5321, 3.8.
    bool last() const noexcept { return code == 0 || code == 421; }
  };

  io::Task<bool> converse();
  io::Task<bool> set_up();
  io::Task<bool> secure();
  io::Task<bool> leave_secured();
  io::Task<bool> greeting();
  io::Task<bool> ehlo(Phase phase);
  io::Task<bool> starttls();
  bool offers_what_is_required();
  io::Task<bool> xclient();
  io::Task<bool> authenticate();
  bool speaks_first(std::size_t octets) const noexcept;
  io::Task<Reply> exchange(parser::AuthMechanism mechanism, Login login);
  io::Task<Reply> cancel(std::string why);
  ChannelBinding channel_binding(parser::AuthMechanism mechanism) const;
  bool conclude(parser::AuthMechanism mechanism, bool wrong, const Reply& reply);
  io::Task<bool> messages();
  std::uint64_t session_length();
  io::Task<bool> between_messages();
  io::Task<> rest_until(TimeNs until);
  std::optional<Turn> next_turn();
  io::Task<bool> transaction();
  io::Task<bool> pipelined_transaction();
  AbortPoint draw_abort();
  bool send_body();
  io::Task<bool> chunk_by_chunk();
  io::Task<bool> chunk_replies(bool for_nobody);
  io::Task<bool> end_of_data(bool sent_apart);
  io::Task<bool> no_body();
  io::Task<bool> give_up(Reply latest);
  io::Task<bool> reset();
  bool abandon();
  bool refused(Phase phase, const Reply& reply, bool wanted);
  bool pipelines() const noexcept;
  bool taken(const Reply& reply, std::size_t number);
  std::uint64_t Counters::*lost_counter() noexcept;
  bool chunks() const noexcept;
  ChunkCutter chunks_of(const Flight& flight) const;
  void begin_flight(Flight& flight);
  void write_group(Flight& flight);
  void write_chunk(const Chunk& chunk);
  void write_half(const Chunk& chunk);
  void run_ahead();
  void sent_all_of(Flight& flight);
  void settle(std::uint64_t Counters::*counter);
  void count_accepted(std::uint32_t recipients);
  io::Task<bool> quit();
  bool complete();
  io::Task<> drain_to_end();

  // Sends `line` and reads the reply; records the phase, and the error when there was no reply.
  io::Task<Reply> command(Phase phase, std::string_view line);
  // The reply to one of the commands of a group.
  io::Task<Reply> group_reply(Phase phase);
  io::Task<Reply> read_reply(Phase phase);
  // What has arrived already; nothing where the reply is not at its end.
  std::optional<Reply> reply_at_hand(Phase phase);
  Reply lost(Phase phase, const io::Error& error);

  bool spoken_to_unasked();
  bool body_has_left() const noexcept;
  void begin() noexcept;
  void end(Phase phase) noexcept;
  void fail(Phase phase, std::string_view kind, std::string_view sample);
  void fail(Phase phase, const io::Error& error);
  void fail_reply(Phase phase, const Reply& reply);
  bool wants_starttls();
  void count(std::uint64_t Counters::*counter, std::uint64_t amount = 1) noexcept {
    context_.metrics.count(counter, now_, amount);
  }

  ClientContext& context_;
  io::Transport* transport_;  // the lower one, then tls_
  std::unique_ptr<io::TlsTransport> tls_;
  // Real servers send longer lines than the 512 octets of RFC 5321, 4.5.3.1.5, and Latin-1; the
  // challenges of AUTH may be longer (RFC 4954, 4).
  parser::ReplyParser parser_{
      parser::ReplyOptions{.max_line = parser::kMaxAuthLine, .any_text = true}};
  parser::ReplyLine line_;
  parser::Capabilities offered_;
  std::vector<std::string> recipient_domains_;  // for a server that limits them (RFC 9422, 4.3)
  std::uint64_t ever_offered_ = 0;              // in any of its replies to EHLO
  bool collecting_ehlo_ = false;
  std::string own_ehlo_;  // where sessions have names of their own
  bool established_ = false;
  bool kept_out_ = false;         // with a wrong password, as was wanted
  std::uint32_t open_turns_ = 0;  // taken and not accounted for: two when messages overlap
  std::uint32_t in_doubt_ = 0;    // of those, bodies sent: a lost connection leaves them in doubt
  std::uint32_t accepted_recipients_ = 0;  // of the message under way
  std::uint32_t refused_as_wanted_ = 0;    // recipients of it
  std::uint64_t messages_left_ = 0;        // of the session, besides those begun
  Flights flights_;                        // the message under way, and those sent ahead
  Turn first_;
  Random random_;           // its own stream, where anything is drawn
  bool abandoned_ = false;  // as the plan has it
  TimeNs started_;
  TimeNs greeted_ = io::kNever;
  TimeNs now_;  // of the latest event
  TimeNs phase_began_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CLIENT_SESSION_H_
