// Octets to and fro without SMTP: what a message's round trips cost on the loop of io/ alone,
// beside which smtpmark's own cost can be seen.
//
//   loopback serve HOST:PORT
//   loopback load HOST:PORT MESSAGES CONNECTIONS OCTETS
//
// A message is four round trips of the sizes that MAIL, RCPT, DATA and a content of OCTETS have.
// `serve` goes on until it is ended by a signal.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "io/listener.h"
#include "io/ring.h"
#include "io/socket.h"
#include "io/startup.h"
#include "io/task.h"

namespace smtpmark::bench {
namespace {

using io::Ring;
using io::Socket;
using io::SocketPtr;
using io::Task;

constexpr std::array<std::size_t, 3> kCommands = {35, 32, 6};
constexpr std::size_t kReply = 14;
constexpr std::uint32_t kMostConnections = 12'000;
constexpr char kEnd = '\n';  // of what one side says

// Reads to the end of what the other side says. Returns whether it came.
Task<bool> read_all(io::Transport& transport) {
  for (;;) {
    const std::string_view input = transport.input();
    const bool ended = !input.empty() && input.back() == kEnd;
    transport.consume(input.size());
    if (ended) co_return true;
    const io::Result<void> more = co_await transport.receive();
    if (!more) co_return false;
  }
}

std::string words(std::size_t octets) {
  return std::string(octets - 1, 'x') + kEnd;
}

struct Load {
  std::uint64_t left = 0;  // messages to begin
  std::uint32_t active = 0;
  bool failed = false;
  std::array<std::string, kCommands.size()> commands;
  std::string content;
};

Task<bool> ask(Socket& socket, std::string_view words) {
  socket.write_stable(words);
  co_return co_await read_all(socket);
}

Task<> carry(Ring& ring, const io::Address& target, Load& load) {
  io::Result<SocketPtr> socket = co_await io::connect(ring, target, nullptr, io::kNever);
  bool good = socket.has_value();
  while (good && load.left > 0) {
    --load.left;
    for (const std::string& command : load.commands) {
      if (good) good = co_await ask(**socket, command);
    }
    if (good) good = co_await ask(**socket, load.content);
  }
  load.failed = load.failed || !good;
  --load.active;
}

Task<> answer(SocketPtr socket) {
  static const std::string reply = words(kReply);
  for (;;) {
    const bool asked = co_await read_all(*socket);
    if (!asked) co_return;
    socket->write(reply);
  }
}

void on_accept(void* /*context*/, SocketPtr socket) {
  io::spawn(answer(std::move(socket)));
}

std::unique_ptr<Ring> make_ring() {
  if (auto enough = io::ensure_descriptors(kMostConnections); !enough) {
    std::fprintf(stderr, "loopback: %s\n", enough.error().message.c_str());
    std::exit(1);
  }
  io::RingOptions options;
  options.connections = kMostConnections;
  auto ring = Ring::create(options);
  if (!ring) {
    std::fprintf(stderr, "loopback: %s\n", ring.error().message.c_str());
    std::exit(1);
  }
  return std::move(*ring);
}

int serve(const io::Address& address) {
  const std::unique_ptr<Ring> ring = make_ring();
  auto listener = io::Listener::create(*ring, address, 4096, &on_accept, nullptr);
  if (!listener) {
    std::fprintf(stderr, "loopback: cannot listen\n");
    return 1;
  }
  ring->run_until([] { return false; });
  return 0;
}

int load(const io::Address& target, std::uint64_t messages, std::uint32_t connections,
         std::size_t octets) {
  const std::unique_ptr<Ring> ring = make_ring();
  Load load;
  load.left = messages;
  load.active = connections;
  for (std::size_t i = 0; i < kCommands.size(); ++i) load.commands[i] = words(kCommands[i]);
  load.content = words(octets);
  for (std::uint32_t i = 0; i < connections; ++i) io::spawn(carry(*ring, target, load));
  ring->run_until([&load] { return load.active == 0; });
  ring->shut_down();
  if (load.failed) std::fprintf(stderr, "loopback: a connection was lost\n");
  return load.failed ? 1 : 0;
}

}  // namespace
}  // namespace smtpmark::bench

int main(int count, char** arguments) {
  const std::string_view what = count > 2 ? arguments[1] : "";
  const bool serves = what == "serve" && count == 3;
  if (!serves && !(what == "load" && count == 6)) {
    std::fprintf(stderr, "loopback serve HOST:PORT | load HOST:PORT MESSAGES CONNECTIONS OCTETS\n");
    return 2;
  }
  const auto address = smtpmark::io::Address::resolve(arguments[2]);
  if (!address) {
    std::fprintf(stderr, "loopback: %s\n", address.error().c_str());
    return 2;
  }
  if (serves) return smtpmark::bench::serve(*address);
  return smtpmark::bench::load(*address, std::strtoull(arguments[3], nullptr, 10),
                               static_cast<std::uint32_t>(std::atoi(arguments[4])),
                               std::strtoull(arguments[5], nullptr, 10));
}
