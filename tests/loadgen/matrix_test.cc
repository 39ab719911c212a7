// Every pair of knobs meets: client against sink, in memory, message by message.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>

#include "loadgen/workload_options.h"
#include "tests/loadgen/pair_plans.h"

namespace smtpmark::loadgen::testing {
namespace {

constexpr std::uint64_t kMessages = 4;
constexpr std::size_t kCases = 240;

struct Case {
  SessionPlan plan;
  std::optional<WorkloadOptions> mail;  // messages that differ, each with a stamp
  SinkOptions sink;
  PairOptions pair;
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
            if (one.plan.role != Role::kSubmission && one.plan.role != Role::kSubmissions) return;
            one.plan.auth = auth_as(set, kSinkUser, kSinkPassword);
          }};
}

// Made once for all combinations.
Setting certificate(const char* name, io::KeyKind kind, std::size_t length) {
  const auto made =
      std::make_shared<const io::Certificate>(io::Certificate::make(kind, length).value());
  return {name, [made](Case& one) { one.pair.certificate = made.get(); }};
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
  return {name, [change](Case& one) { change(one.mail.emplace()); }};
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
      {mechanism("plain", parser::kAuthPlain), mechanism("login", parser::kAuthLogin),
       mechanism("cram-md5", parser::kAuthCramMd5),
       mechanism("scram-sha-256", parser::kAuthScramSha256),
       mechanism("strongest", kPasswordMechanisms)},
      {{"tls 1.3", [](Case& one) { one.pair.client_tls.max_version = io::TlsVersion::kTls13; }},
       {"tls 1.2", [](Case& one) { one.pair.client_tls.max_version = io::TlsVersion::kTls12; }}},
      {certificate("ecdsa", io::KeyKind::kEcdsaP256, 1),
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
       set("40 recipients", [](SessionPlan& p) { p.recipients = 40; })},
      {set("1024 octets", [](SessionPlan&) {}),
       set("0 octets", [](SessionPlan& p) { p.message_size = 0; }),
       set("2 octets", [](SessionPlan& p) { p.message_size = 2; }),
       set("20000 octets", [](SessionPlan& p) { p.message_size = 20000; })},
      {set("all messages alike", [](SessionPlan&) {}),
       mail("stamps", [](WorkloadOptions& o) { o.stamp = "on"; }),
       mail("mime, 8 bit and dots",
            [](WorkloadOptions& o) {
              o.body = "mime";
              o.eight_bit = true;
              o.dot_lines = "30%";
            }),
       mail("bad recipients", [](WorkloadOptions& o) { o.bad_recipients = "30%"; })},
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

// A setting of each knob, by its number.
using Row = std::vector<std::size_t>;

// Which settings have met in some row.
class Meetings {
 public:
  Meetings() {
    std::size_t settings = 0;
    for (const Knob& knob : knobs()) {
      first_.push_back(settings);
      settings += knob.size();
    }
    for (std::size_t a = 0; a < knobs().size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) missing_ += knobs()[a].size() * knobs()[b].size();
    }
    met_.assign(settings, std::vector<bool>(settings));
  }

  std::size_t missing() const { return missing_; }
  bool met(std::size_t knob, std::size_t setting, std::size_t other, std::size_t its) const {
    return met_[first_[knob] + setting][first_[other] + its];
  }
  void add(const Row& row) {
    for (std::size_t a = 0; a < row.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        auto it = met_[first_[a] + row[a]][first_[b] + row[b]];
        if (!it) --missing_;
        it = true;
        met_[first_[b] + row[b]][first_[a] + row[a]] = true;
      }
    }
  }

 private:
  std::vector<std::size_t> first_;
  std::vector<std::vector<bool>> met_;
  std::size_t missing_ = 0;
};

// Knobs in random order, each set to what meets the most that it has not met before.
Row next_row(const Meetings& meetings, std::mt19937& random) {
  constexpr std::size_t kUnset = ~std::size_t{0};
  Row row(knobs().size(), kUnset);
  std::vector<std::size_t> order(row.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  for (const std::size_t knob : order) {
    std::size_t best = random() % knobs()[knob].size();
    std::size_t most = 0;
    for (std::size_t setting = 0; setting < knobs()[knob].size(); ++setting) {
      std::size_t fresh = 0;
      for (std::size_t other = 0; other < row.size(); ++other) {
        if (other == knob || row[other] == kUnset) continue;
        if (!meetings.met(knob, setting, other, row[other])) ++fresh;
      }
      if (fresh > most) {
        most = fresh;
        best = setting;
      }
    }
    row[knob] = best;
  }
  return row;
}

std::string name_of(const Row& row) {
  std::string name;
  for (std::size_t i = 0; i < row.size(); ++i) {
    name += std::string(i == 0 ? "" : ", ") + knobs()[i][row[i]].name;
  }
  return name;
}

// The messages as the other knobs have them.
void plan_mail(Case& one) {
  const bool by_pattern = one.plan.sender.find('{') != std::string::npos;
  if (!one.mail && !by_pattern) return;
  WorkloadOptions options = one.mail.value_or(WorkloadOptions());
  options.contents = 4;
  options.size = std::to_string(std::max<std::uint64_t>(one.plan.message_size, 2048));
  options.from = one.plan.sender.empty() ? "<>" : one.plan.sender;
  options.to = one.plan.recipient;
  options.recipients = std::to_string(one.plan.recipients);
  const auto planned = plan_workload(options, 1, true, one.plan);
  EXPECT_TRUE(planned.has_value()) << planned.error();
  one.sink.check_messages = true;
  one.sink.reject_recipients = {options.bad_to};
}

void run_case(const Row& row) {
  SCOPED_TRACE(name_of(row));
  Case one;
  one.plan.messages_per_connection = kMessages;
  one.pair.messages = kMessages;
  one.sink.extensions |= parser::kCapMtPriority | parser::kCapRequireTls | parser::kCapXclient;
  for (std::size_t i = 0; i < row.size(); ++i) knobs()[i][row[i]].apply(one);
  if (one.plan.recipient.find("ü") != std::string::npos) one.plan.parameters.smtputf8 = true;
  plan_mail(one);
  const PairOutcome outcome = run_pair(one.plan, one.sink, one.pair);
  ASSERT_TRUE(outcome.client.ended);
  EXPECT_TRUE(outcome.client.as_planned);
  for (const ErrorRow& error : outcome.client.metrics.errors()) {
    ADD_FAILURE() << to_string(error.phase) << ": " << error.kind << ": " << error.sample;
  }
  const Counters& total = outcome.client.metrics.total();
  EXPECT_EQ(total.messages_accepted + total.messages_for_nobody, kMessages);
  EXPECT_EQ(outcome.sink.messages_received, total.messages_accepted);
  EXPECT_EQ(total.octets_accepted, outcome.sink.octets_received);
  EXPECT_EQ(total.recipients_accepted + total.recipients_bad, kMessages * one.plan.recipients);
  EXPECT_EQ(total.recipients_bad_refused, total.recipients_bad);
  EXPECT_EQ(outcome.sink.recipients_received, total.recipients_accepted);
  EXPECT_EQ(outcome.sink.recipients_rejected, total.recipients_bad);
  EXPECT_EQ(outcome.sink.commands_rejected, 0U);
  EXPECT_EQ(outcome.sink.messages_mismatched, 0U);
  if (one.plan.workload) {
    EXPECT_EQ(outcome.sink.messages_checked, total.messages_accepted);
  } else {
    EXPECT_EQ(total.octets_accepted, kMessages * one.plan.message_size);
    EXPECT_EQ(total.messages_accepted, kMessages);
  }
  EXPECT_EQ(total.sessions_completed, 1U);
}

TEST(Matrix, EveryPairOfKnobsDeliversEveryMessage) {
  Meetings meetings;
  std::mt19937 random(1);
  std::size_t cases = 0;
  while (cases < kCases || meetings.missing() > 0) {
    ASSERT_LT(cases, 2 * kCases) << meetings.missing() << " pairs have never met";
    const Row row = next_row(meetings, random);
    meetings.add(row);
    run_case(row);
    ++cases;
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(cases, 200U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
