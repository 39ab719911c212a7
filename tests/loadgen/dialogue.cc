#include "tests/loadgen/dialogue.h"

#include <memory>

namespace smtpmark::loadgen::testing {

namespace {

io::Task<> play(io::MemoryTransport& transport, const ScriptedServer& server) {
  transport.write(server.greeting);
  std::size_t next = 0;
  for (;;) {
    const std::size_t end = transport.input().find('\n');
    if (end == std::string_view::npos) {
      const io::Result<void> more = co_await transport.receive();
      if (!more) co_return;
      continue;
    }
    transport.consume(end + 1);
    if (next == server.answers.size()) continue;
    const std::string& answer = server.answers[next++];
    if (answer == "EOF" || answer == "RESET") {
      const io::Result<void> flushed = co_await transport.flush();
      answer == "EOF" ? transport.close() : transport.reset();
      if (!flushed) co_return;
      continue;
    }
    transport.write(answer);
  }
}

io::Task<> run_client(ClientContext& context, io::MemoryTransport& transport, bool with_messages,
                      ClientOutcome& outcome) {
  if (with_messages) context.turns.take(0);
  const TimeNs now = transport.scheduler().now();
  ClientSession session(context, transport, Turn{}, now, now);
  outcome.as_planned = co_await session.run();
  outcome.ended = true;
  transport.close();
}

io::Task<> run_sink(SinkContext& context, io::MemoryTransport& transport) {
  SinkSession session(context, transport);
  co_await session.run();
  static_cast<void>(co_await transport.flush());
  transport.close();
}

io::Task<> talk(io::MemoryTransport& transport, const std::string& text, std::string& heard) {
  transport.write(text);
  for (;;) {
    const io::Result<void> more = co_await transport.receive();
    heard.append(transport.input());
    transport.consume(transport.input().size());
    if (!more) co_return;
  }
}

io::TlsContext server_tls() {
  return io::TlsContext::for_server({}, shared_certificate()).value();
}

}  // namespace

const io::Certificate& shared_certificate() {
  static const io::Certificate certificate = io::Certificate::self_signed().value();
  return certificate;
}

ClientOutcome run_against_script(const SessionPlan& plan, const ScriptedServer& server,
                                 std::uint64_t messages) {
  io::SimulatedScheduler scheduler;
  io::MemoryTransport client_end(scheduler);
  io::MemoryTransport server_end(scheduler);
  io::MemoryTransport::join(client_end, server_end);
  const Script script(plan);
  MailSource mail(plan);
  const io::TlsContext tls = io::TlsContext::for_client({}).value();
  CountedTurns turns(messages);
  ClientOutcome outcome;
  outcome.metrics.begin(0, {}, 1);
  SaslClient sasl(plan.auth);
  ClientContext context{plan, script, mail, &tls, sasl, turns, outcome.metrics};
  io::spawn(play(server_end, server));
  io::spawn(run_client(context, client_end, messages > 0, outcome));
  scheduler.run();
  server_end.close();
  client_end.close();
  scheduler.run();
  outcome.sent = client_end.sent();
  return outcome;
}

PairTls::PairTls(const PairOptions& options)
    : client(io::TlsContext::for_client(options.client_tls).value()),
      sink(io::TlsContext::for_server(options.sink_tls, *options.certificate).value()) {}

PairOutcome run_pair(const SessionPlan& plan, const SinkOptions& sink_options,
                     const PairOptions& options, const PairTls* tls) {
  std::optional<PairTls> own;
  if (tls == nullptr) tls = &own.emplace(options);
  io::SimulatedScheduler scheduler;
  io::MemoryTransport client_end(scheduler);
  io::MemoryTransport sink_end(scheduler);
  io::MemoryTransport::join(client_end, sink_end);
  client_end.next_piece = options.piece_to_client;
  sink_end.next_piece = options.piece_to_sink;
  const Script script(plan);
  MailSource mail(plan);
  CountedTurns turns(options.messages, options.held_until);
  PairOutcome outcome;
  outcome.client.metrics.begin(0, {}, 1);
  SaslClient sasl(plan.auth);
  SaslServer sink_sasl(sink_options.auth.users);
  ClientContext client{plan, script, mail, &tls->client, sasl, turns, outcome.client.metrics};
  SinkContext sink{sink_options, plan.role, tls->sink, sink_sasl, outcome.sink};
  if (options.proxy != ProxyVersion::kNone) {
    const io::Address here = io::Address::resolve("192.0.2.1", 49152).value();
    client_end.write(proxy_header(options.proxy, here, here.with_port(25)));
  }
  io::spawn(run_sink(sink, sink_end));
  io::spawn(run_client(client, client_end, options.messages > 0, outcome.client));
  scheduler.run();
  outcome.client.sent = client_end.sent();
  return outcome;
}

std::string ask_sink(Role role, const std::string& sent, SinkCounters* counters, std::size_t piece,
                     const SinkOptions& options) {
  io::SimulatedScheduler scheduler;
  io::MemoryTransport client_end(scheduler);
  io::MemoryTransport sink_end(scheduler);
  io::MemoryTransport::join(client_end, sink_end);
  if (piece > 0) sink_end.next_piece = [piece] { return piece; };
  const io::TlsContext tls = server_tls();
  SinkCounters own;
  SaslServer sasl(options.auth.users);
  SinkContext context{options, role, tls, sasl, counters != nullptr ? *counters : own};
  std::string heard;
  io::spawn(run_sink(context, sink_end));
  io::spawn(talk(client_end, sent, heard));
  scheduler.run(io::kSecond + io::kMillisecond);
  client_end.close();
  scheduler.run();
  return heard;
}

}  // namespace smtpmark::loadgen::testing
