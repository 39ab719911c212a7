// Plans for a client and a sink, and what must hold of them.
#ifndef SMTPMARK_TESTS_LOADGEN_PAIR_PLANS_H_
#define SMTPMARK_TESTS_LOADGEN_PAIR_PLANS_H_

#include <gtest/gtest.h>

#include "tests/loadgen/dialogue.h"

namespace smtpmark::loadgen::testing {

inline SessionPlan relay_plan(TlsPolicy tls) {
  SessionPlan plan;
  plan.tls = tls;
  plan.messages_per_connection = 5;
  return plan;
}

inline SessionPlan submission_plan(Role role, MechanismSet mechanisms) {
  SessionPlan plan;
  plan.role = role;
  plan.tls = role == Role::kSubmissions ? TlsPolicy::kImplicit : TlsPolicy::kRequired;
  plan.auth = auth_as(mechanisms, kSinkUser, kSinkPassword);
  plan.messages_per_connection = 5;
  return plan;
}

// Everything that must hold of a session that met no trouble.
inline void expect_clean(const PairOutcome& outcome, std::uint64_t messages, bool with_tls) {
  const Counters& total = outcome.client.metrics.total();
  ASSERT_TRUE(outcome.client.ended);
  EXPECT_TRUE(outcome.client.as_planned);
  for (const ErrorRow& row : outcome.client.metrics.errors()) {
    ADD_FAILURE() << to_string(row.phase) << ": " << row.kind << ": " << row.sample;
  }
  EXPECT_EQ(total.messages_accepted, messages);
  EXPECT_EQ(outcome.sink.messages_received, messages);
  EXPECT_EQ(total.messages_failed + total.messages_in_doubt, 0U);
  EXPECT_EQ(outcome.sink.messages_unconfirmed, 0U);
  EXPECT_EQ(total.octets_accepted, outcome.sink.octets_received);
  EXPECT_EQ(total.recipients_accepted, outcome.sink.recipients_received);
  EXPECT_EQ(total.sessions_completed, 1U);
  EXPECT_EQ(total.tls_handshakes, with_tls ? 1U : 0U);
  EXPECT_EQ(outcome.sink.tls_handshakes, with_tls ? 1U : 0U);
  EXPECT_EQ(total.sessions_plain, with_tls ? 0U : 1U);
}

inline PairOptions five_messages() {
  PairOptions options;
  options.messages = 5;
  return options;
}

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_PAIR_PLANS_H_
