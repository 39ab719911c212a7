#include "loadgen/sink_session.h"

#include <algorithm>
#include <utility>

#include "loadgen/extensions.h"
#include "loadgen/proxy_protocol.h"
#include "parser/body_framer.h"

namespace smtpmark::loadgen {

using parser::Status;
using parser::Verb;

namespace {

constexpr std::uint32_t kMaxErrors = 100;  // then the session ends with 421
constexpr std::string_view kNeedsSmtpUtf8 = "553 5.6.7 A non-ASCII address needs SMTPUTF8\r\n";
// Of MAIL.
constexpr std::uint32_t kCountedParameters = parser::kParamSmtpUtf8 | parser::kParamRet |
                                             parser::kParamEnvid | parser::kParamMtPriority |
                                             parser::kParamRequireTls;

// Keeps the processor busy for `ns`.
void burn(std::uint64_t ns) {
  for (const io::TimeNs end = io::monotonic_now() + ns; io::monotonic_now() < end;) {
  }
}

}  // namespace

void SinkCounters::add(const SinkCounters& other) noexcept {
  sessions += other.sessions;
  sessions_plain += other.sessions_plain;
  tls_handshakes += other.tls_handshakes;
  tls_resumed += other.tls_resumed;
  tls_failures += other.tls_failures;
  tls_closed += other.tls_closed;
  tls_certificates += other.tls_certificates;
  for (const auto& [alert, count] : other.tls_alerts) tls_alerts[alert] += count;
  tls.merge(other.tls);
  auth_ok += other.auth_ok;
  auth_failed += other.auth_failed;
  for (std::size_t i = 0; i < auth_by_mechanism.size(); ++i) {
    auth_by_mechanism[i] += other.auth_by_mechanism[i];
  }
  commands += other.commands;
  commands_rejected += other.commands_rejected;
  messages_received += other.messages_received;
  messages_unconfirmed += other.messages_unconfirmed;
  messages_rejected += other.messages_rejected;
  messages_checked += other.messages_checked;
  messages_mismatched += other.messages_mismatched;
  messages_unstamped += other.messages_unstamped;
  recipients_received += other.recipients_received;
  recipients_rejected += other.recipients_rejected;
  octets_received += other.octets_received;
  mails_smtputf8 += other.mails_smtputf8;
  mails_dsn += other.mails_dsn;
  mails_mt_priority += other.mails_mt_priority;
  mails_requiretls += other.mails_requiretls;
  recipients_dsn += other.recipients_dsn;
  chunks += other.chunks;
  injections += other.injections;
  xclients += other.xclients;
  proxied += other.proxied;
  proxy_malformed += other.proxy_malformed;
  accept_failures += other.accept_failures;
}

SinkSession::SinkSession(SinkContext& context, io::Transport& transport)
    : context_(context), transport_(&transport), parser_(context.options.profile) {}

io::Task<> SinkSession::run() {
  ++context_.counters.sessions;
  co_await serve();
  if (!tls_) ++context_.counters.sessions_plain;
  if (unconfirmed_) ++context_.counters.messages_unconfirmed;
}

io::Task<> SinkSession::serve() {
  if (context_.options.proxy) {
    if (const bool ok = co_await read_proxy(); !ok) co_return;
  }
  if (context_.role == Role::kSubmissions) {
    if (const bool ok = co_await secure(); !ok) co_return;
  }
  reply("220 " + context_.options.host_name + " ESMTP smtpmark sink\r\n");
  for (;;) {
    const parser::FeedResult fed = parser_.feed(transport_->input(), command_);
    transport_->consume(fed.consumed);
    if (fed.status == Status::kNeedMore) {
      if (const bool ok = co_await receive_more(); !ok) co_return;
      continue;
    }
    unconfirmed_ = false;
    ++context_.counters.commands;
    if (fed.status == Status::kRejected) {
      reject_syntax();
    } else if (const bool ok = co_await dispatch(); !ok) {
      break;
    }
    if (errors_ > kMaxErrors) {
      reply("421 4.7.0 Too many errors\r\n");
      break;
    }
  }
  if (tls_) tls_->write_close_notify();
}

io::Task<bool> SinkSession::receive_more() {
  transport_->set_deadline(transport_->scheduler().pass_time() + context_.options.timeout_ns);
  const io::Result<void> more = co_await transport_->receive();
  co_return more.has_value();
}

// What a proxy says of a connection comes before everything else.
io::Task<bool> SinkSession::read_proxy() {
  for (;;) {
    const ProxyRead read = read_proxy_header(transport_->input());
    if (read.state == ProxyRead::State::kRead) {
      transport_->consume(read.octets);
      ++context_.counters.proxied;
      co_return true;
    }
    if (read.state == ProxyRead::State::kMalformed) break;
    if (const bool ok = co_await receive_more(); !ok) break;
  }
  ++context_.counters.proxy_malformed;
  co_return false;
}

io::Task<bool> SinkSession::secure() {
  tls_ = std::make_unique<io::TlsTransport>(*transport_, context_.tls);
  transport_ = tls_.get();
  transport_->set_deadline(transport_->scheduler().pass_time() + context_.options.timeout_ns);
  const io::Result<void> result = co_await tls_->handshake();
  if (!result) {
    ++context_.counters.tls_failures;
    count_tls_failure(result.error());
    co_return false;
  }
  ++context_.counters.tls_handshakes;
  if (tls_->resumed()) ++context_.counters.tls_resumed;
  if (tls_->peer_has_certificate()) ++context_.counters.tls_certificates;
  context_.counters.tls.add(tls_->agreement());
  co_return true;
}

void SinkSession::count_tls_failure(const io::Error& error) {
  if (error.kind == io::ErrorKind::kTlsAlert) ++context_.counters.tls_alerts[error.alert()];
  if (error.kind == io::ErrorKind::kTlsClosed || error.kind == io::ErrorKind::kReset) {
    ++context_.counters.tls_closed;
  }
}

io::Task<bool> SinkSession::dispatch() {
  switch (command_.verb) {
    case Verb::kEhlo:
    case Verb::kHelo:
    case Verb::kLhlo: on_hello(); break;
    case Verb::kMail: on_mail(); break;
    case Verb::kXclient: on_xclient(); break;
    case Verb::kRcpt: on_rcpt(); break;
    case Verb::kData: co_return co_await on_data();
    case Verb::kBdat: co_return co_await on_bdat();
    case Verb::kStarttls: co_return co_await on_starttls();
    case Verb::kAuth: co_return co_await on_auth();
    case Verb::kRset:
      reset_transaction();
      reply("250 2.0.0 Ok\r\n");
      break;
    case Verb::kNoop: reply("250 2.0.0 Ok\r\n"); break;
    case Verb::kVrfy: reply("252 2.5.2 Send some mail, it will be thrown away\r\n"); break;
    case Verb::kHelp: reply("214 2.0.0 This is a load sink: all mail is thrown away\r\n"); break;
    case Verb::kExpn: reject("502 5.5.1 EXPN is not implemented\r\n"); break;
    case Verb::kQuit: reply("221 2.0.0 Bye\r\n"); co_return false;
    case Verb::kBurl:
    case Verb::kEtrn:
    case Verb::kAtrn:
    case Verb::kXforward:
    case Verb::kTurn:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml:
    case Verb::kUnknown: reject("500 5.5.1 Command not known here\r\n"); break;
  }
  co_return true;
}

void SinkSession::reject(std::string_view text) {
  ++context_.counters.commands_rejected;
  ++errors_;
  reply(text);
}

void SinkSession::reject_syntax() {
  if (command_.error == parser::SyntaxError::kLineTooLong) {
    reject("500 5.5.6 Line too long\r\n");
  } else if (command_.verb == Verb::kUnknown) {
    reject("500 5.5.2 Command not recognized\r\n");
  } else if (command_.error == parser::SyntaxError::kNeedsSmtpUtf8) {
    reject(kNeedsSmtpUtf8);
  } else {
    reject("501 5.5.4 " + std::string(parser::to_string(command_.error)) + " at octet " +
           std::to_string(command_.error_offset) + "\r\n");
  }
}

void SinkSession::on_hello() {
  const bool lmtp = context_.role == Role::kLmtp;
  if (lmtp != (command_.verb == Verb::kLhlo)) {  // RFC 2033, 4.1
    return reject(lmtp ? "500 5.5.1 This is LMTP: LHLO\r\n" : "500 5.5.1 This is no LMTP\r\n");
  }
  reset_transaction();
  greeted_ = true;
  known_parameters_ = parameters_of(offered());
  if (command_.verb == Verb::kHelo) {
    reply("250 " + context_.options.host_name + "\r\n");
    return;
  }
  reply(capability_lines());
}

// What is offered as the session stands.
std::uint64_t SinkSession::offered() const noexcept {
  std::uint64_t extensions = context_.options.extensions;
  if (tls_) extensions &= ~std::uint64_t{parser::kCapStarttls};
  if (!tls_) extensions &= ~std::uint64_t{parser::kCapRequireTls};  // RFC 8689, 2
  if (!offers_auth()) extensions &= ~std::uint64_t{parser::kCapAuth};
  return extensions;
}

std::string SinkSession::capability_lines() const {
  std::string text = "250-" + context_.options.host_name + "\r\n";
  for (std::uint64_t left = offered(); left != 0; left &= left - 1) {
    const auto one = static_cast<parser::Capability>(left & -left);
    if (one == parser::kCapAuth) {
      text += auth_offer();
      continue;
    }
    text.append("250-").append(to_string(one));
    if (one == parser::kCapSize) text += " " + std::to_string(context_.options.size_limit);
    if (one == parser::kCapXclient) text += " NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
    if (one == parser::kCapLimits) {
      text += " RCPTMAX=" + std::to_string(context_.options.recipient_limit);
      if (context_.options.message_limit > 0) {
        text += " MAILMAX=" + std::to_string(context_.options.message_limit);
      }
    }
    text += "\r\n";
  }
  text[text.rfind("250") + 3] = ' ';  // the last line
  return text;
}

// Those of extensions that are offered (RFC 5321, 4.1.1.11).
bool SinkSession::knows_parameters() {
  bool known = (command_.parameters_present & ~known_parameters_) == 0;
  if (known && (command_.parameters_present & parser::kParamBody) != 0) {
    const bool binary = command_.body == parser::BodyType::kBinaryMime;  // RFC 3030, 3
    known = (offered() & (binary ? parser::kCapBinaryMime : parser::kCap8bitMime)) != 0;
  }
  if (!known) reject("555 5.5.4 A parameter is not known here\r\n");
  return known;
}

// Postfix, XCLIENT_README: the session begins anew, as that of another client.
void SinkSession::on_xclient() {
  if ((offered() & parser::kCapXclient) == 0) {
    return reject("502 5.5.1 XCLIENT is not offered here\r\n");
  }
  if (mail_) return reject("503 5.5.1 MAIL is open\r\n");
  ++context_.counters.xclients;
  reset_transaction();
  greeted_ = authenticated_ = false;
  reply("220 " + context_.options.host_name + " ESMTP smtpmark sink\r\n");
}

bool SinkSession::must_authenticate() const noexcept {
  return authenticates() && !authenticated_;
}

void SinkSession::on_mail() {
  if (!greeted_) return reject("503 5.5.1 EHLO or HELO first\r\n");
  if (must_authenticate()) return reject("530 5.7.0 Authentication required\r\n");
  if (mail_) return reject("503 5.5.1 MAIL is open already\r\n");
  if (command_.parameters_present != 0 && !knows_parameters()) return;
  if ((command_.parameters_present & parser::kParamSize) != 0 &&
      command_.size > context_.options.size_limit) {
    return reject("552 5.3.4 Message size exceeds the limit\r\n");
  }
  if (context_.options.message_limit > 0 && messages_ == context_.options.message_limit) {
    return reject("452 4.5.3 No more messages in this session\r\n");  // RFC 9422, 4.1
  }
  ++messages_;
  mail_ = true;
  mail_parameters_ = command_.parameters_present;
  if ((mail_parameters_ & kCountedParameters) != 0) count_mail_parameters();
  binary_ = command_.body == parser::BodyType::kBinaryMime &&
            (command_.parameters_present & parser::kParamBody) != 0;
  reply("250 2.1.0 Ok\r\n");
}

void SinkSession::count_mail_parameters() noexcept {
  const auto present = [this](std::uint32_t parameters) {
    return (mail_parameters_ & parameters) != 0 ? 1U : 0U;
  };
  SinkCounters& counters = context_.counters;
  counters.mails_smtputf8 += present(parser::kParamSmtpUtf8);
  counters.mails_dsn += present(parser::kParamRet | parser::kParamEnvid);
  counters.mails_mt_priority += present(parser::kParamMtPriority);
  counters.mails_requiretls += present(parser::kParamRequireTls);
}

void SinkSession::on_rcpt() {
  if (!mail_) return reject("503 5.5.1 MAIL first\r\n");
  if (chunked_) return reject("503 5.5.1 The message has begun\r\n");
  if (command_.path.is_utf8 && (mail_parameters_ & parser::kParamSmtpUtf8) == 0) {
    return reject(kNeedsSmtpUtf8);  // RFC 6531, 3.3
  }
  if (command_.parameters_present != 0 && !knows_parameters()) return;
  if (!context_.options.reject_recipients.empty() && is_unwanted(command_.path.mailbox)) {
    // Asked for, so that it does not count towards too many errors.
    ++context_.counters.recipients_rejected;
    unwanted_ = true;
    return reply("550 5.1.1 No such user here\r\n");
  }
  if (recipients_ >= context_.options.recipient_limit) {
    return reject("452 4.5.3 Too many recipients\r\n");
  }
  ++recipients_;
  if ((command_.parameters_present & (parser::kParamNotify | parser::kParamOrcpt)) != 0) {
    ++context_.counters.recipients_dsn;
  }
  reply("250 2.1.5 Ok\r\n");
}

bool SinkSession::is_unwanted(std::string_view address) const {
  const std::vector<std::string>& unwanted = context_.options.reject_recipients;
  return std::any_of(unwanted.begin(), unwanted.end(), [address](const std::string& one) {
    return address == one || (one.starts_with('@') && address.ends_with(one)) ||
           (one.ends_with('@') && address.starts_with(one));
  });
}

bool SinkSession::transaction_is_open(std::string_view otherwise) {
  if (mail_ && recipients_ > 0) return true;
  if (mail_ && unwanted_) {
    reply("554 5.5.1 No valid recipients\r\n");  // as was asked for: RFC 5321, 3.3
  } else {
    reject(otherwise);
  }
  return false;
}

io::Task<bool> SinkSession::on_data() {
  if (chunked_) {
    reject("503 5.5.1 The message has begun with BDAT\r\n");
    co_return true;
  }
  if (!transaction_is_open("503 5.5.1 MAIL and RCPT first\r\n")) co_return true;
  if (binary_) {
    reject("503 5.5.1 A BINARYMIME message comes with BDAT\r\n");  // RFC 3030, 3
    co_return true;
  }
  reply("354 End data with <CR><LF>.<CR><LF>\r\n");
  if (context_.options.check_messages) check_.emplace();
  parser::DataFramer framer;
  for (;;) {
    std::string_view piece;
    const parser::FeedResult fed = framer.feed(transport_->input(), piece);
    check(piece);
    transport_->consume(fed.consumed);
    if (fed.status == Status::kReady) break;
    if (!transport_->input().empty()) continue;
    if (const bool ok = co_await receive_more(); !ok) co_return false;
  }
  finish_message(framer.octets(), framer.faults().bare());
  co_return true;
}

io::Task<bool> SinkSession::on_bdat() {
  const std::uint64_t size = command_.chunk_size;
  const bool last = command_.chunk_last;
  // The octets of a refused chunk still follow (RFC 3030, 2).
  const bool known = (context_.options.extensions & parser::kCapChunking) != 0;
  if (!known) reject("502 5.5.1 BDAT is not offered here\r\n");
  const bool open = known && transaction_is_open("503 5.5.1 MAIL and RCPT first\r\n");
  if (context_.options.check_messages && open && !chunked_) check_.emplace();
  parser::ChunkFramer framer(size);
  for (;;) {
    std::string_view piece;
    const parser::FeedResult fed = framer.feed(transport_->input(), piece);
    check(piece);
    transport_->consume(fed.consumed);
    if (fed.status == Status::kReady) break;
    if (const bool ok = co_await receive_more(); !ok) co_return false;
  }
  if (!open) {
    if (last) reset_transaction();  // the last chunk ends it, whatever becomes of it
    co_return true;
  }
  chunked_ = true;
  chunk_octets_ += size;
  ++context_.counters.chunks;
  if (last) {
    finish_message(chunk_octets_, false);
  } else {
    reply("250 2.0.0 Chunk taken\r\n");
  }
  co_return true;
}

// The end of the data: this is where a message counts as received.
void SinkSession::finish_message(std::uint64_t octets, bool bare_line_end) {
  const std::uint32_t recipients = recipients_;
  const std::optional<StampCheck> checked = std::exchange(check_, std::nullopt);
  reset_transaction();
  if (bare_line_end || octets > context_.options.size_limit) {
    ++context_.counters.messages_rejected;
    ++context_.counters.commands_rejected;
    ++errors_;
    return answer_message(bare_line_end ? "550 5.6.11 The message has a bare CR or LF\r\n"
                                        : "552 5.3.4 Message size exceeds the limit\r\n",
                          recipients);
  }
  if (context_.options.burn_ns > 0) burn(context_.options.burn_ns);
  if (checked) count_check(*checked);
  ++context_.counters.messages_received;
  context_.counters.recipients_received += recipients;
  context_.counters.octets_received += octets;
  unconfirmed_ = true;
  answer_message("250 2.0.0 Ok: thrown away\r\n", recipients);
}

// In LMTP each recipient has its reply (RFC 2033, 4.2).
void SinkSession::answer_message(std::string_view text, std::uint32_t recipients) {
  if (context_.role != Role::kLmtp) return reply(text);
  for (; recipients > 0; --recipients) reply(text);
}

void SinkSession::count_check(const StampCheck& checked) noexcept {
  const StampVerdict verdict = checked.verdict();
  SinkCounters& counters = context_.counters;
  ++(verdict == StampVerdict::kNone ? counters.messages_unstamped : counters.messages_checked);
  if (verdict == StampVerdict::kMismatch) ++counters.messages_mismatched;
}

void SinkSession::reset_transaction() noexcept {
  mail_ = chunked_ = binary_ = unwanted_ = false;
  recipients_ = 0;
  chunk_octets_ = 0;
  check_.reset();
}

io::Task<bool> SinkSession::on_starttls() {
  if (tls_) {
    reject("503 5.5.1 TLS is on already\r\n");
    co_return true;
  }
  if ((context_.options.extensions & parser::kCapStarttls) == 0) {
    reject("502 5.5.1 STARTTLS is not offered here\r\n");
    co_return true;
  }
  // RFC 3207, 5: what came behind STARTTLS in plaintext may be an attacker's.
  if (!transport_->input().empty()) ++context_.counters.injections;
  transport_->discard_input();
  parser_ = {};
  reply("220 2.0.0 Ready to start TLS\r\n");
  if (const bool ok = co_await secure(); !ok) co_return false;
  reset_transaction();
  greeted_ = authenticated_ = false;  // RFC 3207, 4.2
  messages_ = 0;
  co_return true;
}

}  // namespace smtpmark::loadgen
