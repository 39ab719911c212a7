// The server's side of one SMTP session: it takes mail, checks it, counts it and throws it away.
#ifndef SMTPMARK_LOADGEN_SINK_SESSION_H_
#define SMTPMARK_LOADGEN_SINK_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/task.h"
#include "io/tls_transport.h"
#include "io/transport.h"
#include "loadgen/plan.h"
#include "loadgen/sasl_server.h"
#include "loadgen/stamp.h"
#include "loadgen/tls_tally.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"

namespace smtpmark::loadgen {

struct SinkCounters {
  std::uint64_t sessions = 0;
  std::uint64_t sessions_plain = 0;  // ended without TLS
  std::uint64_t tls_handshakes = 0;  // full and resumed
  std::uint64_t tls_resumed = 0;     // of these
  std::uint64_t tls_failures = 0;
  std::uint64_t tls_closed = 0;        // of these: the client closed or reset in mid-handshake
  std::uint64_t tls_certificates = 0;  // handshakes in which the client showed one
  std::map<std::uint8_t, std::uint64_t> tls_alerts;  // of clients, by their number
  TlsTally tls;                                      // what handshakes agreed on
  std::uint64_t auth_ok = 0;
  std::uint64_t auth_failed = 0;
  MechanismCounts auth_by_mechanism{};  // of auth_ok
  std::uint64_t commands = 0;
  std::uint64_t commands_rejected = 0;     // 5xx to a command
  std::uint64_t messages_received = 0;     // the 250 behind the end of data was written
  std::uint64_t messages_unconfirmed = 0;  // of these: the connection ended with that 250 as its
                                           // last exchange, the client may not have read it
  std::uint64_t messages_rejected = 0;     // bare CR or LF, or too large
  std::uint64_t messages_checked = 0;      // of those received: against their stamp
  std::uint64_t messages_mismatched = 0;   // of these: not as they were sent
  std::uint64_t messages_unstamped = 0;    // had no stamp to be checked against
  std::uint64_t recipients_received = 0;
  std::uint64_t recipients_rejected = 0;  // as was asked for
  std::uint64_t octets_received = 0;      // of messages received, behind unstuffing
  std::uint64_t mails_smtputf8 = 0;       // MAILs taken with the parameter
  std::uint64_t mails_dsn = 0;            // with RET or ENVID
  std::uint64_t mails_mt_priority = 0;
  std::uint64_t mails_requiretls = 0;
  std::uint64_t recipients_dsn = 0;   // RCPTs taken with NOTIFY or ORCPT
  std::uint64_t chunks = 0;           // BDATs taken
  std::uint64_t injections = 0;       // octets pipelined behind STARTTLS, discarded
  std::uint64_t xclients = 0;         // XCLIENT commands taken
  std::uint64_t proxied = 0;          // connections with a header of the PROXY protocol
  std::uint64_t proxy_malformed = 0;  // without one where it was due; closed
  std::uint64_t accept_failures = 0;  // attempts to accept without a descriptor or memory left

  void add(const SinkCounters& other) noexcept;
};

inline constexpr const char* kSinkUser = "user@example.com";
inline constexpr const char* kSinkPassword = "secret";

// AUTH on 587 and 465.
struct SinkAuth {
  MechanismSet mechanisms = parser::kAuthPlain | parser::kAuthLogin;  // on offer
  bool without_tls = false;                                           // and before STARTTLS
  SharedUsers users = one_user(kSinkUser, kSinkPassword);
};

// What a sink offers unless told otherwise; STARTTLS and AUTH where its role has them.
inline constexpr std::uint64_t kSinkExtensions =
    parser::kCapPipelining | parser::kCapSize | parser::kCap8bitMime | parser::kCapSmtpUtf8 |
    parser::kCapChunking | parser::kCapBinaryMime | parser::kCapDsn |
    parser::kCapEnhancedStatusCodes | parser::kCapStarttls | parser::kCapAuth;
// What it could.
inline constexpr std::uint64_t kSinkKnows =
    kSinkExtensions | parser::kCapXclient | parser::kCapDeliverBy | parser::kCapFutureRelease |
    parser::kCapMtrk | parser::kCapMtPriority | parser::kCapRrvs | parser::kCapRequireTls |
    parser::kCapLimits;

struct SinkOptions {
  std::string host_name = "mx.example.com";
  SinkAuth auth;
  std::uint64_t size_limit = 64ULL * 1024 * 1024;  // octets of a message (RFC 1870)
  std::uint64_t extensions = kSinkExtensions;      // bits of parser::Capability that are offered
  std::uint32_t recipient_limit = 1000;            // of a message (RFC 9422: RCPTMAX)
  std::uint32_t message_limit = 0;                 // of a session (MAILMAX); 0: none
  bool proxy = false;           // every connection begins with a header of the PROXY protocol
  bool check_messages = false;  // hold each against its stamp
  // Recipients to refuse: addresses, local parts with their "@", domains with their "@".
  std::vector<std::string> reject_recipients;
  std::uint64_t timeout_ns = 300'000'000'000;          // for each command (RFC 5321, 4.5.3.2.7)
  parser::Profile profile = parser::Profile::kStrict;  // what commands may deviate in
  std::uint64_t burn_ns = 0;  // CPU to waste on each message: a known slow-down
};

// The replies that do not change, and what sessions of one thread and role have in common;
// outlives them all.
struct SinkContext {
  const SinkOptions& options;
  Role role;
  const io::TlsContext& tls;
  SaslServer& sasl;
  SinkCounters& counters;
};

class SinkSession {
 public:
  SinkSession(SinkContext& context, io::Transport& transport);

  // The whole dialogue, from the greeting (465: from the TLS handshake) to the 221 or the end of
  // the connection.
  io::Task<> run();

 private:
  static constexpr std::string_view kNotBase64 = "501 5.5.2 The response is not base64\r\n";

  io::Task<> serve();
  io::Task<bool> read_proxy();
  io::Task<bool> secure();
  // One command; returns whether the session goes on.
  io::Task<bool> dispatch();
  io::Task<bool> receive_more();
  void count_tls_failure(const io::Error& error);
  io::Task<bool> on_data();
  io::Task<bool> on_bdat();
  io::Task<bool> on_starttls();
  io::Task<bool> on_auth();
  io::Task<> exchange(parser::AuthMechanism mechanism);
  io::Task<std::optional<std::string>> first_response(parser::AuthMechanism mechanism,
                                                      SaslExchange& sasl);
  io::Task<std::optional<std::string>> read_response();

  bool offers_auth() const noexcept;
  MechanismSet mechanisms() const noexcept;
  std::string auth_offer() const;
  ChannelBinding channel_binding() const;

  void on_hello();
  std::uint64_t offered() const noexcept;
  std::string capability_lines() const;
  bool knows_parameters();
  void on_xclient();
  void on_mail();
  void count_mail_parameters() noexcept;
  void on_rcpt();
  void reject_syntax();
  bool is_unwanted(std::string_view address) const;
  void check(std::string_view piece) {
    if (check_) check_->take(piece);
  }
  void count_check(const StampCheck& checked) noexcept;
  void finish_message(std::uint64_t octets, bool bare_line_end);
  void answer_message(std::string_view text, std::uint32_t recipients);
  void reset_transaction() noexcept;
  bool transaction_is_open(std::string_view otherwise);
  bool authenticates() const noexcept {
    const bool submission =
        context_.role == Role::kSubmission || context_.role == Role::kSubmissions;
    return submission && (context_.options.extensions & parser::kCapAuth) != 0 &&
           context_.options.auth.mechanisms != 0;
  }
  bool must_authenticate() const noexcept;
  void reply(std::string_view text) { transport_->write(text); }
  void reject(std::string_view text);

  SinkContext& context_;
  io::Transport* transport_;  // the lower one, then tls_
  std::unique_ptr<io::TlsTransport> tls_;
  parser::CommandParser parser_;
  parser::Command command_;
  bool greeted_ = false;  // EHLO or HELO came, since TLS started
  bool authenticated_ = false;
  bool mail_ = false;                   // a MAIL is open
  bool chunked_ = false;                // the transaction has begun with BDAT
  bool binary_ = false;                 // MAIL had BODY=BINARYMIME
  std::uint32_t mail_parameters_ = 0;   // of the MAIL that is open
  bool unconfirmed_ = false;            // the latest thing written is the 250 behind a message
  std::uint32_t known_parameters_ = 0;  // of the extensions in the latest reply to EHLO
  std::uint32_t recipients_ = 0;
  bool unwanted_ = false;       // a recipient was refused as was asked for
  std::uint32_t messages_ = 0;  // transactions begun, since TLS started
  std::uint32_t errors_ = 0;
  std::optional<StampCheck> check_;  // of the message under way, where that is asked for
  std::uint64_t chunk_octets_ = 0;   // of the BDAT chunks so far
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SINK_SESSION_H_
