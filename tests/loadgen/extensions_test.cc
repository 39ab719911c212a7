// Service extensions, client against sink: CHUNKING, LMTP, parameters, LIMITS, what is required.
#include "loadgen/extensions.h"

#include <gtest/gtest.h>

#include <set>

#include "loadgen/workload_options.h"
#include "parser/command_parser.h"
#include "tests/loadgen/pair_plans.h"

namespace smtpmark::loadgen::testing {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

SessionPlan chunking_plan(std::uint64_t octets, Pipelining pipelining) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.chunking = {true, false, octets};
  plan.pipelining = pipelining;
  return plan;
}

SinkOptions without(std::uint64_t extensions) {
  SinkOptions options;
  options.extensions &= ~extensions;
  return options;
}

const ErrorRow& only_error(const PairOutcome& outcome) {
  static const ErrorRow none;
  EXPECT_EQ(outcome.client.metrics.errors().size(), 1U);
  return outcome.client.metrics.errors().empty() ? none : outcome.client.metrics.errors().front();
}

TEST(Chunking, DeliversTheSameMessagesAtEveryChunkSizeAndCut) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup, Pipelining::kFull}) {
    for (const std::uint64_t octets : {0, 1, 7, 100, 1023, 1024, 1025, 5000}) {
      for (const std::size_t piece : {3, 61, 1 << 20}) {
        PairOptions options = five_messages();
        options.piece_to_client = options.piece_to_sink = [piece] { return piece; };
        const PairOutcome outcome = run_pair(chunking_plan(octets, pipelining), {}, options);
        expect_clean(outcome, 5, false);
        EXPECT_EQ(outcome.sink.octets_received, 5U * 1024U);
        EXPECT_EQ(outcome.client.sent.find("DATA"), std::string::npos);
      }
    }
  }
}

TEST(Chunking, CutsAMessageIntoChunksOfTheirSize) {
  const PairOutcome outcome = run_pair(chunking_plan(1000, Pipelining::kNone), {}, five_messages());
  EXPECT_EQ(count_of(outcome.client.sent, "BDAT 1000\r\n"), 5U);
  EXPECT_EQ(count_of(outcome.client.sent, "BDAT 24 LAST\r\n"), 5U);
  EXPECT_EQ(outcome.client.metrics.histogram(Phase::kData).count(), 5U);
  EXPECT_EQ(outcome.client.metrics.histogram(Phase::kEndOfData).count(), 5U);
}

TEST(Chunking, AnEmptyMessageIsOneEmptyChunk) {
  SessionPlan plan = chunking_plan(0, Pipelining::kNone);
  plan.message_size = 0;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent, "BDAT 0 LAST\r\n"), 5U);
}

TEST(Chunking, IsNotUsedWhereItIsNotOffered) {
  const PairOutcome outcome =
      run_pair(chunking_plan(0, Pipelining::kFull), without(parser::kCapChunking), five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(outcome.client.sent.find("BDAT"), std::string::npos);
}

TEST(Chunking, WholeMessagesTravelAheadUpToTheDepth) {
  SessionPlan plan = chunking_plan(0, Pipelining::kFull);
  for (const std::uint32_t depth : {2U, 3U, 5U}) {
    plan.pipelining_depth = depth;
    const PairOutcome outcome = run_pair(plan, {}, five_messages());
    expect_clean(outcome, 5, false);
    EXPECT_EQ(outcome.client.metrics.histogram(Phase::kMessage).count(), 5U);
  }
}

TEST(Chunking, ARefusedChunkFailsItsMessageAndTheSessionGoesOn) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup}) {
    SessionPlan plan = relay_plan(TlsPolicy::kNone);
    plan.chunking = {true, false, 600};
    plan.pipelining = pipelining;
    plan.messages_per_connection = 1;
    // The script answers lines, and a chunk of text is lines too.
    plan.message_size = 0;
    const ClientOutcome outcome =
        run_against_script(plan, {ScriptedServer{}.greeting,
                                  {"250-mx.example.com\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
                                   "250 ok\r\n", "250 ok\r\n", "552 too much\r\n", "221 bye\r\n"}});
    EXPECT_TRUE(outcome.as_planned);
    EXPECT_EQ(outcome.metrics.total().messages_failed, 1U);
    EXPECT_EQ(outcome.metrics.total().messages_in_doubt, 0U);
    EXPECT_EQ(outcome.metrics.total().sessions_completed, 1U);
    ASSERT_EQ(outcome.metrics.errors().size(), 1U);
    EXPECT_EQ(outcome.metrics.errors().front().code, 552);
  }
}

TEST(Chunking, RefusedRecipientsLeaveNothingBehindForTheNextMessage) {
  SessionPlan plan = chunking_plan(300, Pipelining::kFull);
  plan.recipients = 3;
  SinkOptions options;
  options.recipient_limit = 2;
  const PairOutcome outcome = run_pair(plan, options, five_messages());
  EXPECT_EQ(outcome.client.metrics.total().messages_accepted, 5U);
  EXPECT_EQ(outcome.sink.messages_received, 5U);
  EXPECT_EQ(outcome.sink.recipients_received, 10U);
  EXPECT_EQ(only_error(outcome).code, 452);
}

TEST(Chunking, BinaryMimeIsDeclaredWhereItIsOffered) {
  SessionPlan plan = chunking_plan(0, Pipelining::kNone);
  plan.chunking.binary = true;
  PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent, " BODY=BINARYMIME\r\n"), 5U);
  outcome = run_pair(plan, without(parser::kCapBinaryMime), five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent, "BINARYMIME"), 0U);
}

TEST(Sink, ABinaryMessageDoesNotComeWithData) {
  const std::string heard =
      ask_sink(Role::kRelay,
               "EHLO a\r\nMAIL FROM:<a@b.example> BODY=BINARYMIME\r\nRCPT TO:<c@d.example>\r\n"
               "DATA\r\nBDAT 2 LAST\r\n\n\rQUIT\r\n");
  EXPECT_NE(heard.find("503 5.5.1 A BINARYMIME message"), std::string::npos) << heard;
  EXPECT_NE(heard.find("250 2.0.0 Ok: thrown away\r\n221"), std::string::npos) << heard;
}

TEST(Sink, TheLastChunkEndsATransactionThatCouldNotBegin) {
  const std::string heard = ask_sink(
      Role::kRelay,
      "EHLO a\r\nMAIL FROM:<a@b.example>\r\nBDAT 4 LAST\r\nabcdMAIL FROM:<a@b.example>\r\n");
  EXPECT_NE(heard.find("503 5.5.1 MAIL and RCPT first\r\n250 2.1.0 Ok\r\n"), std::string::npos)
      << heard;
}

TEST(Lmtp, EachRecipientHasItsReply) {
  for (const bool chunking : {false, true}) {
    for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup, Pipelining::kFull}) {
      for (const std::size_t piece : {1, 16, 1 << 20}) {
        SessionPlan plan = relay_plan(TlsPolicy::kNone);
        plan.role = Role::kLmtp;
        plan.recipients = 3;
        plan.chunking.use = chunking;
        plan.pipelining = pipelining;
        PairOptions options = five_messages();
        options.piece_to_client = options.piece_to_sink = [piece] { return piece; };
        const PairOutcome outcome = run_pair(plan, {}, options);
        expect_clean(outcome, 5, false);
        EXPECT_EQ(outcome.sink.recipients_received, 15U);
        EXPECT_EQ(count_of(outcome.client.sent, "LHLO client.example.com\r\n"), 1U);
        EXPECT_EQ(outcome.client.sent.find("EHLO"), std::string::npos);
      }
    }
  }
}

TEST(Lmtp, ARecipientRefusedAtTheEndIsAnErrorOfItsOwn) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.role = Role::kLmtp;
  plan.recipients = 2;
  plan.messages_per_connection = 1;
  plan.message_size = 0;
  const auto run = [&plan](const std::string& end) {
    return run_against_script(plan, {ScriptedServer{}.greeting,
                                     {"250 mx.example.com\r\n", "250 ok\r\n", "250 ok\r\n",
                                      "250 ok\r\n", "354 go\r\n", end, "221 bye\r\n"}});
  };
  const ClientOutcome half = run("250 ok\r\n452 4.2.2 full\r\n");
  EXPECT_EQ(half.metrics.total().messages_accepted, 1U);
  EXPECT_EQ(half.metrics.total().recipients_accepted, 1U);
  ASSERT_EQ(half.metrics.errors().size(), 1U);
  EXPECT_EQ(half.metrics.errors().front().code, 452);
  EXPECT_EQ(half.metrics.errors().front().phase, Phase::kEndOfData);
  const ClientOutcome none = run("550 no\r\n550 no\r\n");
  EXPECT_EQ(none.metrics.total().messages_accepted, 0U);
  EXPECT_EQ(none.metrics.total().messages_failed, 1U);
  EXPECT_EQ(none.metrics.errors().front().count, 2U);
}

TEST(Lmtp, AndSmtpDoNotMix) {
  EXPECT_NE(ask_sink(Role::kLmtp, "EHLO a\r\n").find("500 5.5.1 This is LMTP"), std::string::npos);
  EXPECT_NE(ask_sink(Role::kRelay, "LHLO a\r\n").find("500 5.5.1 This is no LMTP"),
            std::string::npos);
}

TEST(Parameters, AreSaidWhereTheirExtensionIsOffered) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.parameters.smtputf8 = true;
  plan.parameters.ret = "HDRS";
  plan.parameters.envid = "QQ314159";
  plan.parameters.notify = "SUCCESS,DELAY";
  plan.parameters.orcpt = true;
  plan.parameters.mt_priority = -3;
  SinkOptions options;
  options.extensions |= parser::kCapMtPriority;
  PairOutcome outcome = run_pair(plan, options, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent,
                     "MAIL FROM:<load@example.com> SIZE=1024 SMTPUTF8 RET=HDRS ENVID=QQ314159 "
                     "MT-PRIORITY=-3\r\n"),
            5U);
  EXPECT_EQ(count_of(outcome.client.sent,
                     "RCPT TO:<sink@example.com> NOTIFY=SUCCESS,DELAY "
                     "ORCPT=rfc822;sink@example.com\r\n"),
            5U);
  outcome = run_pair(plan, without(parser::kCapDsn | parser::kCapSmtpUtf8 | parser::kCapSize),
                     five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent, "MAIL FROM:<load@example.com>\r\n"), 5U);
  EXPECT_EQ(count_of(outcome.client.sent, "RCPT TO:<sink@example.com>\r\n"), 5U);
}

TEST(Parameters, OrcptOfAnInternationalAddressIsOfItsOwnType) {
  EXPECT_EQ(to_utf8_xtext("käthe+a=b\\@bücher.example"),
            "k\\x{E4}the\\x{2B}a\\x{3D}b\\x{5C}@b\\x{FC}cher.example");
  EXPECT_EQ(to_utf8_xtext("日本@😀.example"), "\\x{65E5}\\x{672C}@\\x{1F600}.example");
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.recipient = "käthe@bücher.example";
  plan.parameters.smtputf8 = true;
  plan.parameters.orcpt = true;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(count_of(outcome.client.sent,
                     "RCPT TO:<käthe@bücher.example> "
                     "ORCPT=utf-8;k\\x{E4}the@b\\x{FC}cher.example\r\n"),
            5U);
}

TEST(Parameters, RequireTlsIsOfferedUnderTlsAlone) {
  SessionPlan plan = relay_plan(TlsPolicy::kRequired);
  plan.parameters.requiretls = true;
  plan.required = parser::kCapRequireTls;
  SinkOptions options;
  options.extensions |= parser::kCapRequireTls;
  expect_clean(run_pair(plan, options, five_messages()), 5, true);
  plan.tls = TlsPolicy::kNone;
  const PairOutcome outcome = run_pair(plan, options, five_messages());
  EXPECT_EQ(only_error(outcome).kind, "capability-not-offered");
  EXPECT_EQ(only_error(outcome).sample, "the server does not offer REQUIRETLS");
}

TEST(Sink, RefusesParametersOfExtensionsItDoesNotOffer) {
  const struct {
    const char* parameter;
    std::uint64_t extension;
  } cases[] = {{"SIZE=1", parser::kCapSize},
               {"SMTPUTF8", parser::kCapSmtpUtf8},
               {"RET=FULL", parser::kCapDsn},
               {"ENVID=a", parser::kCapDsn}};
  for (const auto& [parameter, extension] : cases) {
    const std::string sent = "EHLO a\r\nMAIL FROM:<a@b.example> " + std::string(parameter) + "\r\n";
    EXPECT_NE(ask_sink(Role::kRelay, sent).find("250 2.1.0"), std::string::npos) << parameter;
    EXPECT_NE(ask_sink(Role::kRelay, sent, nullptr, 0, without(extension)).find("555 5.5.4"),
              std::string::npos)
        << parameter;
  }
  EXPECT_NE(ask_sink(Role::kRelay, "EHLO a\r\nMAIL FROM:<a@b.example> MT-PRIORITY=3\r\n")
                .find("555 5.5.4"),
            std::string::npos);
}

TEST(Extensions, OfferedBeforeOrBehindTlsCountAsOffered) {
  SessionPlan plan = submission_plan(Role::kSubmission, parser::kAuthPlain);
  plan.required = parser::kCapStarttls | parser::kCapAuth | parser::kCapChunking;
  expect_clean(run_pair(plan, {}, five_messages()), 5, true);
  plan.required |= parser::kCapDeliverBy | parser::kCapMtrk;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  EXPECT_EQ(only_error(outcome).sample, "the server does not offer DELIVERBY, MTRK");
  EXPECT_EQ(outcome.client.metrics.total().messages_failed, 1U);
}

TEST(Xclient, BeginsTheSessionAnewWhereItIsOffered) {
  SessionPlan plan = relay_plan(TlsPolicy::kOpportunistic);
  plan.xclient = "NAME=a.example ADDR=192.0.2.1";
  SinkOptions options;
  options.extensions |= parser::kCapXclient;
  PairOutcome outcome = run_pair(plan, options, five_messages());
  expect_clean(outcome, 5, true);
  EXPECT_EQ(outcome.sink.xclients, 1U);
  EXPECT_EQ(outcome.client.metrics.histogram(Phase::kXclient).count(), 1U);
  outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, true);
  EXPECT_EQ(outcome.sink.xclients, 0U);
}

TEST(Xclient, IsRefusedWhereItIsNotOffered) {
  EXPECT_NE(ask_sink(Role::kRelay, "EHLO a\r\nXCLIENT ADDR=192.0.2.1\r\n").find("502 5.5.1"),
            std::string::npos);
}

TEST(Limits, EndASessionBeforeItsPlanDoes) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  SinkOptions options;
  options.extensions |= parser::kCapLimits;
  options.message_limit = 3;
  const PairOutcome outcome = run_pair(plan, options, five_messages());
  expect_clean(outcome, 3, false);
  // Where the limit is not told, it is met.
  options.extensions &= ~std::uint64_t{parser::kCapLimits};
  const PairOutcome untold = run_pair(plan, options, five_messages());
  EXPECT_EQ(untold.client.metrics.total().messages_accepted, 3U);
  EXPECT_EQ(only_error(untold).code, 452);
  EXPECT_EQ(only_error(untold).count, 2U);
}

TEST(Limits, AMessageGoesToAsManyRecipientsAsAreAllowed) {
  for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kFull}) {
    SessionPlan plan = relay_plan(TlsPolicy::kNone);
    plan.pipelining = pipelining;
    plan.recipients = 7;
    SinkOptions options;
    options.extensions |= parser::kCapLimits;
    options.recipient_limit = 3;
    const PairOutcome outcome = run_pair(plan, options, five_messages());
    expect_clean(outcome, 5, false);
    EXPECT_EQ(outcome.sink.recipients_received, 15U);
  }
}

TEST(Limits, ASessionKeepsToAsManyDomainsAsAreAllowed) {
  WorkloadOptions mail;
  mail.to = "u{seq}@d{1..3}.example";
  mail.recipients = "6";
  mail.bad_recipients = "30%";
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  ASSERT_TRUE(plan_workload(mail, 1, true, plan));
  MailSource source(plan);
  MailRoomPtr room;
  std::vector<std::string> domains;
  std::set<std::string> seen;  // in one session
  for (int i = 0; i < 50; ++i) {
    const Envelope& envelope = *source.next({parser::kCapLimits, 4, 2}, room, domains).envelope;
    for (std::size_t n = 0; n < envelope.rcpt.size(); ++n) {
      const std::string& line = envelope.rcpt[n];
      seen.insert(line.substr(line.find('@')));
      EXPECT_EQ(envelope.bad[n], line.find("@invalid.example") != std::string::npos) << line;
    }
    EXPECT_GE(envelope.rcpt.size(), 1U);
    EXPECT_LE(envelope.rcpt.size(), 4U);
  }
  EXPECT_EQ(seen.size(), 2U);
  mail.bad_recipients.clear();
  plan.messages_per_connection = 1;
  ASSERT_TRUE(plan_workload(mail, 1, true, plan));
  const ClientOutcome outcome =
      run_against_script(plan, {ScriptedServer{}.greeting,
                                {"250-mx.example.com\r\n250 LIMITS RCPTDOMAINMAX=1\r\n",
                                 "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"}});
  EXPECT_EQ(count_of(outcome.sent, "RCPT TO:"), 2U) << outcome.sent;
  EXPECT_EQ(count_of(outcome.sent, "@d1.example>\r\n"), 2U) << outcome.sent;
}

TEST(Extensions, AreReadByTheirKeywords) {
  EXPECT_EQ(parse_extensions("--with", "").value(), 0U);
  EXPECT_EQ(parse_extensions("--with", "chunking,DSN").value(),
            parser::kCapChunking | parser::kCapDsn);
  EXPECT_EQ(keywords_of(parser::kCapDsn | parser::kCapChunking), "CHUNKING, DSN");
  EXPECT_EQ(parse_extensions("--with", "CHUNKING,NONSENSE").error(),
            "--with NONSENSE is not the keyword of a known extension");
  EXPECT_EQ(parameters_of(parser::kCapSize | parser::kCapBinaryMime | parser::kCapMtrk),
            parser::kParamSize | parser::kParamBody | parser::kParamMtrk);
}

TEST(Extensions, EachValueOfBodyIsOfAnExtensionOfItsOwn) {
  const auto asked = [](std::uint64_t without, const std::string& body) {
    SinkOptions options;
    options.extensions &= ~without;
    return ask_sink(Role::kRelay, "EHLO a\r\nMAIL FROM:<a@example.com> BODY=" + body + "\r\n",
                    nullptr, 0, options);
  };
  const std::string_view ok = "\r\n250 2.1.0 Ok\r\n";
  EXPECT_NE(asked(parser::kCapBinaryMime, "8BITMIME").find(ok), std::string::npos);
  EXPECT_NE(asked(parser::kCap8bitMime, "BINARYMIME").find(ok), std::string::npos);
  EXPECT_NE(asked(parser::kCapBinaryMime, "BINARYMIME").find("\r\n555 "), std::string::npos);
  EXPECT_NE(asked(parser::kCap8bitMime, "8BITMIME").find("\r\n555 "), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
