// Sessions that pause, reset, drop and abort.
#include "loadgen/session_shape.h"

#include <gtest/gtest.h>

#include "tests/loadgen/loaded_sink.h"
#include "tests/loadgen/pair_plans.h"

namespace smtpmark::loadgen::testing {
namespace {

std::size_t lines_of(const std::string& sent, const std::string& line) {
  std::size_t count = 0;
  for (std::size_t at = sent.find(line); at != std::string::npos; at = sent.find(line, at + 1)) {
    ++count;
  }
  return count;
}

TEST(SessionShape, ResetsBetweenMessages) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.shape.reset_between = true;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  EXPECT_EQ(lines_of(outcome.client.sent, "RSET\r\n"), 4U);
  EXPECT_EQ(outcome.client.metrics.histogram(Phase::kReset).count(), 4U);
}

TEST(SessionShape, EndsWithoutQuitWhereItDrops) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.shape.drop = true;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  EXPECT_TRUE(outcome.client.as_planned);
  EXPECT_EQ(outcome.client.metrics.total().messages_accepted, 5U);
  EXPECT_EQ(outcome.client.metrics.total().sessions_completed, 1U);
  EXPECT_EQ(outcome.client.metrics.errors().size(), 0U);
  EXPECT_EQ(outcome.sink.messages_received, 5U);
  EXPECT_EQ(lines_of(outcome.client.sent, "QUIT"), 0U);
}

TEST(SessionShape, PausesBetweenMessages) {
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.shape.think.mean_ns = 2 * io::kSecond;
  const PairOutcome outcome = run_pair(plan, {}, five_messages());
  expect_clean(outcome, 5, false);
  const Histogram& session = outcome.client.metrics.histogram(Phase::kSession);
  EXPECT_GE(session.max_ns(), 8 * io::kSecond);
  EXPECT_LT(session.max_ns(), 9 * io::kSecond);
  EXPECT_LT(outcome.client.metrics.histogram(Phase::kMessage).max_ns(), io::kSecond)
      << "the pause is not the message's";
}

TEST(SessionShape, StaysConnectedUntilTheRunsEnd) {
  PairOptions options = five_messages();
  options.held_until = 60 * io::kSecond;
  SessionPlan plan = relay_plan(TlsPolicy::kNone);
  plan.messages_per_connection = 100;
  const PairOutcome outcome = run_pair(plan, {}, options);
  expect_clean(outcome, 5, false);
  EXPECT_EQ(lines_of(outcome.client.sent, "QUIT"), 1U);
  const Histogram& session = outcome.client.metrics.histogram(Phase::kSession);
  EXPECT_EQ(session.count(), 1U);
  EXPECT_GE(session.max_ns(), 58 * io::kSecond);
  EXPECT_LT(session.max_ns(), 60 * io::kSecond);
}

TEST(SessionShape, AbortsWhereItIsToldTo) {
  const struct {
    AbortShares shares;
    const char* last;
    const char* not_sent;
  } cases[] = {{{1.0, 0.0, 0.0}, "MAIL FROM", "RCPT"},
               {{0.0, 1.0, 0.0}, "RCPT TO", "DATA"},
               {{0.0, 0.0, 1.0}, "DATA", "\r\n.\r\n"}};
  for (const auto& [shares, last, not_sent] : cases) {
    SessionPlan plan = relay_plan(TlsPolicy::kNone);
    plan.shape.aborts = shares;
    const PairOutcome outcome = run_pair(plan, {}, five_messages());
    EXPECT_TRUE(outcome.client.as_planned) << last;
    EXPECT_NE(outcome.client.sent.find(last), std::string::npos);
    EXPECT_EQ(outcome.client.sent.find(not_sent), std::string::npos);
    EXPECT_EQ(outcome.client.metrics.total().messages_abandoned, 1U);
    EXPECT_EQ(outcome.client.metrics.total().messages_failed, 0U);
    EXPECT_EQ(outcome.client.metrics.total().errors, 0U);
    EXPECT_EQ(outcome.sink.messages_received, 0U);
  }
}

TEST(SessionShape, AbortsLoseNoMessageUnderLoad) {
  for (const bool chunking : {false, true}) {
    for (const Pipelining pipelining : {Pipelining::kNone, Pipelining::kGroup, Pipelining::kFull}) {
      const auto sink = start_sink(Role::kRelay);
      RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
      SessionPlan& session = plan.classes[0].session;
      session.messages_per_connection = 10;
      session.shape.spread = Spread::kGeometric;
      session.shape.aborts = {0.1, 0.1, 0.1};
      session.pipelining = pipelining;
      session.chunking.use = chunking;
      plan.load.count = 600;
      const LoadResult result = run(plan);
      sink->stop();
      expect_no_errors(result);
      const Counters& total = result.metrics.total();
      EXPECT_GT(total.messages_abandoned, 60U);
      EXPECT_LT(total.messages_abandoned, 300U);
      EXPECT_EQ(total.messages_accepted + total.messages_abandoned + total.messages_in_doubt, 600U);
      EXPECT_GE(sink->counters().messages_received, total.messages_accepted);
      EXPECT_LE(sink->counters().messages_received,
                total.messages_accepted + total.messages_in_doubt);
    }
  }
}

// Draws of all kinds side by side, on two threads.
LoadResult run_drawing(TurnOf turn_of) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  SessionPlan& session = plan.classes[0].session;
  session.messages_per_connection = 5;
  session.turn_of = turn_of;
  session.helo_name = Pattern::parse("c{rand:1..999}.example").value();
  session.shape.spread = Spread::kGeometric;
  session.shape.think = {io::kMillisecond / 5, true};
  session.shape.aborts = {0.02, 0.02, 0.02};
  plan.load.threads = 2;
  plan.load.seed = 7;
  plan.load.count = turn_of == TurnOf::kMessage ? 2000 : 400;
  LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  return result;
}

TEST(SessionShape, TheSameSeedAbandonsAsManyMessagesInEveryRun) {
  for (const TurnOf turn_of : {TurnOf::kMessage, TurnOf::kSession}) {
    const Counters first = run_drawing(turn_of).metrics.total();
    EXPECT_GT(first.messages_abandoned, 50U);
    for (int again = 0; again < 2; ++again) {
      const LoadResult result = run_drawing(turn_of);
      const Counters& total = result.metrics.total();
      EXPECT_EQ(total.messages_abandoned, first.messages_abandoned) << to_string(turn_of);
      EXPECT_EQ(total.messages_accepted, first.messages_accepted) << to_string(turn_of);
      // Who aborts has greeted, and who is not aborted before has said MAIL.
      if (turn_of == TurnOf::kMessage) continue;
      const auto samples = [&result](Phase phase) {
        return result.metrics.histogram(phase).count();
      };
      EXPECT_EQ(total.sessions_completed, first.sessions_completed);
      EXPECT_EQ(samples(Phase::kMail), total.messages_accepted + total.messages_abandoned);
    }
  }
}

TEST(SessionShape, SpreadsKeepTheirMean) {
  Random random = make_random(1, 0, 0, 0);
  for (const Spread spread : {Spread::kFixed, Spread::kUniform, Spread::kGeometric}) {
    std::uint64_t sum = 0;
    std::uint64_t least = ~std::uint64_t{0};
    std::uint64_t most = 0;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t count = draw_count(spread, 5, random);
      sum += count;
      least = std::min(least, count);
      most = std::max(most, count);
    }
    EXPECT_NEAR(static_cast<double>(sum) / 20000.0, 5.0, 0.15) << to_string(spread);
    EXPECT_EQ(least, spread == Spread::kFixed ? 5U : 1U);
    EXPECT_EQ(most == 9U, spread == Spread::kUniform) << to_string(spread);
    EXPECT_EQ(draw_count(spread, 0, random), 0U);
    EXPECT_EQ(draw_count(spread, 1, random), 1U);
  }
}

TEST(SessionShape, TheSameSeedDrawsTheSame) {
  EXPECT_EQ(make_random(7, 1, 2, 3)(), make_random(7, 1, 2, 3)());
  EXPECT_NE(make_random(7, 1, 2, 3)(), make_random(7, 2, 1, 3)());
  EXPECT_NE(make_random(7, 1, 2, 3)(), make_random(8, 1, 2, 3)());
}

TEST(SessionShape, ThinkTimesAreFixedOrExponential) {
  EXPECT_EQ(parse_think_time("")->mean_ns, 0U);
  EXPECT_EQ(parse_think_time("500ms")->mean_ns, io::kSecond / 2);
  const auto exponential = parse_think_time("exponential:2s");
  ASSERT_TRUE(exponential);
  EXPECT_TRUE(exponential->exponential);
  Random random = make_random(1, 0, 0, 0);
  double sum = 0.0;
  for (int i = 0; i < 20000; ++i) sum += static_cast<double>(exponential->draw(random));
  EXPECT_NEAR(sum / 20000.0, 2e9, 5e7);
  for (const char* bad : {"0", "-1s", "x", "exponential:", "25h", "normal:2s"}) {
    EXPECT_NE(parse_think_time(bad).error().find("--think-time"), std::string::npos) << bad;
  }
}

TEST(SessionShape, AbortSharesAreReadAndAddUp) {
  const auto shares = parse_abort_shares("mail=1%,body=0.005");
  ASSERT_TRUE(shares);
  EXPECT_DOUBLE_EQ(shares->mail, 0.01);
  EXPECT_DOUBLE_EQ(shares->rcpt, 0.0);
  EXPECT_DOUBLE_EQ(shares->body, 0.005);
  EXPECT_FALSE(parse_abort_shares("")->any());
  for (const char* bad :
       {"mail", "mail=", "mail=x", "mail=101%", "mail=-1%", "data=1%", "mail=60%,rcpt=60%"}) {
    EXPECT_NE(parse_abort_shares(bad).error().find("--abort"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
