// Every pair of knobs meets: client against sink, in memory, message by message. What takes
// sockets, threads or more than one session has a matrix of its own (network_matrix_test.cc).
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "loadgen/workload_options.h"
#include "tests/loadgen/pair_plans.h"
#include "tests/loadgen/pairwise.h"
#include "tests/loadgen/scratch_files.h"

namespace smtpmark::loadgen::testing {
namespace {

constexpr std::uint64_t kMessages = 4;
constexpr std::size_t kCases = 200;
constexpr const char* kMatrixToken = "token";
constexpr std::uint64_t kLeastStamped = 1024;  // octets: there is room for a header and its stamp

// Certificates that are made once for all cases.
const ScratchFiles& files() {
  static const ScratchFiles all("matrix");
  return all;
}

struct Case {
  SessionPlan plan;
  bool varied = false;  // messages that differ
  WorkloadOptions mail;
  SinkOptions sink;
  PairOptions pair;
  std::string ca_file;    // of the sink's certificate
  bool verified = false;  // by chain, name and pin
  bool resumed = false;   // the TLS session of one before

  bool secured() const { return plan.tls != TlsPolicy::kNone; }
};

struct Setting {
  const char* name;
  std::function<void(Case&)> apply;
};
using Knob = std::vector<Setting>;

Setting way(const char* name, Role role, TlsPolicy tls) {
  return {name, [role, tls](Case& one) {
            one.plan.role = role;
            one.plan.tls = tls;
          }};
}

Setting mechanism(const char* name, MechanismSet set) {
  return {name, [set](Case& one) {
            one.sink.auth.mechanisms = kAllMechanisms;
            one.sink.auth.users = one_user(kSinkUser, kSinkPassword, kMatrixToken);
            if (one.plan.role != Role::kSubmission && one.plan.role != Role::kSubmissions) return;
            const InitialResponse initial = one.plan.auth.initial_response;
            one.plan.auth = auth_as(set, kSinkUser, kSinkPassword, kMatrixToken);
            one.plan.auth.initial_response = initial;
          }};
}

// Made once for all combinations.
Setting certificate(const char* name, io::KeyKind kind, std::size_t length) {
  const MadeCertificate made(kind, length, files());
  return {name, [made](Case& one) {
            one.pair.certificate = made.chain.get();
            one.ca_file = made.root;
          }};
}

Setting sink_without(const char* name, std::uint64_t extensions) {
  return {name, [extensions](Case& one) { one.sink.extensions &= ~extensions; }};
}

Setting cut(const char* name, std::size_t octets) {
  return {name, [octets](Case& one) {
            one.pair.piece_to_client = one.pair.piece_to_sink = [octets] { return octets; };
          }};
}

template <class Change>
Setting mail(const char* name, Change change) {
  return {name, [change](Case& one) {
            one.varied = true;
            change(one.mail);
          }};
}

template <class Change>
Setting pair(const char* name, Change change) {
  return {name, [change](Case& one) { change(one.pair); }};
}

// A certificate of the client's own.
Setting client_certificate() {
  const std::string chain = files().write("client.pem", shared_certificate().to_pem());
  const std::string key = files().write("client.key", shared_certificate().key_to_pem());
  return pair("client certificate", [chain, key](PairOptions& p) {
    p.client_tls.certificate_file = chain;
    p.client_tls.key_file = key;
    p.sink_tls.client_certificates = io::ClientCertificates::kRequired;
  });
}

Setting proxy(const char* name, ProxyVersion version) {
  return {name, [version](Case& one) {
            one.pair.proxy = version;
            one.sink.proxy = version != ProxyVersion::kNone;
          }};
}

Setting limits(const char* name, std::uint32_t recipients, std::uint32_t messages) {
  return {name, [recipients, messages](Case& one) {
            one.sink.extensions |= parser::kCapLimits;
            one.sink.recipient_limit = recipients;
            one.sink.message_limit = messages;
          }};
}

template <class Change>
Setting set(const char* name, Change change) {
  return {name, [change](Case& one) { change(one.plan); }};
}

const std::vector<Knob>& knobs() {
  static const std::vector<Knob> all{
      {way("relay", Role::kRelay, TlsPolicy::kNone),
       way("relay+starttls", Role::kRelay, TlsPolicy::kRequired),
       way("submission", Role::kSubmission, TlsPolicy::kRequired),
       way("submissions", Role::kSubmissions, TlsPolicy::kImplicit),
       way("lmtp", Role::kLmtp, TlsPolicy::kNone),
       way("lmtp+starttls", Role::kLmtp, TlsPolicy::kOpportunistic)},
      {set("first response at once", [](SessionPlan&) {}),
       set("first response at any length",
           [](SessionPlan& p) { p.auth.initial_response = InitialResponse::kAlways; }),
       set("no first response",
           [](SessionPlan& p) { p.auth.initial_response = InitialResponse::kNever; })},
      {mechanism("plain", parser::kAuthPlain), mechanism("login", parser::kAuthLogin),
       mechanism("cram-md5", parser::kAuthCramMd5),
       mechanism("scram-sha-1", parser::kAuthScramSha1),
       mechanism("scram-sha-1-plus", parser::kAuthScramSha1Plus),
       mechanism("scram-sha-256", parser::kAuthScramSha256),
       mechanism("scram-sha-256-plus", parser::kAuthScramSha256Plus),
       mechanism("oauthbearer", parser::kAuthOauthBearer),
       mechanism("xoauth2", parser::kAuthXoauth2), mechanism("strongest", kAllMechanisms)},
      {{"tls 1.3", [](Case& one) { one.pair.client_tls.max_version = io::TlsVersion::kTls13; }},
       {"tls 1.2", [](Case& one) { one.pair.client_tls.max_version = io::TlsVersion::kTls12; }}},
      {set("full handshake", [](SessionPlan&) {}),
       {"resumed",
        [](Case& one) {
          one.resumed = one.pair.client_tls.resume = true;
          one.pair.sink_tls.tickets = 2;
        }}},
      {set("any certificate", [](SessionPlan&) {}),
       {"verified", [](Case& one) { one.verified = true; }}},
      {pair("no client certificate", [](PairOptions&) {}), client_certificate()},
      {pair("x25519", [](PairOptions& p) { p.client_tls.groups = "X25519:P-256:P-384"; }),
       pair("p-384", [](PairOptions& p) { p.client_tls.groups = "P-384:P-256"; })},
      {pair("usual ciphers", [](PairOptions&) {}), pair("chacha",
                                                        [](PairOptions& p) {
                                                          p.client_tls.ciphers = "ECDHE+CHACHA20";
                                                          p.client_tls.suites =
                                                              "TLS_CHACHA20_POLY1305_SHA256";
                                                        })},
      {pair("usual signatures", [](PairOptions&) {}),
       pair("signatures",
            [](PairOptions& p) {
              p.client_tls.signatures = "ECDSA+SHA384:ECDSA+SHA256:RSA-PSS+SHA384:ed25519";
            })},
      {pair("no alpn", [](PairOptions&) {}), pair("alpn and sni",
                                                  [](PairOptions& p) {
                                                    p.client_tls.alpn = p.sink_tls.alpn = {"smtp"};
                                                    p.client_tls.sni = "mx.example.net";
                                                  })},
      {certificate("ecdsa", io::KeyKind::kEcdsaP256, 1),
       certificate("ecdsa p-384", io::KeyKind::kEcdsaP384, 1),
       certificate("rsa", io::KeyKind::kRsa2048, 1),
       certificate("a chain of ed25519", io::KeyKind::kEd25519, 3)},
      {set("no pipelining", [](SessionPlan& p) { p.pipelining = Pipelining::kNone; }),
       set("groups", [](SessionPlan& p) { p.pipelining = Pipelining::kGroup; }),
       set("full", [](SessionPlan& p) { p.pipelining = Pipelining::kFull; })},
      {set("depth 2", [](SessionPlan&) {}),
       set("depth 3", [](SessionPlan& p) { p.pipelining_depth = 3; }),
       set("depth 64", [](SessionPlan& p) { p.pipelining_depth = 64; })},
      {set("data", [](SessionPlan&) {}), set("bdat", [](SessionPlan& p) { p.chunking.use = true; }),
       set("bdat of 100",
           [](SessionPlan& p) {
             p.chunking = {true, false, 100};
           }),
       set("binary bdat of 4096",
           [](SessionPlan& p) {
             p.chunking = {true, true, 4096};
           })},
      {set("1 recipient", [](SessionPlan&) {}),
       set("2 recipients", [](SessionPlan& p) { p.recipients = 2; }),
       set("40 recipients", [](SessionPlan& p) { p.recipients = 40; }),
       mail("zipf", [](WorkloadOptions& o) { o.recipients = "zipf:9,1"; })},
      {set("1024 octets", [](SessionPlan&) {}),
       set("0 octets", [](SessionPlan& p) { p.message_size = 0; }),
       set("2 octets", [](SessionPlan& p) { p.message_size = 2; }),
       set("20000 octets", [](SessionPlan& p) { p.message_size = 20000; }),
       mail("uniform sizes", [](WorkloadOptions& o) { o.size = "uniform:1K-20K"; }),
       mail("lognormal sizes",
            [](WorkloadOptions& o) { o.size = "lognormal:2K,1.5,pareto:8K,1,max:40K"; })},
      {set("all messages alike", [](SessionPlan&) {}),
       mail("alternative in long lines",
            [](WorkloadOptions& o) {
              o.body = "alternative";
              o.line_length = 998;
            }),
       mail("mime, 8 bit and dots",
            [](WorkloadOptions& o) {
              o.body = "mime";
              o.eight_bit = true;
              o.dot_lines = "30%";
            }),
       mail("bad recipients", [](WorkloadOptions& o) { o.bad_recipients = "30%"; })},
      {set("domains of their own", [](SessionPlan&) {}),
       mail("domains by weight",
            [](WorkloadOptions& o) { o.to_domains = "a.example=3,bücher.example=1"; })},
      {proxy("no proxy", ProxyVersion::kNone), proxy("proxy v1", ProxyVersion::kV1),
       proxy("proxy v2", ProxyVersion::kV2)},
      {set("no limits", [](SessionPlan&) {}), limits("limits", 30, 3)},
      {set("one sender", [](SessionPlan&) {}),
       set("null reverse-path", [](SessionPlan& p) { p.sender.clear(); }),
       set("senders by pattern", [](SessionPlan& p) { p.sender = "s{1..9}@example.com"; })},
      {set("one name", [](SessionPlan&) {}),
       set("names by pattern",
           [](SessionPlan& p) { p.helo_name = Pattern::parse("c{rand:1..9}.example").value(); })},
      {set("no xclient", [](SessionPlan&) {}),
       set("xclient", [](SessionPlan& p) { p.xclient = "ADDR=192.0.2.1"; })},
      {set("no parameters", [](SessionPlan&) {}),
       set("smtputf8", [](SessionPlan& p) { p.parameters.smtputf8 = true; }),
       set("u-label", [](SessionPlan& p) { p.recipient = "käthe@bücher.example"; })},
      {set("no dsn", [](SessionPlan&) {}), set("dsn",
                                               [](SessionPlan& p) {
                                                 p.parameters.ret = "FULL";
                                                 p.parameters.envid = "a+3Db";
                                                 p.parameters.notify = "DELAY";
                                                 p.parameters.orcpt = true;
                                               })},
      {set("nothing required", [](SessionPlan&) {}),
       set("8bitmime required", [](SessionPlan& p) { p.required = parser::kCap8bitMime; })},
      {set("no priority", [](SessionPlan&) {}),
       set("priority", [](SessionPlan& p) { p.parameters.mt_priority = 4; })},
      {set("no requiretls", [](SessionPlan&) {}),
       set("requiretls", [](SessionPlan& p) { p.parameters.requiretls = true; })},
      {set("straight on", [](SessionPlan&) {}),
       set("rset", [](SessionPlan& p) { p.shape.reset_between = true; }),
       set("think", [](SessionPlan& p) { p.shape.think.mean_ns = io::kSecond; })},
      {set("quit", [](SessionPlan&) {}), set("drop", [](SessionPlan& p) { p.shape.drop = true; })},
      {sink_without("everything offered", 0), sink_without("no pipelining", parser::kCapPipelining),
       sink_without("no chunking", parser::kCapChunking | parser::kCapBinaryMime),
       sink_without("no parameters", parser::kCapDsn | parser::kCapSize | parser::kCapMtPriority |
                                         parser::kCapRequireTls)},
      {cut("whole", 1 << 20), cut("7", 7), cut("100", 100)}};
  return all;
}

std::string name_of(const Row& row) {
  std::string name;
  for (std::size_t i = 0; i < row.size(); ++i) {
    name += std::string(i == 0 ? "" : ", ") + knobs()[i][row[i]].name;
  }
  return name;
}

// The messages as the other knobs have them: with a stamp, wherever it has room.
void plan_mail(Case& one) {
  const bool by_pattern = one.plan.sender.find('{') != std::string::npos;
  const bool small = one.plan.message_size < kLeastStamped;
  if (small && !one.varied && !by_pattern) {
    if (one.plan.recipient.find("ü") != std::string::npos) one.plan.parameters.smtputf8 = true;
    return;
  }
  WorkloadOptions& options = one.mail;
  options.stamp = "on";
  options.contents = 4;
  const bool own_size = options.body.empty() && !options.eight_bit && !small;
  if (options.size.empty()) {
    options.size = std::to_string(own_size ? one.plan.message_size
                                           : std::max<std::uint64_t>(one.plan.message_size, 2048));
  }
  options.from = one.plan.sender.empty() ? "<>" : one.plan.sender;
  options.to = one.plan.recipient;
  if (options.recipients.empty()) options.recipients = std::to_string(one.plan.recipients);
  const auto planned = plan_workload(options, 1, true, one.plan);
  EXPECT_TRUE(planned.has_value()) << planned.error();
  one.sink.check_messages = true;
  one.sink.reject_recipients = {options.bad_to};
}

// What is settled when all knobs are set.
void plan_tls(Case& one) {
  one.pair.sink_tls.groups = "X25519:P-256:P-384";
  if (!one.verified) return;
  one.pair.client_tls.verify = true;
  one.pair.client_tls.ca_file = one.ca_file;
  one.pair.client_tls.host_name = "mx.example.com";
  one.pair.client_tls.pin = io::spki_pin_of(one.pair.certificate->leaf());
}

void expect_as_planned(const Case& one, const PairOutcome& outcome) {
  ASSERT_TRUE(outcome.client.ended);
  EXPECT_TRUE(outcome.client.as_planned);
  for (const ErrorRow& error : outcome.client.metrics.errors()) {
    ADD_FAILURE() << to_string(error.phase) << ": " << error.kind << ": " << error.sample;
  }
  const bool limited = one.sink.message_limit > 0;
  const std::uint64_t messages = limited ? one.sink.message_limit : kMessages;
  const Counters& total = outcome.client.metrics.total();
  EXPECT_EQ(total.messages_accepted + total.messages_for_nobody, messages);
  EXPECT_EQ(outcome.sink.messages_received, total.messages_accepted);
  EXPECT_EQ(total.octets_accepted, outcome.sink.octets_received);
  EXPECT_EQ(total.recipients_bad_refused, total.recipients_bad);
  EXPECT_EQ(outcome.sink.recipients_received, total.recipients_accepted);
  EXPECT_EQ(outcome.sink.recipients_rejected, total.recipients_bad);
  EXPECT_EQ(outcome.sink.commands_rejected, 0U);
  EXPECT_EQ(outcome.sink.messages_mismatched, 0U);
  EXPECT_EQ(outcome.sink.proxied, one.sink.proxy ? 1U : 0U);
  if (!one.mail.recipients.starts_with("zipf")) {
    const std::uint32_t each =
        limited ? std::min(one.plan.recipients, one.sink.recipient_limit) : one.plan.recipients;
    EXPECT_EQ(total.recipients_accepted + total.recipients_bad, messages * each);
  }
  if (one.plan.workload) {
    EXPECT_EQ(outcome.sink.messages_checked, total.messages_accepted);
  } else {
    EXPECT_EQ(total.octets_accepted, messages * one.plan.message_size);
    EXPECT_EQ(total.messages_accepted, messages);
  }
  EXPECT_EQ(total.sessions_completed, 1U);
  if (!one.secured()) return;
  EXPECT_EQ(total.tls_handshakes, 1U);
  const TlsKind& kind = outcome.client.metrics.tls().kinds().front();
  const io::TlsClientOptions& tls = one.pair.client_tls;
  EXPECT_EQ(kind.alpn, tls.alpn.empty() ? "" : "smtp");
  EXPECT_EQ(kind.cipher.find("CHACHA20") != std::string::npos, !tls.ciphers.empty());
  EXPECT_TRUE(outcome.sink.tls_certificates == 1 || tls.certificate_file.empty() || one.resumed);
}

void run_case(const Row& row) {
  SCOPED_TRACE(name_of(row));
  Case one;
  one.plan.messages_per_connection = kMessages;
  one.pair.messages = kMessages;
  one.sink.extensions |= parser::kCapMtPriority | parser::kCapRequireTls | parser::kCapXclient;
  for (std::size_t i = 0; i < row.size(); ++i) knobs()[i][row[i]].apply(one);
  plan_mail(one);
  plan_tls(one);
  const PairTls tls(one.pair);
  if (one.resumed && one.secured()) {
    SessionPlan before = one.plan;
    before.messages_per_connection = 0;
    run_pair(before, one.sink, one.pair, &tls);
  }
  const PairOutcome outcome = run_pair(one.plan, one.sink, one.pair, &tls);
  expect_as_planned(one, outcome);
  EXPECT_EQ(outcome.client.metrics.total().tls_resumed, one.resumed && one.secured() ? 1U : 0U);
}

TEST(Matrix, EveryPairOfKnobsDeliversEveryMessage) {
  std::vector<std::size_t> sizes;
  for (const Knob& knob : knobs()) sizes.push_back(knob.size());
  Meetings meetings(sizes);
  std::mt19937 random(1);
  std::size_t cases = 0;
  while (cases < kCases || meetings.missing() > 0) {
    ASSERT_LT(cases, 2 * kCases) << meetings.missing() << " pairs have never met";
    const Row row = meetings.next(random);
    meetings.add(row);
    run_case(row);
    ++cases;
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(cases, 200U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
