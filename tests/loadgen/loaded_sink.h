// A sink of this process to load, and plans to load it with.
#ifndef SMTPMARK_TESTS_LOADGEN_LOADED_SINK_H_
#define SMTPMARK_TESTS_LOADGEN_LOADED_SINK_H_

#include <gtest/gtest.h>

#include <memory>

#include "loadgen/generator.h"
#include "loadgen/sink.h"
#include "tests/loadgen/dialogue.h"

namespace smtpmark::loadgen::testing {

inline std::unique_ptr<Sink> start_sink(Role role, std::uint32_t threads = 1,
                                        std::uint32_t tickets = 0) {
  SinkPlan plan;
  plan.threads = threads;
  plan.tls.tickets = tickets;
  plan.listens.push_back({role, io::Address::resolve("127.0.0.1:0").value()});
  auto sink = Sink::start(plan, shared_certificate());
  EXPECT_TRUE(sink.has_value()) << sink.error();
  return std::move(*sink);
}

inline RunPlan plan_for(const io::Address& target, Role role) {
  RunPlan plan;
  plan.classes[0].targets = {target};
  plan.classes[0].target_text = target.to_string();
  plan.classes[0].session.role = role;
  plan.classes[0].session.tls = role == Role::kRelay        ? TlsPolicy::kNone
                                : role == Role::kSubmission ? TlsPolicy::kRequired
                                                            : TlsPolicy::kImplicit;
  if (role != Role::kRelay) {
    plan.classes[0].session.auth = auth_as(parser::kAuthPlain, kSinkUser, kSinkPassword);
  }
  plan.classes[0].session.timeout_ns = 10 * io::kSecond;
  plan.load.connections = 20;
  return plan;
}

inline LoadResult run(const RunPlan& plan, const LoadHooks& hooks = {}) {
  auto result = run_load(plan, hooks);
  EXPECT_TRUE(result.has_value()) << result.error();
  return std::move(*result);
}

// Of an open loop with a message a turn. Where the machine is slow, as under a sanitizer, turns are
// left over at the end.
inline std::uint64_t turns(const LoadResult& result) {
  const Counters& total = result.metrics.total();
  EXPECT_GT(total.messages_accepted, 0U);
  return total.messages_accepted + total.turns_unstarted;
}

inline void expect_no_errors(const LoadResult& result) {
  for (const ErrorRow& row : result.metrics.errors()) {
    ADD_FAILURE() << row.count << " x " << to_string(row.phase) << ": " << row.sample;
  }
}

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_LOADED_SINK_H_
