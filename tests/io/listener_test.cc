#include "io/listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/io/loop.h"

namespace smtpmark::io::testing {
namespace {

class ListenerTest : public RingTest {
 protected:
  using Accepted = std::vector<SocketPtr>;

  static void keep(void* accepted, SocketPtr socket) {
    static_cast<Accepted*>(accepted)->push_back(std::move(socket));
  }
  Result<std::unique_ptr<Listener>> listen(const Address& address, Accepted& accepted,
                                           PortUse use = PortUse::kFirst) {
    return Listener::create(*ring_, address, 128, &ListenerTest::keep, &accepted, use);
  }
  void end(Listener& listener) {
    accepted_.clear();
    listener.stop();
    ring_->shut_down();
  }

  const Address any_port_ = *Address::resolve("127.0.0.1:0");
  Accepted accepted_;
};

TEST_F(ListenerTest, HandsOverConnectionsThatReceive) {
  auto listener = listen(any_port_, accepted_);
  ASSERT_TRUE(listener);
  EXPECT_NE((*listener)->address().port(), 0);
  Peer peer = Peer::connect_to((*listener)->address());
  peer.send_some("hello");
  run_until([&] { return accepted_.size() == 1; });
  Outcome outcome;
  spawn(read_count(*accepted_.front(), 5, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.received, "hello");
  EXPECT_EQ((*listener)->accept_failures(), 0U);
  end(**listener);
}

TEST_F(ListenerTest, APortThatIsSharedIsNotSharedWithASecondProgram) {
  auto one = listen(any_port_, accepted_);
  ASSERT_TRUE(one);
  for (const PortUse use : {PortUse::kFirst, PortUse::kAlone}) {
    const auto two = listen((*one)->address(), accepted_, use);
    ASSERT_FALSE(two);
    EXPECT_EQ(two.error().os_code, EADDRINUSE) << describe(two.error());
  }
  end(**one);
}

TEST_F(ListenerTest, TwoShareAPort) {
  Accepted others;
  auto one = listen(any_port_, accepted_);
  ASSERT_TRUE(one);
  auto two = listen((*one)->address(), others, PortUse::kJoined);
  ASSERT_TRUE(two) << describe(two.error());
  EXPECT_EQ((*one)->address().port(), (*two)->address().port());
  std::vector<Peer> peers;
  peers.reserve(64);
  // The kernel chooses by a hash of the ports: all 64 on one side would be bad luck of 2 to the
  // -63.
  for (int i = 0; i < 64; ++i) peers.push_back(Peer::connect_to((*one)->address()));
  run_until([&] { return accepted_.size() + others.size() == peers.size(); });
  EXPECT_FALSE(accepted_.empty());
  EXPECT_FALSE(others.empty());
  others.clear();
  (*two)->stop();
  end(**one);
}

// Of a socket in a folder of the test's own.
class UnixListenerTest : public ListenerTest {
 protected:
  UnixListenerTest() : folder_(::testing::TempDir() + "smtpmark-XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    address_ = *Address::of_path(folder_ + "/socket");
  }
  ~UnixListenerTest() override { std::filesystem::remove_all(folder_); }
  bool is_there() const { return std::filesystem::exists(address_.path()); }

  std::string folder_;
  Address address_;
};

TEST_F(UnixListenerTest, HandsOverConnectionsThatReceive) {
  auto listener = listen(address_, accepted_);
  ASSERT_TRUE(listener) << describe(listener.error());
  EXPECT_EQ((*listener)->address().to_string(), "unix:" + address_.path());
  ASSERT_TRUE(connect_to(address_));
  run_until([&] { return accepted_.size() == 1; });
  accepted_.clear();
  Peer peer = Peer::connect_to(address_);
  peer.send_some("hello");
  run_until([&] { return accepted_.size() == 1; });
  Outcome outcome;
  spawn(read_count(*accepted_.front(), 5, outcome));
  run_until([&] { return outcome.done; });
  EXPECT_EQ(outcome.received, "hello");
  end(**listener);
}

TEST_F(UnixListenerTest, LeavesNoSocketBehind) {
  auto listener = listen(address_, accepted_);
  ASSERT_TRUE(listener);
  EXPECT_TRUE(is_there());
  end(**listener);
  listener->reset();
  EXPECT_FALSE(is_there());
}

TEST_F(UnixListenerTest, TakesThePlaceOfADeadOneAndOfNoOther) {
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(dead, address_.sockaddr_ptr(), address_.length()), 0);
  close(dead);
  auto listener = listen(address_, accepted_);
  ASSERT_TRUE(listener) << describe(listener.error());
  const auto second = listen(address_, accepted_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kAddressInUse);
  end(**listener);
}

TEST_F(ListenerTest, APortInUseIsNamed) {
  const Port taken;
  const auto listener = listen(taken.address(), accepted_);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error(), (Error{ErrorKind::kAddressInUse, EADDRINUSE, 0}));
}

TEST_F(ListenerTest, AnAddressOfAnotherHostIsNamed) {
  const auto listener = listen(*Address::resolve("192.0.2.1:0"), accepted_);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().kind, ErrorKind::kAddressNotAvailable);
}

TEST_F(ListenerTest, APortThatIsNotPermittedIsNamed) {
  const auto status = [] {
    auto ring = Ring::create(on_backend());
    if (!ring || setuid(65534) != 0) return 2;
    const auto listener = Listener::create(
        **ring, *Address::resolve("127.0.0.1:25"), 16, [](void*, SocketPtr) {}, nullptr);
    return !listener && listener.error().kind == ErrorKind::kNotPermitted ? 0 : 1;
  };
  if (getuid() != 0) GTEST_SKIP() << "needs to change its user";
  const std::string first_free = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  if (FILE* file = std::fopen(first_free.c_str(), "r")) {
    int port = 1024;
    const int read = std::fscanf(file, "%d", &port);
    std::fclose(file);
    if (read == 1 && port <= 25) GTEST_SKIP() << "port 25 is free for all here";
  }
  EXPECT_EXIT(_exit(status()), ::testing::ExitedWithCode(0), "");
}

TEST_F(ListenerTest, AfterStopNothingIsHandedOver) {
  auto listener = listen(any_port_, accepted_);
  ASSERT_TRUE(listener);
  run_for(kMillisecond);
  Peer early = Peer::connect_to((*listener)->address());
  (*listener)->stop();
  run_for(20 * kMillisecond);
  EXPECT_TRUE(accepted_.empty());
  EXPECT_EQ(ring_->live_sockets(), 0U);
  end(**listener);
}

// A low limit on descriptors, and all of them taken.
class DescriptorShortage {
 public:
  // The kernel notes the limit when an accept is submitted: it has to be low before.
  DescriptorShortage() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorShortage() {
    end();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  DescriptorShortage(const DescriptorShortage&) = delete;
  DescriptorShortage& operator=(const DescriptorShortage&) = delete;

  void begin() {
    for (int taken = dup(0); taken >= 0; taken = dup(0)) taken_.push_back(taken);
  }
  void end() {
    for (const int descriptor : taken_) close(descriptor);
    taken_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(ListenerTest, OutOfDescriptorsItNeitherSpinsNorLosesTheConnection) {
  DescriptorShortage shortage;
  auto listener = listen(any_port_, accepted_);
  ASSERT_TRUE(listener);
  std::vector<Peer> peers;
  peers.push_back(Peer::connect_to((*listener)->address()));
  run_until([&] { return accepted_.size() == 1; });
  for (int i = 0; i < 3; ++i) peers.push_back(Peer::connect_to((*listener)->address()));
  for (Peer& peer : peers) EXPECT_EQ(peer.send_some("x"), 1U);
  shortage.begin();
  run_until([&] { return (*listener)->accept_failures() > 0; });
  EXPECT_LT(run_for(100 * kMillisecond), 100U);
  EXPECT_EQ(accepted_.size(), 1U);
  shortage.end();
  run_until([&] { return accepted_.size() == peers.size(); });
  EXPECT_EQ(accepted_.size(), 4U);
  end(**listener);
}

}  // namespace
}  // namespace smtpmark::io::testing
