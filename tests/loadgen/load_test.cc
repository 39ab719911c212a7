// Generator threads against sink threads over loopback: nothing is lost, whatever happens.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <random>
#include <thread>

#include "loadgen/workload_options.h"
#include "tests/loadgen/loaded_sink.h"

namespace smtpmark::loadgen {
namespace {

using testing::expect_no_errors;
using testing::plan_for;
using testing::run;
using testing::start_sink;
using testing::turns;

TEST(Load, ACountIsSentExactlyOnEveryPort) {
  for (const Role role : {Role::kRelay, Role::kSubmission, Role::kSubmissions}) {
    for (const std::uint64_t messages_per_connection : {1, 7}) {
      const auto sink = start_sink(role);
      RunPlan plan = plan_for(sink->listens().front().address, role);
      plan.classes[0].session.messages_per_connection = messages_per_connection;
      plan.load.count = 203;
      const LoadResult result = run(plan);
      sink->stop();
      expect_no_errors(result);
      EXPECT_EQ(result.ending, Ending::kCompleted);
      EXPECT_EQ(result.metrics.total().messages_accepted, 203U);
      EXPECT_EQ(sink->counters().messages_received, 203U);
      EXPECT_EQ(sink->counters().messages_unconfirmed, 0U);
      EXPECT_EQ(result.metrics.total().sessions_completed, sink->counters().sessions);
      EXPECT_EQ(result.metrics.total().tls_handshakes, sink->counters().tls_handshakes);
      EXPECT_GT(result.generator_cpu_s, 0.0);
    }
  }
}

TEST(Load, ThreadsShareTheCountAndTheSinkSharesThePort) {
  const auto sink = start_sink(Role::kSubmission, 3);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmission);
  plan.classes[0].session.messages_per_connection = 3;
  plan.load.threads = 3;
  plan.load.count = 301;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.metrics.total().messages_accepted, 301U);
  EXPECT_EQ(sink->counters().messages_received, 301U);
}

TEST(Load, MessagesThatDifferArriveAsTheyWereSentFromEveryThread) {
  SinkPlan sink_plan;
  sink_plan.options.check_messages = true;
  sink_plan.listens.push_back({Role::kRelay, io::Address::resolve("127.0.0.1:0").value()});
  const auto sink = Sink::start(sink_plan, testing::shared_certificate()).value();
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  WorkloadOptions workload;
  workload.size = "uniform:1K-200K";
  workload.contents = 20;
  workload.dot_lines = "50%";
  workload.recipients = "zipf:5,1";
  SessionPlan& session = plan.classes[0].session;
  ASSERT_TRUE(plan_workload(workload, 1, false, session).has_value());
  session.pipelining = Pipelining::kFull;
  session.messages_per_connection = 4;
  plan.load.threads = 2;
  plan.load.count = 200;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.metrics.total().messages_accepted, 200U);
  EXPECT_EQ(sink->counters().messages_checked, 200U);
  EXPECT_EQ(sink->counters().messages_mismatched, 0U);
  EXPECT_EQ(sink->counters().octets_received, result.metrics.total().octets_accepted);
}

TEST(Load, ResumedHandshakesAreCountedAndMeasuredApart) {
  const auto sink = start_sink(Role::kSubmission, 2, 2);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmission);
  plan.classes.front().tls.resume = true;
  plan.load.connections = 4;
  plan.load.threads = 2;
  plan.load.count = 100;
  for (const io::TlsVersion version : {io::TlsVersion::kTls12, io::TlsVersion::kTls13}) {
    plan.classes.front().tls.max_version = version;
    const LoadResult result = run(plan);
    expect_no_errors(result);
    const Counters& total = result.metrics.total();
    EXPECT_EQ(total.tls_handshakes, 100U);
    EXPECT_GE(total.tls_resumed, 90U) << "all but the first of each connection";
    EXPECT_LT(total.tls_resumed, 100U);
    EXPECT_EQ(result.metrics.histogram(Phase::kTlsHandshakeResumed).count(), total.tls_resumed);
    EXPECT_EQ(result.metrics.histogram(Phase::kTlsHandshake).count(), 100U - total.tls_resumed);
  }
  sink->stop();
  EXPECT_GE(sink->counters().tls_resumed, 180U);
}

TEST(Load, TimeEndsARunWithoutLosingAMessage) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.messages_per_connection = 1000000;
  plan.load.warmup_ns = io::kSecond / 10;
  plan.load.duration_ns = io::kSecond / 2;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  const Counters& total = result.metrics.total();
  EXPECT_GT(total.messages_accepted, 0U);
  EXPECT_EQ(total.messages_accepted, sink->counters().messages_received);
  EXPECT_EQ(total.sessions_completed, 20U) << "each session ended with QUIT";
  EXPECT_LT(result.metrics.measured().messages_accepted, total.messages_accepted);
  EXPECT_NEAR(result.measured_s, 0.5, 0.3);
}

TEST(Load, APauseBetweenMessagesEndsWithTheRunAndIsNoError) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  SessionPlan& session = plan.classes[0].session;
  session.messages_per_connection = 5;
  session.shape.think.mean_ns = 3600 * io::kSecond;
  session.shape.reset_between = true;
  plan.load.duration_ns = io::kSecond / 2;
  const TimeNs began = io::monotonic_now();
  const LoadResult result = run(plan);
  EXPECT_LT(io::monotonic_now() - began, 30 * io::kSecond);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.metrics.total().messages_accepted, 20U) << "one of each session";
  EXPECT_EQ(result.metrics.total().sessions_completed, 20U);
}

TEST(Load, AnInterruptEndsARunEarlyAndKeepsItsFigures) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.messages_per_connection = 10;
  plan.load.duration_ns = 60 * io::kSecond;
  std::atomic<bool> interrupted{false};
  LoadHooks hooks;
  hooks.interrupted = &interrupted;
  std::thread later([&interrupted] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    interrupted = true;
  });
  const LoadResult result = run(plan, hooks);
  later.join();
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.ending, Ending::kInterrupted);
  EXPECT_LT(result.measured_s, 30.0);
  EXPECT_GT(result.metrics.total().messages_accepted, 0U);
  EXPECT_EQ(result.metrics.total().messages_accepted, sink->counters().messages_received);
}

TEST(Load, AnOpenLoopSendsAtItsRateAndMeasuresFromTheIntendedStart) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.messages_per_connection = 50;
  plan.load.set_rate(400.0);
  plan.load.duration_ns = io::kSecond;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(turns(result), 400U);
  EXPECT_EQ(sink->counters().messages_received, result.metrics.total().messages_accepted);
  EXPECT_GE(result.metrics.histogram(Phase::kScheduleLag).count(),
            result.metrics.total().messages_accepted);
}

TEST(Load, ASlowOpenLoopBeginsEveryTurnItHasGiven) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.load.connections = 100;  // most of them sleep until their turn, far ahead
  plan.load.set_rate(20.0);
  std::uint64_t accepted = 0;
  for (const std::uint64_t count : {0, 15}) {
    plan.load.count = count;
    plan.load.duration_ns = io::kSecond;
    const LoadResult result = run(plan);
    expect_no_errors(result);
    EXPECT_EQ(turns(result), count == 0 ? 20U : count);
    if (count > 0) {
      EXPECT_EQ(result.metrics.total().turns_unstarted, 0U);
    }
    accepted += result.metrics.total().messages_accepted;
  }
  sink->stop();
  EXPECT_EQ(sink->counters().messages_received, accepted);
}

TEST(Load, TheFirstMessageIsMeasuredToo) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.load.connections = 1;
  plan.load.count = 1;
  const LoadResult result = run(plan);
  sink->stop();
  EXPECT_EQ(result.metrics.measured().messages_accepted, 1U);
  EXPECT_EQ(result.metrics.histogram(Phase::kConnect).count(), 1U);
}

TEST(Load, AClosedPortAbortsEvenWithFewerTurnsThanConnections) {
  auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  sink.reset();
  plan.load.count = 2;
  const LoadResult result = run(plan);
  EXPECT_EQ(result.ending, Ending::kAborted);
  EXPECT_NE(result.main_failure.find("connection refused"), std::string::npos);
}

TEST(Load, AServerThatCannotKeepUpShowsInTheLatencyOfAnOpenLoop) {
  const auto sink = start_sink(Role::kSubmissions);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.load.connections = 1;  // sessions one after the other, a handshake each
  plan.load.set_rate(1e6);
  plan.load.duration_ns = io::kSecond / 2;
  plan.load.count = 50;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  const Histogram& whole = result.metrics.histogram(Phase::kMessage);
  const Histogram& mail = result.metrics.histogram(Phase::kMail);
  ASSERT_GT(whole.count(), 0U);
  EXPECT_GT(whole.max_ns(), 5 * mail.percentile_ns(50.0)) << "the queue in front counts";
}

TEST(Load, SessionsWithoutMessagesAreCountedToo) {
  const auto sink = start_sink(Role::kRelay);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  plan.classes[0].session.tls = TlsPolicy::kRequired;
  plan.classes[0].session.messages_per_connection = 0;
  plan.load.count = 100;
  const LoadResult result = run(plan);
  sink->stop();
  expect_no_errors(result);
  EXPECT_EQ(result.metrics.total().sessions_completed, 100U);
  EXPECT_EQ(sink->counters().tls_handshakes, 100U);
  EXPECT_EQ(sink->counters().messages_received, 0U);
}

TEST(Load, AClosedPortAbortsTheRunAndSaysWhy) {
  auto sink = start_sink(Role::kRelay);
  const io::Address address = sink->listens().front().address;
  sink.reset();
  RunPlan plan = plan_for(address, Role::kRelay);
  plan.load.duration_ns = 60 * io::kSecond;
  const LoadResult result = run(plan);
  EXPECT_EQ(result.ending, Ending::kAborted);
  EXPECT_NE(result.main_failure.find("connection refused"), std::string::npos);
  EXPECT_LT(result.measured_s, 30.0);
}

// Sits between client and server and cuts some connections after a random number of octets from the
// client.
class CuttingProxy {
 public:
  CuttingProxy(const io::Address& server, unsigned seed) : server_(server), random_(seed) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const io::Address any = io::Address::resolve("127.0.0.1:0").value();
    EXPECT_EQ(::bind(listener_, any.sockaddr_ptr(), any.length()), 0);
    EXPECT_EQ(::listen(listener_, 128), 0);
    address_ = io::Address::of_socket(listener_);
    thread_ = std::thread([this] { serve(); });
  }
  ~CuttingProxy() {
    stop_ = true;
    thread_.join();
    for (const Pair& pair : pairs_) drop(pair);
    ::close(listener_);
  }
  const io::Address& address() const { return address_; }
  int cuts() const { return cuts_; }

 private:
  struct Pair {
    int client;
    int server;
    std::size_t left;  // octets from the client until the cut
  };

  static void drop(const Pair& pair) {
    ::close(pair.client);
    ::close(pair.server);
  }

  void serve() {
    while (!stop_) {
      std::vector<pollfd> watched = {{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        watched.push_back({pair.client, POLLIN, 0});
        watched.push_back({pair.server, POLLIN, 0});
      }
      if (::poll(watched.data(), watched.size(), 50) <= 0) continue;
      std::vector<Pair> kept;
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        Pair& pair = pairs_[i];
        const bool ready_client = watched[1 + 2 * i].revents != 0;
        const bool ready_server = watched[2 + 2 * i].revents != 0;
        bool alive = true;
        if (ready_server) alive = pass(pair.server, pair.client, nullptr);
        if (alive && ready_client) alive = pass(pair.client, pair.server, &pair.left);
        if (alive) {
          kept.push_back(pair);
        } else {
          drop(pair);
        }
      }
      pairs_ = std::move(kept);
      if (watched[0].revents != 0) take_connection();
    }
  }

  void take_connection() {
    Pair pair{::accept(listener_, nullptr, nullptr), ::socket(AF_INET, SOCK_STREAM, 0), SIZE_MAX};
    if (::connect(pair.server, server_.sockaddr_ptr(), server_.length()) != 0) return drop(pair);
    if (random_() % 2 == 0) pair.left = random_() % 6000;
    pairs_.push_back(pair);
  }

  bool pass(int from, int to, std::size_t* left) {
    std::array<char, 4096> octets;
    const ssize_t count = ::recv(from, octets.data(), octets.size(), 0);
    if (count <= 0) return false;
    std::size_t length = static_cast<std::size_t>(count);
    if (left != nullptr) {
      length = std::min(length, *left);
      if (*left != SIZE_MAX) *left -= length;
    }
    if (length > 0 && ::send(to, octets.data(), length, MSG_NOSIGNAL) < 0) return false;
    if (left != nullptr && *left == 0) {
      ++cuts_;
      return false;
    }
    return true;
  }

  io::Address server_;
  io::Address address_;
  std::mt19937 random_;
  int listener_ = -1;
  std::vector<Pair> pairs_;
  std::atomic<bool> stop_{false};
  std::atomic<int> cuts_{0};
  std::thread thread_;
};

TEST(Load, CutConnectionsLoseNoMessageThatWasAccepted) {
  for (const Role role : {Role::kRelay, Role::kSubmissions}) {
    const auto sink = start_sink(role);
    LoadResult result;
    int cuts = 0;
    {
      CuttingProxy proxy(sink->listens().front().address, 11);
      RunPlan plan = plan_for(proxy.address(), role);
      plan.classes[0].session.messages_per_connection = 4;
      plan.load.count = 400;
      result = run(plan);
      cuts = proxy.cuts();
    }
    sink->stop();
    const Counters& total = result.metrics.total();
    const SinkCounters& received = sink->counters();
    EXPECT_GT(cuts, 5);
    EXPECT_GT(total.messages_failed, 0U);
    EXPECT_EQ(total.messages_accepted + total.messages_failed + total.messages_in_doubt, 400U);
    // What the client counts, the sink has; what the sink has beyond that, both sides say is in
    // doubt: the connection was cut between the final dot and its reply.
    EXPECT_LE(total.messages_accepted, received.messages_received);
    EXPECT_LE(received.messages_received, total.messages_accepted + total.messages_in_doubt);
    EXPECT_LE(received.messages_received - total.messages_accepted, received.messages_unconfirmed);
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
