// A client session and a sink session, or a scripted peer, joined in memory.
#ifndef SMTPMARK_TESTS_LOADGEN_DIALOGUE_H_
#define SMTPMARK_TESTS_LOADGEN_DIALOGUE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/memory_transport.h"
#include "io/task.h"
#include "io/tls_context.h"
#include "loadgen/client_session.h"
#include "loadgen/sink_session.h"

namespace smtpmark::loadgen::testing {

// Gives a fixed number of turns; sessions stay connected until `held_until`.
class CountedTurns final : public TurnSource {
 public:
  explicit CountedTurns(std::uint64_t turns, TimeNs held_until = 0)
      : left_(turns), held_until_(held_until) {}
  std::optional<Turn> take(TimeNs /*now*/) override {
    if (left_ == 0) return std::nullopt;
    --left_;
    return Turn{};
  }
  bool due(TimeNs /*now*/) const override { return left_ > 0; }
  bool ended(TimeNs /*now*/) const override { return false; }
  TimeNs held_until() const override { return held_until_; }

 private:
  std::uint64_t left_;
  TimeNs held_until_;
};

// Answers like a server that plays a script: says `greeting`, then for each line from the client
// the next of `answers`. "EOF" as an answer closes, "RESET" breaks the connection, "" says nothing.
struct ScriptedServer {
  std::string greeting = "220 mx.example.com ESMTP\r\n";
  std::vector<std::string> answers;
};

// The client's side and what came of it.
struct ClientOutcome {
  bool ended = false;
  bool as_planned = false;
  Metrics metrics;
  std::string sent;  // by the client, as it went over the wire
};

const io::Certificate& shared_certificate();

// One client session of `plan` with `messages` turns against a scripted server.
ClientOutcome run_against_script(const SessionPlan& plan, const ScriptedServer& server,
                                 std::uint64_t messages = 1);

struct PairOutcome {
  ClientOutcome client;
  SinkCounters sink;
};

// How a pair of sessions is joined.
struct PairOptions {
  std::function<std::size_t()> piece_to_client;  // unset: all at once
  std::function<std::size_t()> piece_to_sink;
  io::TlsClientOptions client_tls;
  io::TlsServerOptions sink_tls;
  const io::Certificate* certificate = &shared_certificate();  // of the sink
  ProxyVersion proxy = ProxyVersion::kNone;  // what is said of the client before its session
  std::uint64_t messages = 1;
  TimeNs held_until = 0;  // the client's session, behind its last message
};

// The TLS of both sides, which more than one pair of sessions may have in common.
struct PairTls {
  explicit PairTls(const PairOptions& options);

  io::TlsContext client;
  io::TlsContext sink;
};

// One client session against one sink session; `tls` in place of its own.
PairOutcome run_pair(const SessionPlan& plan, const SinkOptions& sink_options,
                     const PairOptions& options, const PairTls* tls = nullptr);

// What the sink answers to `sent` in role `role`, in plaintext; `piece` cuts what it receives.
std::string ask_sink(Role role, const std::string& sent, SinkCounters* counters = nullptr,
                     std::size_t piece = 0, const SinkOptions& options = {});

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_DIALOGUE_H_
