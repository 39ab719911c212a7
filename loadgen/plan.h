// What a run is to do.
#ifndef SMTPMARK_LOADGEN_PLAN_H_
#define SMTPMARK_LOADGEN_PLAN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/address.h"
#include "io/ring.h"
#include "io/tls_context.h"
#include "loadgen/auth_plan.h"
#include "loadgen/pattern.h"
#include "loadgen/predicate.h"
#include "loadgen/proxy_protocol.h"
#include "loadgen/session_shape.h"

namespace smtpmark::loadgen {

// What a port is for; each has its customs about TLS and AUTH.
enum class Role : std::uint8_t {
  kRelay,        // 25: RFC 5321
  kSubmission,   // 587: RFC 6409
  kSubmissions,  // 465: RFC 8314
  kLmtp,         // 24, UNIX sockets: RFC 2033
};
std::string_view to_string(Role role) noexcept;

enum class TlsPolicy : std::uint8_t {
  kNone,           // never
  kOpportunistic,  // STARTTLS where it is offered
  kRequired,       // STARTTLS, or the session fails: never plaintext
  kImplicit,       // TLS from the first octet
};
std::string_view to_string(TlsPolicy policy) noexcept;

// Which commands travel together, where the server offers PIPELINING (RFC 2920).
enum class Pipelining : std::uint8_t {
  kNone,   // each command waits for the reply to the one before
  kGroup,  // MAIL, RCPT and DATA of a message
  kFull,   // and with them the end of the message before; with CHUNKING, whole messages
};
std::string_view to_string(Pipelining pipelining) noexcept;

// BDAT in place of DATA, where the server offers CHUNKING (RFC 3030).
struct Chunking {
  bool use = false;
  bool binary = false;       // BODY=BINARYMIME, where the server offers that too
  std::uint64_t octets = 0;  // of a chunk; 0: the whole content is one
};

// Parameters of MAIL and RCPT, each where the server offers its extension.
struct ParameterPlan {
  bool smtputf8 = false;           // RFC 6531: for every message
  bool utf8_addresses = false;     // and for those with an address beyond ASCII: there are some
  bool requiretls = false;         // RFC 8689; under TLS
  bool orcpt = false;              // RFC 3461, 4.2: the recipient itself
  std::string ret;                 // RFC 3461, 4.3: FULL, HDRS or nothing
  std::string envid;               // 4.4, in xtext
  std::string notify;              // 4.1: NEVER, or SUCCESS, FAILURE, DELAY with commas
  std::optional<int> mt_priority;  // RFC 6710: -9 to 9
};

// What is given a turn: what rates, counts and drops are about, and what an open loop measures from
// its intended start.
enum class TurnOf : std::uint8_t {
  kMessage,
  kSession,  // whole: its messages follow each other as fast as replies come
};
std::string_view to_string(TurnOf turn_of) noexcept;

struct Workload;

// The dialogue of every session of one class.
struct SessionPlan {
  Role role = Role::kRelay;
  TlsPolicy tls = TlsPolicy::kOpportunistic;
  AuthPlan auth;
  Pattern helo_name = Pattern("client.example.com");
  std::string sender = "load@example.com";
  std::string recipient = "sink@example.com";
  Pipelining pipelining = Pipelining::kNone;
  std::uint32_t pipelining_depth = 2;  // messages under way at once, with kFull
  Chunking chunking;
  ParameterPlan parameters;
  std::string xclient;         // attributes, where XCLIENT is offered; empty: it is not said
  std::uint64_t required = 0;  // bits of parser::Capability without which a session fails
  SessionShape shape;
  std::uint32_t recipients = 1;               // a message
  std::uint64_t messages_per_connection = 1;  // 0: sessions without a message
  std::uint64_t message_size = 1024;          // octets before dot-stuffing
  std::uint64_t timeout_ns = 30'000'000'000;  // for each reply
  TurnOf turn_of = TurnOf::kMessage;          // kSession without messages
  bool handshake_only = false;                // the session ends with the TLS handshake
  // Where not all messages are the same: takes the place of sender, recipient, recipients and
  // message_size.
  std::shared_ptr<const Workload> workload;
};

// A part of the load: what it does to whom, and how much of the whole it is.
struct ClassPlan {
  std::string name;  // empty when it is the only one
  // Shares are relative to the sum of all: of the turns in an open loop (whose connections are
  // shared out alike), of the connections in a closed one, and of the count in both.
  double weight = 1.0;
  std::vector<io::Address> targets;  // at least one; sessions go to them in turn
  std::string target_text;
  std::vector<io::Address> sources;  // which they come from, in turn; none: as the kernel chooses
  std::string source_text;
  std::string helo_text;  // as session.helo_name was given
  SessionPlan session;
  // What a proxy would say in front of each connection, of clients in turn; none: of the connection
  // as it is.
  ProxyVersion proxy = ProxyVersion::kNone;
  std::vector<io::Address> proxy_clients;
  std::string proxy_client_text;
  io::TlsClientOptions tls;
};

// When turns are to start in an open loop.
enum class Arrivals : std::uint8_t {
  kConstant,  // evenly spaced
  kPoisson,   // independent of each other, as from many senders
  kBurst,     // so many at once, then a pause
};
std::string_view to_string(Arrivals arrivals) noexcept;

// What happens to a turn that is due while as many wait for a connection as may wait.
enum class BacklogPolicy : std::uint8_t {
  kQueue,  // there is no bound: it waits, and its latency says so
  kDrop,   // it is not begun, and counted
  kStop,   // the run ends
};
std::string_view to_string(BacklogPolicy policy) noexcept;

// The rate changes evenly from one end of a stage to the other.
struct Stage {
  double from_per_s = 0.0;
  double to_per_s = 0.0;
  std::uint64_t length_ns = 0;  // 0: without end
};

// How much of it, and how fast. A run is a warm-up, the measured part, and a cool-down.
struct LoadPlan {
  std::uint32_t connections = 100;  // of all classes
  std::uint32_t threads = 1;
  std::vector<Stage> stages;  // of an open loop, from the start of the warm-up; none: closed loop
  Arrivals arrivals = Arrivals::kConstant;
  std::uint64_t burst = 1;  // turns at once, with kBurst
  std::uint64_t seed = 1;   // of random arrivals
  BacklogPolicy backlog_policy = BacklogPolicy::kQueue;
  std::uint64_t backlog = 0;      // turns that may wait, but for kQueue
  std::uint64_t duration_ns = 0;  // of the measured part; 0: until the count is reached
  std::uint64_t warmup_ns = 0;
  std::uint64_t cooldown_ns = 0;
  std::uint64_t count = 0;           // turns, warm-up included; 0: unlimited
  std::vector<Predicate> stop_when;  // the run ends early when one of them is true
  Recording recording = Recording::kAll;
  int first_cpu = -1;  // pin thread i to CPU first_cpu + i; -1: not pinned
  io::RingMode ring;

  bool open_loop() const noexcept { return !stages.empty(); }
  // The highest rate that is planned; 0 in a closed loop.
  double peak_per_s() const noexcept;
  // Sets a constant rate.
  void set_rate(double rate_per_s) { stages = {{rate_per_s, rate_per_s, 0}}; }
};

struct RunPlan {
  std::string name;
  std::uint64_t id = 0;                            // in the stamps of its messages
  std::vector<ClassPlan> classes = {ClassPlan{}};  // at least one
  LoadPlan load;
};

// Another number each time, to tell the messages of one run from those of another.
std::uint64_t new_run_id();

// `whole` shared out by `weights`, the remainder to the largest fractions: the parts add up.
std::vector<std::uint64_t> apportion(std::uint64_t whole, const std::vector<double>& weights);
// Each class's part of the whole, adding up to 1.
std::vector<double> shares(const std::vector<ClassPlan>& classes);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PLAN_H_
