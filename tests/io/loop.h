// What several tests of connections share: dialogues that read or write a stream, and a ring with
// a plain socket at the other end.
#ifndef SMTPMARK_TESTS_IO_LOOP_H_
#define SMTPMARK_TESTS_IO_LOOP_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/address.h"
#include "io/ring.h"
#include "io/socket.h"
#include "io/task.h"
#include "io/transport.h"

namespace smtpmark::io::testing {

// How long a test waits for what must happen before it fails.
inline constexpr TimeNs kPatience = 30 * kSecond;

// Every test of connections runs on each backend: the environment names it (tests/io/meson.build).
RingOptions on_backend(RingOptions options = {});

// What a dialogue has come to.
struct Outcome {
  std::string received;
  Error error;
  bool done = false;
};

// Reads and consumes all there is, up to an error (the end of the stream is one).
Task<> read_to_end(Transport& transport, Outcome& outcome);
// Reads until `octets` have come.
Task<> read_count(Transport& transport, std::size_t octets, Outcome& outcome);
// Reads lines, and consumes only whole ones.
Task<> read_lines(Transport& transport, Outcome& outcome);
// Flushes down to `backlog` octets.
Task<> flush_to(Transport& transport, std::size_t backlog, Outcome& outcome);

// Octets in which each place can be told from its neighbours.
std::string pattern(std::size_t octets, unsigned seed = 1);

// A plain, non-blocking TCP socket, outside of any ring.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  Peer(Peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Peer() { close(); }

  static Peer connect_to(const Address& address);

  // Sends what fits; returns how many octets that was.
  std::size_t send_some(std::string_view bytes);
  // Appends what has come, at most `limit`; returns false at the end of the stream or an error.
  bool receive_some(std::string& into, std::size_t limit = SIZE_MAX);
  void shut_down_sending();
  void close();
  void reset();  // with an RST
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// A plain listening socket on an ephemeral port of 127.0.0.1.
class Port {
 public:
  explicit Port(int backlog = 128, int receive_buffer = 0);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  const Address& address() const { return address_; }
  Peer accept();

 private:
  int descriptor_;
  Address address_;
};

class RingTest : public ::testing::Test {
 protected:
  struct Connection {
    SocketPtr socket;
    Peer peer;
  };

  void SetUp() override { make_ring({}); }
  void TearDown() override;

  void make_ring(const RingOptions& options);
  // Runs the ring until `done`; fails the test when that takes too long.
  void run_until(const std::function<bool()>& done, TimeNs patience = kPatience);
  // Runs the ring for `span`, whatever happens; returns how many passes it took.
  std::uint64_t run_for(TimeNs span);
  Result<SocketPtr> connect_to(const Address& address, TimeNs timeout = kPatience);
  // Buffers of 0 octets: the kernel's choice.
  Connection make_connection(int send_buffer = 0, int peer_receive_buffer = 0);
  void run_until_quiet() {
    run_until([this] { return ring_->live_sockets() == 0; });
  }

  std::unique_ptr<Ring> ring_;
};

}  // namespace smtpmark::io::testing

#endif  // SMTPMARK_TESTS_IO_LOOP_H_
