#include "io/address.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace smtpmark::io::testing {
namespace {

TEST(HostPort, SplitsNamesAndAddresses) {
  const struct {
    const char* text;
    const char* host;
    std::uint16_t port;
  } cases[] = {{"127.0.0.1:25", "127.0.0.1", 25},
               {"mx.test:587", "mx.test", 587},
               {"[::1]:465", "::1", 465},
               {"[2001:db8::1]:0", "2001:db8::1", 0},
               {"a:65535", "a", 65535}};
  for (const auto& [text, host, port] : cases) {
    const auto split = split_host_port(text);
    ASSERT_TRUE(split) << text << ": " << split.error();
    EXPECT_EQ(split->host, host) << text;
    EXPECT_EQ(split->port, port) << text;
  }
}

TEST(HostPort, RefusesWhatIsNoHostAndPort) {
  for (const char* text : {"", ":", "host", "host:", ":25", "host:smtp", "host:65536", "host:-1",
                           "host:+1", "host:25x", "host: 25", "::1:25", "[]:25", "[::1]", "[::1]25",
                           "host:99999999999999999999"}) {
    const auto split = split_host_port(text);
    ASSERT_FALSE(split) << text;
    EXPECT_NE(split.error().find("HOST:PORT"), std::string::npos) << split.error();
  }
}

TEST(Address, ReadsBackAsItWasWritten) {
  for (const char* text : {"127.0.0.1:25", "[::1]:465", "192.0.2.7:65535", "[2001:db8::2]:1",
                           "unix:/run/lmtp", "unix:relative"}) {
    const auto address = Address::resolve(text);
    ASSERT_TRUE(address) << address.error();
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(Address, OfAPathHasNoPortAndStaysOnTheMachine) {
  const auto address = Address::resolve("unix:/run/lmtp");
  ASSERT_TRUE(address) << address.error();
  EXPECT_TRUE(address->is_unix());
  EXPECT_EQ(address->path(), "/run/lmtp");
  EXPECT_EQ(address->port(), 0);
  EXPECT_EQ(address->reach(), Reach::kLoopback);
}

TEST(Address, APathHasToFit) {
  EXPECT_FALSE(Address::of_path(""));
  EXPECT_TRUE(Address::of_path(std::string(107, 'x')));
  const auto too_long = Address::of_path(std::string(108, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().find("1 to 107 octets"), std::string::npos) << too_long.error();
}

TEST(Address, CanHaveAnotherPort) {
  EXPECT_EQ(Address::resolve("127.0.0.1:25")->with_port(26).to_string(), "127.0.0.1:26");
  EXPECT_EQ(Address::resolve("[::1]:25")->with_port(26).to_string(), "[::1]:26");
  EXPECT_EQ(Address::resolve("unix:a")->with_port(26).to_string(), "unix:a");
}

TEST(Address, AFailedLookUpNamesTheHost) {
  const auto address = Address::resolve("no such host.invalid:25");
  ASSERT_FALSE(address);
  EXPECT_NE(address.error().find("no such host.invalid"), std::string::npos) << address.error();
}

Reach reach_of(const std::string& host) {
  const auto address = Address::resolve(host, 25);
  EXPECT_TRUE(address) << host;
  return address ? address->reach() : Reach::kPublic;
}

TEST(Address, LoopbackIsAllOf127AndTheOneOfIpv6) {
  for (const char* host : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(reach_of(host), Reach::kLoopback) << host;
  }
}

TEST(Address, PrivateNetworksReachAsFarAsTheirPrefixes) {
  for (const char* host :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "169.254.1.1",
        "100.64.0.0", "100.127.255.255", "fc00::1", "fdff::1", "fe80::1", "::ffff:10.1.2.3"}) {
    EXPECT_EQ(reach_of(host), Reach::kPrivate) << host;
  }
}

TEST(Address, WhateverElseIsPublic) {
  for (const char* host :
       {"9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0",
        "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0", "8.8.8.8", "0.0.0.0",
        "255.255.255.255", "::", "2001:db8::1", "fec0::1", "fb00::1", "fe00::1",
        "::ffff:8.8.8.8"}) {
    EXPECT_EQ(reach_of(host), Reach::kPublic) << host;
  }
}

TEST(Address, OfABoundSocketHasThePortTheKernelChose) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto any_port = Address::resolve("127.0.0.1:0");
  ASSERT_TRUE(any_port);
  ASSERT_EQ(bind(descriptor, any_port->sockaddr_ptr(), any_port->length()), 0);
  const Address bound = Address::of_socket(descriptor);
  EXPECT_EQ(bound.family(), AF_INET);
  EXPECT_NE(bound.port(), 0);
  EXPECT_EQ(bound.to_string(), "127.0.0.1:" + std::to_string(bound.port()));
  close(descriptor);
}

TEST(Address, OfNoSocketHasNoFamily) {
  EXPECT_EQ(Address::of_socket(-1).family(), 0);
}

}  // namespace
}  // namespace smtpmark::io::testing
