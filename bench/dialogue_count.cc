// Runs one session over memory, client or sink against a peer that does next to nothing, so that
// callgrind can count the instructions that a message takes (instruction_count.py). measured() is
// what is counted, once a case; all of a case's messages have to arrive.
#include <gnu/libc-version.h>

#include <cstdio>
#include <string>
#include <utility>

#include "io/memory_transport.h"
#include "loadgen/client_session.h"
#include "loadgen/message.h"
#include "loadgen/sink_session.h"
#include "tests/loadgen/dialogue.h"

namespace {

using namespace smtpmark::loadgen;
namespace io = smtpmark::io;
namespace parser = smtpmark::parser;
using testing::CountedTurns;

constexpr std::uint64_t kMessages = 200;
constexpr std::uint64_t kMessageSize = 1024;

struct Outcome {
  std::size_t octets = 0;  // that the counted side has sent or taken
  std::uint64_t messages = 0;
};

// Two ends of a connection in memory.
struct Wire {
  Wire() { io::MemoryTransport::join(client, sink); }
  io::SimulatedScheduler scheduler;
  io::MemoryTransport client{scheduler};
  io::MemoryTransport sink{scheduler};
};

SessionPlan plain_plan() {
  SessionPlan plan;
  plan.tls = TlsPolicy::kNone;
  plan.messages_per_connection = kMessages;
  plan.message_size = kMessageSize;
  return plan;
}

// Takes what is there, up to `end`. Returns false where the stream has ended.
io::Task<bool> take_until(io::MemoryTransport& transport, std::string_view end) {
  while (!transport.input().ends_with(end)) {
    const io::Result<void> more = co_await transport.receive();
    if (!more) co_return false;
  }
  transport.consume(transport.input().size());
  co_return true;
}

io::Task<> answer(io::MemoryTransport& transport) {
  transport.write("220 mx.example.com ESMTP\r\n");
  bool going = co_await take_until(transport, "\r\n");
  transport.write("250-mx.example.com\r\n250-SIZE 10485760\r\n250 8BITMIME\r\n");
  while (going) {
    for (const std::string_view reply : {"250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n", "354 Go on\r\n"}) {
      going = co_await take_until(transport, "\r\n");
      transport.write(reply);
    }
    if (going) going = co_await take_until(transport, "\r\n.\r\n");
    transport.write("250 2.0.0 Ok\r\n");
  }
}

io::Task<> ask(io::MemoryTransport& transport, const std::string& message) {
  bool going = co_await take_until(transport, "\r\n");
  transport.write("EHLO client.example.com\r\n");
  if (going) going = co_await take_until(transport, "\r\n");
  for (std::uint64_t i = 0; i < kMessages && going; ++i) {
    for (const std::string_view line :
         {std::string_view("MAIL FROM:<load@example.com> SIZE=1024\r\n"),
          std::string_view("RCPT TO:<sink@example.com>\r\n"), std::string_view("DATA\r\n"),
          std::string_view(message)}) {
      transport.write(line);
      going = co_await take_until(transport, "\r\n");
    }
  }
  transport.close();
}

io::Task<> hold(ClientContext& context, io::MemoryTransport& transport) {
  context.turns.take(0);
  const io::TimeNs now = transport.scheduler().now();
  ClientSession session(context, transport, Turn{}, now, now);
  co_await session.run();
  transport.close();
}

io::Task<> serve(SinkContext& context, io::MemoryTransport& transport) {
  SinkSession session(context, transport);
  co_await session.run();
  transport.close();
}

enum class Sides : std::uint8_t { kClient, kSink, kBoth };

// What lasts longer than a session, on either side.
class Room {
 public:
  Room(SessionPlan plan, Sides sides)
      : plan_(std::move(plan)),
        sides_(sides),
        message_(Message::render(plan_).wire()),
        tls_(io::TlsContext::for_server({}, testing::shared_certificate()).value()) {
    metrics_.begin(0, {}, 1);
  }

  // One session of kMessages messages.
  Outcome run() {
    Wire wire;
    const std::uint64_t accepted = metrics_.total().messages_accepted;
    const std::uint64_t received = counters_.messages_received;
    CountedTurns turns(kMessages);
    ClientContext client{plan_, script_, mail_, nullptr, sasl_, turns, metrics_};
    SinkContext sink{sink_options_, plan_.role, tls_, sink_sasl_, counters_};
    sides_ == Sides::kClient ? io::spawn(answer(wire.sink)) : io::spawn(serve(sink, wire.sink));
    sides_ == Sides::kSink ? io::spawn(ask(wire.client, message_))
                           : io::spawn(hold(client, wire.client));
    wire.scheduler.run();
    return {wire.client.sent().size(), sides_ == Sides::kClient
                                           ? metrics_.total().messages_accepted - accepted
                                           : counters_.messages_received - received};
  }

 private:
  SessionPlan plan_;
  Sides sides_;
  Script script_{plan_};
  MailSource mail_{plan_};
  std::string message_;
  SaslClient sasl_{plan_.auth};
  Metrics metrics_;
  SinkOptions sink_options_;
  io::TlsContext tls_;
  SaslServer sink_sasl_{sink_options_.auth.users};
  SinkCounters counters_;
};

SessionPlan pipelined_plan() {
  SessionPlan plan = plain_plan();
  plan.pipelining = Pipelining::kFull;
  return plan;
}

SessionPlan chunked_plan() {
  SessionPlan plan = plain_plan();
  plan.chunking.use = true;
  return plan;
}

struct Case {
  const char* name;
  SessionPlan (*plan)();
  Sides sides;
};

}  // namespace

// Known to callgrind by this name.
extern "C" [[gnu::noinline]] void measured(void* room, Outcome* outcome) {
  *outcome = static_cast<Room*>(room)->run();
}

// Prints what the counts depend on, then a line for each case in the order they are run.
int main() {
  // Bodies are scanned with what the processor has.
  std::printf("compiler\t%s\nflags\t%s\nlibc\t%s\nprocessor\t%s\n", SMTPMARK_COMPILER,
              SMTPMARK_FLAGS, gnu_get_libc_version(),
              __builtin_cpu_supports("avx2") ? "avx2" : "without avx2");
  for (const Case& counted :
       {Case{"client", plain_plan, Sides::kClient}, Case{"sink", plain_plan, Sides::kSink},
        Case{"both, PIPELINING in full", pipelined_plan, Sides::kBoth},
        Case{"both, CHUNKING", chunked_plan, Sides::kBoth}}) {
    Room room(counted.plan(), counted.sides);
    room.run();  // what is set up once is not counted
    Outcome outcome;
    measured(&room, &outcome);
    if (outcome.messages != kMessages) {
      std::fprintf(stderr, "%s: not every message arrived\n", counted.name);
      return 1;
    }
    std::printf("case\t%s\t%zu\t%zu\n", counted.name, outcome.octets,
                static_cast<std::size_t>(outcome.messages));
  }
  return 0;
}
