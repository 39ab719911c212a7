// Where connections come from and go to.
#include "loadgen/sources.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "tests/loadgen/loaded_sink.h"

namespace smtpmark::loadgen::testing {
namespace {

std::vector<std::string> hosts(const std::string& text, int family) {
  const auto parsed = parse_sources("--source", text, family);
  if (!parsed) return {parsed.error()};
  std::vector<std::string> all;
  for (const io::Address& one : *parsed) all.push_back(one.to_string());
  return all;
}

using Hosts = std::vector<std::string>;

TEST(Sources, AreAddressesAndRanges) {
  EXPECT_EQ(hosts("", AF_INET), Hosts());
  EXPECT_EQ(hosts("127.0.0.2", AF_INET), Hosts{"127.0.0.2:0"});
  EXPECT_EQ(hosts("127.0.0.254-127.0.1.1,127.1.0.1", AF_INET),
            (Hosts{"127.0.0.254:0", "127.0.0.255:0", "127.0.1.0:0", "127.0.1.1:0", "127.1.0.1:0"}));
  EXPECT_EQ(hosts("255.255.255.254-255.255.255.255", AF_INET).size(), 2U);
  EXPECT_EQ(hosts("::1", AF_INET6), Hosts{"[::1]:0"});
  EXPECT_EQ(hosts("::1-::3,fd00::fffe-fd00::1:1", AF_INET6),
            (Hosts{"[::1]:0", "[::2]:0", "[::3]:0", "[fd00::fffe]:0", "[fd00::ffff]:0",
                   "[fd00::1:0]:0", "[fd00::1:1]:0"}));
  EXPECT_EQ(hosts("10.0.0.0-10.0.255.255", AF_INET).size(), 65536U);
}

TEST(Sources, RefusesWhatIsNoneAndTooMany) {
  const auto expect = [](const std::string& text, int family, const std::string& part) {
    const Hosts said = hosts(text, family);
    EXPECT_NE(said.front().find("--source " + text + part), std::string::npos) << said.front();
  };
  for (const char* text : {"x", "127.0.0.2-", "-127.0.0.2", "127.0.0.9-127.0.0.2", "127.0.0.1-::1",
                           "::5-::1", "localhost", "127.0.0.1:25"}) {
    expect(text, AF_INET, " is no list of addresses");
  }
  expect("::1", AF_INET, " is of another address family");
  expect("127.0.0.1", AF_INET6, " is of another address family");
  expect("10.0.0.0-10.1.0.0", AF_INET, " are more than 65536");
  expect("fd00::-fd00::1:0", AF_INET6, " are more than 65536");
  expect("::-ffff::", AF_INET6, " are more than 65536");
}

// Takes `sessions` sessions without a message, one after the other, and tells whom they came from.
class Host {
 public:
  explicit Host(int sessions) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const io::Address any = io::Address::resolve("127.0.0.1:0").value();
    EXPECT_EQ(bind(descriptor_, any.sockaddr_ptr(), any.length()), 0);
    EXPECT_EQ(listen(descriptor_, 16), 0);
    thread_ = std::thread([this, sessions] {
      for (int i = 0; i < sessions; ++i) serve();
    });
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() { close(descriptor_); }

  io::Address address() const { return io::Address::of_socket(descriptor_); }
  Hosts clients() {
    thread_.join();
    return clients_;
  }

 private:
  void serve() {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const int peer = accept(descriptor_, reinterpret_cast<sockaddr*>(&storage), &length);
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in&>(storage).sin_addr, text, sizeof text);
    clients_.emplace_back(text);
    char line[512];
    for (const std::string_view reply : {"220 hi\r\n", "250 hi\r\n", "221 bye\r\n"}) {
      if (send(peer, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
      if (reply[2] != '1' && recv(peer, line, sizeof line, 0) <= 0) break;
    }
    close(peer);
  }

  int descriptor_;
  Hosts clients_;
  std::thread thread_;
};

TEST(Sources, AreTakenInTurn) {
  Host host(6);
  RunPlan plan = plan_for(host.address(), Role::kRelay);
  ClassPlan& only = plan.classes[0];
  only.sources = parse_sources("--source", "127.0.0.7,127.0.1.1-127.0.1.2", AF_INET).value();
  only.session.messages_per_connection = 0;
  only.session.turn_of = TurnOf::kSession;
  plan.load.connections = 1;
  plan.load.count = 6;
  expect_no_errors(run(plan));
  EXPECT_EQ(host.clients(),
            (Hosts{"127.0.0.7", "127.0.1.1", "127.0.1.2", "127.0.0.7", "127.0.1.1", "127.0.1.2"}));
}

TEST(Sources, ThatThisMachineDoesNotHaveAreRefused) {
  const auto check = [](const char* text, int family) {
    return check_sources("--source", parse_sources("--source", text, family).value());
  };
  EXPECT_TRUE(check("127.0.0.9-127.0.3.9", AF_INET).has_value());
  EXPECT_TRUE(check("", AF_INET).has_value());
  EXPECT_EQ(check("127.0.0.9,192.0.2.7", AF_INET).error(),
            "--source: this machine does not have the address 192.0.2.7");
  EXPECT_EQ(check("2001:db8::7", AF_INET6).error(),
            "--source: this machine does not have the address [2001:db8::7]");
}

TEST(Targets, EachGetsItsShare) {
  std::vector<std::unique_ptr<Sink>> sinks;
  RunPlan plan = plan_for({}, Role::kRelay);
  plan.classes[0].targets.clear();
  for (int i = 0; i < 3; ++i) {
    sinks.push_back(start_sink(Role::kRelay));
    plan.classes[0].targets.push_back(sinks.back()->listens().front().address);
  }
  plan.load.connections = 6;
  plan.load.threads = 2;
  plan.load.count = 300;
  expect_no_errors(run(plan));
  for (const auto& sink : sinks) {
    sink->stop();
    EXPECT_EQ(sink->counters().messages_received, 100U);
  }
}

TEST(Targets, MayBeOfIpv6) {
  SinkPlan wanted;
  wanted.listens.push_back({Role::kRelay, io::Address::resolve("[::1]:0").value()});
  wanted.options.proxy = true;
  const auto sink = Sink::start(wanted, shared_certificate()).value();
  RunPlan plan = plan_for(sink->listens().front().address, Role::kRelay);
  ClassPlan& only = plan.classes[0];
  only.session.tls = TlsPolicy::kRequired;
  only.sources = parse_sources("--source", "::1", AF_INET6).value();
  only.proxy = ProxyVersion::kV2;
  only.proxy_clients = parse_sources("--proxy-client", "fd00::1-fd00::5", AF_INET6).value();
  plan.load.count = 50;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  sink->stop();
  EXPECT_EQ(result.metrics.total().messages_accepted, 50U);
  EXPECT_EQ(sink->counters().messages_received, 50U);
  EXPECT_EQ(sink->counters().proxied, 50U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
