// Workloads: from options to messages, and from messages to what a sink makes of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "loadgen/run_options.h"
#include "loadgen/workload_options.h"
#include "loadgen/workload_presets.h"
#include "parser/capabilities.h"
#include "tests/loadgen/dialogue.h"

namespace smtpmark::loadgen::testing {
namespace {

SessionPlan plan_of(const WorkloadOptions& options, std::uint64_t seed = 1) {
  SessionPlan plan;
  plan.tls = TlsPolicy::kNone;
  const auto planned = plan_workload(options, seed, false, plan);
  EXPECT_TRUE(planned.has_value()) << planned.error();
  return plan;
}

template <class Change>
SessionPlan plan_with(Change change, std::uint64_t seed = 1) {
  WorkloadOptions options;
  change(options);
  return plan_of(options, seed);
}

template <class Change>
std::string refusal_with(Change change, bool authorized = false) {
  WorkloadOptions options;
  change(options);
  SessionPlan plan;
  const auto planned = plan_workload(options, 1, authorized, plan);
  return planned ? "" : planned.error();
}

// Everything that the first `count` messages of a source are.
std::vector<std::string> messages(const SessionPlan& plan, std::size_t count,
                                  const MailShare& share = {}) {
  MailSource source(plan, share);
  MailRoomPtr room;
  std::vector<std::string> domains;
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) {
    const MailObject mail =
        source.next({parser::kCapSize | parser::kCap8bitMime, 0}, room, domains);
    all.push_back(mail.envelope->group + std::string(mail.header) +
                  std::string(mail.message->wire()));
  }
  return all;
}

void mixed(WorkloadOptions& options) {
  options.size = "uniform:1K-9K";
  options.body = "mime";
  options.text_size = "2K";
  options.contents = 64;
  options.dot_lines = "20%";
  options.eight_bit = true;
  options.from = "s{rand:1..99}@example.com";
  options.to = "u{1..1000}@example.com";
  options.to_domains = "a.example=3,b.example=1";
  options.recipients = "zipf:5,1";
}

TEST(Workload, WithoutOptionsAllMessagesAreTheSame) {
  const SessionPlan plan = plan_of({});
  EXPECT_EQ(plan.workload, nullptr);
  EXPECT_EQ(plan.message_size, 1024U);
  const auto all = messages(plan, 3);
  EXPECT_EQ(all[0], all[1]);
  EXPECT_EQ(all[0], all[2]);
}

TEST(Workload, TheSameSeedGivesTheSameMessages) {
  EXPECT_EQ(messages(plan_with(mixed, 5), 50), messages(plan_with(mixed, 5), 50));
  EXPECT_NE(messages(plan_with(mixed, 5), 50), messages(plan_with(mixed, 6), 50));
}

TEST(Workload, ThreadsAndClassesHaveMessagesOfTheirOwn) {
  const SessionPlan plan = plan_with(mixed);
  const auto first = messages(plan, 20, {9, 0, 2, 0});
  EXPECT_NE(first, messages(plan, 20, {9, 0, 2, 1}));
  EXPECT_NE(first, messages(plan, 20, {9, 1, 2, 0}));
}

TEST(Workload, NumbersInTurnAreSharedOutAmongThreads) {
  const SessionPlan plan = plan_with([](auto& o) { o.to = "u{seq}@example.com"; });
  std::set<std::string> recipients;
  for (std::uint32_t thread = 0; thread < 3; ++thread) {
    MailSource source(plan, {1, 0, 3, thread});
    MailRoomPtr room;
    std::vector<std::string> domains;
    for (int i = 0; i < 4; ++i) {
      recipients.insert(source.next({0, 0}, room, domains).envelope->rcpt.front());
    }
  }
  EXPECT_EQ(recipients.size(), 12U);
  EXPECT_TRUE(recipients.contains("RCPT TO:<u1@example.com>\r\n"));
  EXPECT_TRUE(recipients.contains("RCPT TO:<u12@example.com>\r\n"));
}

TEST(Workload, MailStatesTheSizeOfTheVeryMessage) {
  const SessionPlan plan = plan_with(mixed);
  MailSource source(plan);
  MailRoomPtr room;
  std::vector<std::string> domains;
  for (int i = 0; i < 50; ++i) {
    const MailObject mail = source.next({parser::kCapSize, 0}, room, domains);
    EXPECT_NE(mail.envelope->mail.find(" SIZE=" + std::to_string(mail.size) + "\r\n"),
              std::string::npos);
    EXPECT_EQ(mail.size, mail.header.size() + mail.message->content().size());
  }
}

TEST(Workload, BodyIs8bitMimeWhereItIsAndIsOffered) {
  const auto mail_line = [](bool eight_bit, std::uint64_t offered) {
    const SessionPlan plan = plan_with([eight_bit](auto& o) {
      o.eight_bit = eight_bit;
      o.stamp = "on";
    });
    MailSource source(plan);
    MailRoomPtr room;
    std::vector<std::string> domains;
    return source.next({offered, 0}, room, domains).envelope->mail;
  };
  EXPECT_TRUE(mail_line(true, parser::kCap8bitMime).ends_with("> BODY=8BITMIME\r\n"));
  EXPECT_TRUE(mail_line(true, 0).ends_with(">\r\n"));
  EXPECT_TRUE(mail_line(false, parser::kCap8bitMime).ends_with(">\r\n"));
}

TEST(Workload, ThePoolHasTheSizesOfTheDistributionAndItsBound) {
  const SessionPlan plan = plan_with([](auto& o) { o.size = "uniform:2K-6K"; });
  ASSERT_EQ(plan.workload->pool.size(), 1024U);
  std::uint64_t sum = 0;
  const std::uint64_t stamp = StampWriter(0, 0).octets();
  for (const Message& message : plan.workload->pool) {
    const std::uint64_t size = message.size() + stamp;
    EXPECT_TRUE(size >= 2048 && size <= 6144) << size;
    sum += size;
  }
  EXPECT_NEAR(static_cast<double>(sum) / 1024, 4096.0, 2.0);
  const SessionPlan bounded = plan_with([](auto& o) {
    o.size = "uniform:2K-6K";
    o.pool = "100K";
  });
  std::uint64_t octets = 0;
  for (const Message& message : bounded.workload->pool) octets += message.footprint();
  EXPECT_LE(octets, 100U * 1024);
  EXPECT_GT(bounded.workload->pool.size(), 8U);
}

TEST(Workload, EveryPresetCanBePlanned) {
  for (const std::string& name : preset_names()) {
    const SessionPlan plan = plan_with([&name](auto& o) {
      o.workload = name;
      o.pool = "4M";
    });
    ASSERT_NE(plan.workload, nullptr) << name;
    nlohmann::json config = nlohmann::json::object();
    add_workload(plan, 0xAB, config);
    EXPECT_EQ(config.at("workload"), name);
    EXPECT_LE(config.at("pool_octets"), 4U << 20);
    EXPECT_EQ(config.at("run"), "00000000000000ab");
  }
}

TEST(Workload, WhatIsGivenOverridesThePreset) {
  const SessionPlan plan = plan_with([](auto& o) {
    o.workload = "bulk";
    o.size = "2K";
    o.recipients = "3";
  });
  EXPECT_EQ(plan.workload->given.size, "2K");
  EXPECT_EQ(plan.workload->given.body, "alternative");
  EXPECT_EQ(plan.workload->pool.size(), 8U);
  EXPECT_EQ(plan.workload->recipient_count.most(), 3U);
}

TEST(Workload, ClassesHaveWorkloadsOfTheirOwnAndTakeTheRestFromTheRun) {
  RunOptions options;
  options.pool = "4M";
  options.seed = 7;
  options.class_texts = {"name=a,target=127.0.0.1:25,size=\"lognormal:4K,1,max:64K\"",
                         "name=b,target=127.0.0.1:25,workload=notification,to={seq}@b.example"};
  const RunPlan plan = make_run_plan(options).value();
  const Workload& first = *plan.classes[0].session.workload;
  EXPECT_EQ(first.given.size, "lognormal:4K,1,max:64K");
  EXPECT_EQ(first.given.to, "sink@example.com");
  EXPECT_EQ(first.seed, 7U);
  const Workload& second = *plan.classes[1].session.workload;
  EXPECT_EQ(second.given.size, "uniform:900-4K");
  EXPECT_EQ(second.given.to, "{seq}@b.example");
  EXPECT_EQ(second.given.pool, "4M");
}

TEST(Workload, RefusesWhatCannotBeMeant) {
  const auto refused = [](auto change, const char* part) {
    EXPECT_NE(refusal_with(change).find(part), std::string::npos)
        << part << " / " << refusal_with(change);
  };
  refused([](auto& o) { o.size = "x"; }, "--size");
  refused([](auto& o) { o.size = "1"; }, "--size 1 is not possible");
  refused([](auto& o) { o.size = "100", o.stamp = "on"; }, "at least");
  refused([](auto& o) { o.size = "1M", o.pool = "10K", o.stamp = "on"; }, "--pool 10K");
  refused([](auto& o) { o.dot_lines = "2"; }, "--dot-lines");
  refused([](auto& o) { o.corpus = "/nonexistent"; }, "/nonexistent");
  refused([](auto& o) { o.corpus = "/", o.size = "2K"; }, "--corpus");
  refused([](auto& o) { o.from = "{}"; }, "--from");
  refused([](auto& o) { o.to = "nobody"; }, "--to");
  refused([](auto& o) { o.recipients = "none"; }, "--recipients");
  refused([](auto& o) { o.bad_recipients = "much"; }, "--bad-recipients");
  refused([](auto& o) { o.senders_file = "/nonexistent"; }, "/nonexistent");
}

TEST(Workload, EveryRecipientIsHeldAgainstTheReservedDomains) {
  for (const auto& change : std::vector<std::function<void(WorkloadOptions&)>>{
           [](auto& o) { o.to = "a@gmail.com"; }, [](auto& o) { o.to = "a{1..5}@h{1..5}.de"; },
           [](auto& o) { o.to_domains = "a.example=5,b.de=1"; },
           [](auto& o) { o.bad_recipients = "5%", o.bad_to = "no@b.de"; }}) {
    EXPECT_NE(refusal_with(change).find("--i-am-authorized"), std::string::npos);
    EXPECT_EQ(refusal_with(change, true), "");
  }
}

TEST(Workload, AnUnreservedLineOfARecipientsFileIsNamed) {
  const std::string path = ::testing::TempDir() + "smtpmark-recipients.txt";
  std::ofstream(path) << "a@example.com\n\nb@example.de\n";
  const std::string complaint = refusal_with([&path](auto& o) { o.recipients_file = path; });
  EXPECT_NE(complaint.find(path + ":3: "), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("--i-am-authorized"), std::string::npos) << complaint;
}

TEST(Workload, TheNullReversePathIsASender) {
  const SessionPlan plan = plan_with([](auto& o) { o.from = "<>"; });
  EXPECT_EQ(messages(plan, 1).front().rfind("MAIL FROM:<> SIZE=1024\r\n", 0), 0U);
}

// Client against sink

SinkOptions checking_sink() {
  SinkOptions options;
  options.check_messages = true;
  options.reject_recipients = {"nobody@invalid.example"};
  return options;
}

PairOutcome deliver(SessionPlan plan, std::uint64_t count, const SinkOptions& sink,
                    std::size_t piece = 0) {
  plan.messages_per_connection = count;
  PairOptions options;
  options.messages = count;
  if (piece > 0) options.piece_to_client = options.piece_to_sink = [piece] { return piece; };
  return run_pair(plan, sink, options);
}

void expect_all_good(const PairOutcome& outcome, std::uint64_t count) {
  const Counters& total = outcome.client.metrics.total();
  for (const ErrorRow& row : outcome.client.metrics.errors()) {
    ADD_FAILURE() << to_string(row.phase) << ": " << row.kind << ": " << row.sample;
  }
  EXPECT_EQ(total.messages_accepted + total.messages_for_nobody, count);
  EXPECT_EQ(outcome.sink.messages_received, total.messages_accepted);
  EXPECT_EQ(outcome.sink.messages_checked, total.messages_accepted);
  EXPECT_EQ(outcome.sink.messages_mismatched, 0U);
  EXPECT_EQ(outcome.sink.octets_received, total.octets_accepted);
  EXPECT_EQ(outcome.sink.recipients_received, total.recipients_accepted);
}

TEST(WorkloadPair, EveryMessageArrivesAsItWasSent) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup, Pipelining::kFull}) {
    for (const TlsPolicy tls : {TlsPolicy::kNone, TlsPolicy::kRequired}) {
      for (const std::size_t piece : {0, 61}) {
        SessionPlan plan = plan_with(mixed);
        plan.pipelining = pipelining;
        plan.tls = tls;
        expect_all_good(deliver(plan, 20, checking_sink(), piece), 20);
      }
    }
  }
}

TEST(WorkloadPair, ABadRecipientsRefusalIsNoError) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kFull}) {
    SessionPlan plan = plan_with([](auto& o) {
      o.bad_recipients = "40%";
      o.recipients = "2";
    });
    plan.pipelining = pipelining;
    const PairOutcome outcome = deliver(plan, 200, checking_sink());
    expect_all_good(outcome, 200);
    const Counters& total = outcome.client.metrics.total();
    EXPECT_NEAR(static_cast<double>(total.recipients_bad), 160.0, 40.0);
    EXPECT_EQ(total.recipients_bad_refused, total.recipients_bad);
    EXPECT_EQ(outcome.sink.recipients_rejected, total.recipients_bad);
    EXPECT_EQ(total.recipients_accepted + total.recipients_bad, 400U);
    EXPECT_GT(total.messages_for_nobody, 5U);
    EXPECT_EQ(total.messages_failed, 0U);
  }
}

TEST(WorkloadPair, ABadRecipientThatIsTakenIsCountedAsTaken) {
  SessionPlan plan = plan_with([](auto& o) { o.bad_recipients = "100%"; });
  SinkOptions sink = checking_sink();
  sink.reject_recipients.clear();
  const PairOutcome outcome = deliver(plan, 3, sink);
  expect_all_good(outcome, 3);
  EXPECT_EQ(outcome.client.metrics.total().recipients_bad, 3U);
  EXPECT_EQ(outcome.client.metrics.total().recipients_bad_refused, 0U);
}

TEST(WorkloadPair, AGoodRecipientsRefusalIsAnError) {
  SessionPlan plan = plan_with([](auto& o) { o.stamp = "on"; });
  SinkOptions sink = checking_sink();
  sink.reject_recipients = {"@example.com"};
  const PairOutcome outcome = deliver(plan, 3, sink);
  EXPECT_EQ(outcome.client.metrics.total().messages_failed, 3U);
  EXPECT_EQ(outcome.client.metrics.total().errors, 3U);
}

TEST(WorkloadPair, ASinkThatDoesNotCheckCountsNothing) {
  const PairOutcome outcome = deliver(plan_with(mixed), 3, {});
  EXPECT_EQ(outcome.sink.messages_received, 3U);
  EXPECT_EQ(outcome.sink.messages_checked + outcome.sink.messages_unstamped, 0U);
}

TEST(WorkloadPair, PlainMessagesHaveNoStamp) {
  const PairOutcome outcome = deliver(plan_of({}), 3, checking_sink());
  EXPECT_EQ(outcome.sink.messages_unstamped, 3U);
  EXPECT_EQ(outcome.sink.messages_checked, 0U);
}

TEST(WorkloadSink, FindsAMessageThatWasChangedOnItsWay) {
  const SessionPlan plan = plan_with([](auto& o) { o.stamp = "on"; });
  MailSource source(plan);
  MailRoomPtr room;
  std::vector<std::string> domains;
  const MailObject mail = source.next({0, 0}, room, domains);
  std::string wire(mail.message->wire());
  const std::size_t at = wire.find("quick");
  ASSERT_NE(at, std::string::npos);
  wire[at] = 'Q';
  SinkCounters counters;
  ask_sink(Role::kRelay,
           "EHLO a\r\n" + mail.envelope->group + std::string(mail.header) + wire + "QUIT\r\n",
           &counters, 0, checking_sink());
  EXPECT_EQ(counters.messages_received, 1U);
  EXPECT_EQ(counters.messages_mismatched, 1U);
}

TEST(WorkloadSink, ChecksWhatComesInChunks) {
  const SessionPlan plan = plan_with([](auto& o) { o.stamp = "on"; });
  MailSource source(plan);
  MailRoomPtr room;
  std::vector<std::string> domains;
  const MailObject mail = source.next({0, 0}, room, domains);
  const std::string content = std::string(mail.header) + std::string(mail.message->content());
  const std::string first = content.substr(0, 300);
  const std::string rest = content.substr(300);
  SinkCounters counters;
  ask_sink(Role::kRelay,
           "EHLO a\r\n" + mail.envelope->mail + mail.envelope->rcpt.front() + "BDAT 300\r\n" +
               first + "BDAT " + std::to_string(rest.size()) + " LAST\r\n" + rest + "QUIT\r\n",
           &counters, 0, checking_sink());
  EXPECT_EQ(counters.messages_checked, 1U);
  EXPECT_EQ(counters.messages_mismatched, 0U);
}

TEST(WorkloadSink, RefusesTheRecipientsThatItIsToldTo) {
  SinkOptions options;
  options.reject_recipients = {"bad@example.com", "no@", "@void.example"};
  const auto answer = [&options](const std::string& recipient) {
    const std::string heard = ask_sink(
        Role::kRelay, "EHLO a\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<" + recipient + ">\r\n",
        nullptr, 0, options);
    return heard.substr(heard.rfind("\r\n", heard.size() - 3) + 2, 3);
  };
  EXPECT_EQ(answer("bad@example.com"), "550");
  EXPECT_EQ(answer("no@example.com"), "550");
  EXPECT_EQ(answer("x@void.example"), "550");
  EXPECT_EQ(answer("good@example.com"), "250");
  EXPECT_EQ(answer("nono@example.com"), "250");
  EXPECT_EQ(answer("x@sub.void.example"), "250");
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
