// The PROXY protocol, written and read, and through client and sink.
#include "loadgen/proxy_protocol.h"

#include <gtest/gtest.h>

#include "tests/loadgen/loaded_sink.h"

namespace smtpmark::loadgen::testing {
namespace {

using State = ProxyRead::State;

io::Address address(const char* text) {
  return io::Address::resolve(text).value();
}

TEST(ProxyProtocol, VersionOneIsALine) {
  EXPECT_EQ(proxy_header(ProxyVersion::kV1, address("192.0.2.1:56324"), address("192.0.2.9:25")),
            "PROXY TCP4 192.0.2.1 192.0.2.9 56324 25\r\n");
  EXPECT_EQ(
      proxy_header(ProxyVersion::kV1, address("[2001:db8::1]:4"), address("[2001:db8::2]:587")),
      "PROXY TCP6 2001:db8::1 2001:db8::2 4 587\r\n");
  EXPECT_EQ(proxy_header(ProxyVersion::kV1, address("unix:a"), address("unix:b")),
            "PROXY UNKNOWN\r\n");
  EXPECT_EQ(proxy_header(ProxyVersion::kNone, address("unix:a"), address("unix:b")), "");
}

TEST(ProxyProtocol, VersionTwoIsBinary) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  EXPECT_EQ(proxy_header(ProxyVersion::kV2, address("192.0.2.1:56324"), address("192.0.2.9:25")),
            signature + std::string("\x21\x11\0\x0C\xC0\0\2\1\xC0\0\2\x09\xDC\x04\0\x19", 16));
  EXPECT_EQ(proxy_header(ProxyVersion::kV2, address("unix:a"), address("unix:b")),
            signature + std::string("\x20\0\0\0", 4));
}

TEST(ProxyProtocol, IsReadAtEveryCutAndNotBeyondItsEnd) {
  for (const ProxyVersion version : {ProxyVersion::kV1, ProxyVersion::kV2}) {
    for (const char* client : {"192.0.2.1:56324", "[2001:db8::1]:4"}) {
      const std::string header = proxy_header(version, address(client), address(client));
      for (std::size_t cut = 0; cut < header.size(); ++cut) {
        EXPECT_EQ(read_proxy_header(std::string_view(header).substr(0, cut)).state,
                  State::kNeedMore)
            << to_string(version) << " at " << cut;
      }
      const std::string input = header + "EHLO a\r\n";
      const ProxyRead read = read_proxy_header(input);
      EXPECT_EQ(read.state, State::kRead);
      EXPECT_EQ(read.octets, header.size());
      EXPECT_EQ(read.client, client);
    }
    const std::string unknown = proxy_header(version, address("unix:a"), address("unix:b"));
    EXPECT_EQ(read_proxy_header(unknown).state, State::kRead);
    EXPECT_EQ(read_proxy_header(unknown).client, "");
  }
}

TEST(ProxyProtocol, WhatIsNoneIsMalformed) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  for (const std::string& input :
       {std::string("EHLO a\r\n"), std::string("PROXX"), std::string("PROXY TCP4 1.2.3.4\r\n"),
        std::string("PROXY TCP4 1.2.3.4 1.2.3.400 1 2\r\n"),
        std::string("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"),
        std::string("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"),
        std::string("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), "PROXY " + std::string(101, 'x'),
        std::string("\r\n\r\n\1"), signature + std::string("\x31\x11\0\0", 4),
        signature + std::string("\x21\x11\0\x04", 4) + "abcd"}) {
    EXPECT_EQ(read_proxy_header(input).state, State::kMalformed) << input;
  }
}

TEST(ProxyProtocol, ComesBeforeEverythingElse) {
  for (const ProxyVersion version : {ProxyVersion::kV1, ProxyVersion::kV2}) {
    for (const Role role : {Role::kRelay, Role::kSubmissions}) {
      SinkPlan sink_plan;
      sink_plan.options.proxy = true;
      sink_plan.listens.push_back({role, address("127.0.0.1:0")});
      auto sink = Sink::start(sink_plan, shared_certificate());
      ASSERT_TRUE(sink) << sink.error();
      RunPlan plan = plan_for((*sink)->listens().front().address, role);
      plan.classes[0].proxy = version;
      plan.classes[0].proxy_clients = {address("198.51.100.7:0"), address("198.51.100.8:0")};
      plan.load.count = 40;
      const LoadResult result = run(plan);
      (*sink)->stop();
      expect_no_errors(result);
      EXPECT_EQ((*sink)->counters().messages_received, 40U);
      EXPECT_EQ((*sink)->counters().proxied, (*sink)->counters().sessions);
    }
  }
}

TEST(ProxyProtocol, ASinkThatExpectsItTakesNothingElse) {
  SinkPlan sink_plan;
  sink_plan.options.proxy = true;
  sink_plan.listens.push_back({Role::kRelay, address("127.0.0.1:0")});
  auto sink = Sink::start(sink_plan, shared_certificate());
  ASSERT_TRUE(sink) << sink.error();
  RunPlan plan = plan_for((*sink)->listens().front().address, Role::kRelay);
  plan.classes[0].session.timeout_ns = io::kSecond / 10;
  plan.load.connections = 1;
  plan.load.count = 1;
  const LoadResult result = run(plan);
  (*sink)->stop();
  EXPECT_EQ(result.metrics.total().sessions_established, 0U);
  EXPECT_EQ((*sink)->counters().proxied, 0U);
  EXPECT_EQ((*sink)->counters().messages_received, 0U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
