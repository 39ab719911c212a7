// Every pair of knobs meets over sockets: generator threads against sink threads, each case with
// options as a command line has them. Plaintext, TLS and AUTH are a matrix each, so that no pair
// has a knob in it that does nothing.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <random>
#include <set>
#include <tuple>

#include "io/spki_pin.h"
#include "loadgen/options.h"
#include "tests/loadgen/loaded_sink.h"
#include "tests/loadgen/pairwise.h"
#include "tests/loadgen/scratch_files.h"

namespace smtpmark::loadgen::testing::network {
namespace {

constexpr std::uint64_t kTurns = 24;  // a case: messages, or sessions

const ScratchFiles& files() {
  static const ScratchFiles all("network-matrix");
  return all;
}

// What a setting may change. The parts of the command lines that more than one knob adds to are
// put together at the end.
struct Case {
  std::string client = " --timeout 20s";
  std::string sink = " --check-messages";
  std::string role;
  std::vector<std::string> listens;  // addresses of the sink
  std::string with;                  // extensions that the sink offers beyond its own
  std::string without;
  io::RingMode client_ring;
  io::RingMode sink_ring;
  const io::Certificate* certificate = &shared_certificate();
  std::string ca_file;
  bool verified = false;     // by chain, name and pin
  bool of_sessions = false;  // turns are sessions
  bool aborts = false;
  bool proxied = false;
};

struct Setting {
  const char* name;
  std::function<void(Case&)> apply;
};
using Knob = std::vector<Setting>;

Setting by(const char* name, const std::string& client, const std::string& sink = "",
           const std::string& with = "", const std::string& without = "") {
  return {name, [=](Case& one) {
            const auto add = [](std::string& all, const std::string& more, char between) {
              if (!all.empty() && !more.empty()) all += between;
              all += more;
            };
            add(one.client, client, ' ');
            add(one.sink, sink, ' ');
            add(one.with, with, ',');
            add(one.without, without, ',');
          }};
}

// With something that no option says.
template <class Change>
Setting with(Setting setting, Change change) {
  return {setting.name, [apply = setting.apply, change](Case& one) {
            apply(one);
            change(one);
          }};
}

Setting as(const char* name, const std::string& role, const std::string& client,
           const std::string& sink = "") {
  return with(by(name, "--role " + role + " " + client, sink),
              [role](Case& one) { one.role = role; });
}

Setting at(const char* name, const std::vector<std::string>& listens,
           const std::string& client = "") {
  return with(by(name, client), [listens](Case& one) { one.listens = listens; });
}

// A socket of its own for each case.
Setting at_unix_socket() {
  return {"UNIX socket", [count = 0](Case& one) mutable {
            one.listens = {"unix:" + files().path("s" + std::to_string(count++))};
          }};
}

Setting proxy(const char* name, const std::string& client) {
  return with(by(name, client, "--proxy"), [](Case& one) { one.proxied = true; });
}

template <class Which>
Knob backends(Which ring_of) {
  const auto on = [ring_of](const char* name, io::RingMode mode) -> Setting {
    return {name, [ring_of, mode](Case& one) { ring_of(one) = mode; }};
  };
  io::RingMode epoll;
  epoll.backend = io::Backend::kEpoll;
  io::RingMode coalesced;
  coalesced.coalesce_ns = 300'000;
  return {on("io_uring", {}), on("epoll", epoll), on("io_uring, coalesced", coalesced)};
}

// Made once for all cases.
Setting certificate(const char* name, io::KeyKind kind, std::size_t length) {
  const MadeCertificate made(kind, length, files());
  return {name, [made](Case& one) {
            one.certificate = made.chain.get();
            one.ca_file = made.root;
          }};
}

std::string corpus() {
  std::filesystem::create_directories(files().path("corpus"));
  files().write("corpus/1.eml", "Subject: one\nMessage-ID: <1@example.com>\n\n.\nbody\n");
  files().write("corpus/2.eml", "Subject: two\r\n\r\nk\xc3\xa4se");
  return files().path("corpus");
}

Knob transports() {
  return {at("IPv4", {"127.0.0.1:0"}),
          at("IPv4 from several addresses", {"127.0.0.1:0"}, "--source 127.0.0.10-127.0.0.13"),
          at("IPv6", {"[::1]:0"}, "--source ::1"),
          at("two targets", {"127.0.0.1:0", "127.0.0.1:0"}), at_unix_socket()};
}

Knob pipelining() {
  return {by("no pipelining", ""),
          by("rset", "--reset"),
          by("think", "--think-time exponential:500us"),
          by("groups", "--pipelining group"),
          by("groups and rset", "--pipelining group --reset"),
          by("full", "--pipelining full"),
          by("full, 8 deep", "--pipelining full --pipelining-depth 8 --chunking"),
          by("full, not offered", "--pipelining full", "", "", "PIPELINING")};
}

Knob chunking() {
  return {by("data", ""),
          by("bdat", "--chunking"),
          by("bdat of 300", "--chunking --chunk-size 300"),
          by("binary bdat", "--chunking --binary-mime"),
          by("bdat, not offered", "--chunking", "", "", "CHUNKING,BINARYMIME"),
          by("binary, not offered", "--chunking --binary-mime", "", "", "BINARYMIME")};
}

Knob loads() {
  const std::string messages = "--messages " + std::to_string(kTurns);
  const auto sessions = [](Case& one) { one.of_sessions = true; };
  return {by("closed loop", messages),
          by("constant rate", messages + " --rate 4000"),
          by("poisson", messages + " --rate 4000 --arrivals poisson"),
          by("bursts", messages + " --rate 4000 --arrivals burst --burst 5"),
          with(by("sessions", "--sessions " + std::to_string(kTurns)), sessions),
          with(by("rate of sessions",
                  "--sessions " + std::to_string(kTurns) + " --rate 2000 --rate-of sessions"),
               sessions)};
}

Knob mails() {
  const std::string sizes = files().write("sizes", "1K 0%\n4K 50%\n16K 100%\n");
  return {by("all alike", ""),
          by("stamped", "--size 10K --stamp on"),
          by("uniform, alternative, long lines",
             "--size uniform:1K-20K --body alternative --line-length 998 --contents 4"),
          by("mime, 8 bit, dots",
             "--size 30K --body mime --text-size 4K --eight-bit --dot-lines 30% --contents 4"),
          by("lognormal", "--size lognormal:2K,1.5,pareto:8K,1,max:40K --contents 8"),
          by("sizes of a file", "--size cdf:" + sizes + " --contents 8"),
          by("relay", "--workload relay --contents 8"),
          by("notification", "--workload notification --contents 8"),
          by("corpus", "--corpus " + corpus())};
}

Knob addresses() {
  const std::string people = files().write("people", "ann@example.com\nbob@example.org\n");
  return {by("one sender, one recipient", ""),
          by("patterns", "--from s{1..9}@example.com --to user{seq}@host{rand:1..3}.example"),
          by("files", "--senders-file " + people + " --recipients-file " + people),
          by("null reverse-path", "--from <>"),
          by("domains by weight",
             "--to-domains a.example=3,b\xc3\xbc"
             "cher.example=1"),
          by("u-label",
             "--to k\xc3\xa4the@b\xc3\xbc"
             "cher.example")};
}

std::vector<Knob> common() {
  return {
      transports(),
      backends([](Case& one) -> io::RingMode& { return one.client_ring; }),
      backends([](Case& one) -> io::RingMode& { return one.sink_ring; }),
      {by("1 connection", "--connections 1"), by("8 connections", "--connections 8"),
       by("2 threads", "--connections 8 --threads 2")},
      {by("1 sink thread", "--threads 1", "--threads 1"), by("2 sink threads", "", "--threads 2")},
      {by("no proxy", ""), proxy("proxy v1", "--proxy v1"), proxy("proxy v2", "--proxy v2")},
      pipelining(),
      chunking(),
      loads(),
      {by("1 message a session", ""), by("3 a session", "--messages-per-connection 3"),
       by("3, uniform", "--messages-per-connection 3 --messages-spread uniform"),
       by("3, geometric", "--messages-per-connection 3 --messages-spread geometric")},
      {by("quit", ""), by("drop", "--drop"),
       with(by("abort", "--abort mail=5%,rcpt=5%,body=5%"), [](Case& one) { one.aborts = true; })},
      {by("no parameters", ""), by("smtputf8", "--smtputf8"),
       by("dsn", "--dsn-ret FULL --dsn-envid a+b --dsn-notify DELAY --dsn-orcpt"),
       by("dsn, not offered", "--dsn-ret HDRS --dsn-notify NEVER", "", "", "DSN,SIZE"),
       by("priority", "--mt-priority 4", "", "MT-PRIORITY")},
      {by("nothing required", ""), by("required", "--require 8BITMIME")},
      {by("1 recipient", ""), by("3 recipients", "--recipients 3"),
       by("zipf", "--recipients zipf:5,1"),
       by("bad recipients", "--recipients 3 --bad-recipients 30%",
          "--reject-recipient nobody@invalid.example")},
      mails(),
      addresses(),
      {by("one name", ""), by("names", "--helo c{rand:1..9}.example")},
      {by("no xclient", ""), by("xclient", "--xclient ADDR=192.0.2.1", "", "XCLIENT")},
      {by("no limits", ""), by("limits", "", "--recipient-limit 2 --message-limit 2", "LIMITS")}};
}

std::vector<Knob> tls() {
  const std::string chain = files().write("client.pem", shared_certificate().to_pem());
  const std::string key = files().write("client.key", shared_certificate().key_to_pem());
  const std::string groups = "--tls-groups X25519:P-256:P-384";
  return {
      {by("any version", ""), by("tls 1.2", "--tls-version 1.2"),
       by("tls 1.3", "--tls-version 1.3"), by("a sink of 1.2", "", "--tls-version 1.2")},
      {by("x25519", groups, groups), by("p-384", "--tls-groups P-384:P-256:X25519", groups)},
      {by("usual ciphers", ""),
       by("chacha", "--tls-ciphers ECDHE+CHACHA20 --tls-suites TLS_CHACHA20_POLY1305_SHA256"),
       by("chacha of the sink", "",
          "--tls-ciphers ECDHE+CHACHA20 --tls-suites TLS_CHACHA20_POLY1305_SHA256")},
      {by("usual signatures", ""),
       by("signatures", "--tls-signatures ECDSA+SHA384:ECDSA+SHA256:RSA-PSS+SHA384:ed25519")},
      {by("no alpn", ""), by("alpn", "--tls-alpn smtp", "--tls-alpn smtp")},
      {by("usual sni", ""), by("sni", "--tls-sni mx.example.net"), by("no sni", "--tls-sni none")},
      {by("any certificate", ""), {"verified", [](Case& one) { one.verified = true; }}},
      {by("no client certificate", ""),
       by("client certificate", "--client-cert " + chain + " --client-key " + key,
          "--client-certs require --client-ca " + chain)},
      {by("full handshakes", ""), by("resumed", "--tls-resume", "--tls-tickets 2")},
      {by("no requiretls", ""), by("requiretls", "--requiretls", "", "REQUIRETLS")},
      {certificate("ecdsa", io::KeyKind::kEcdsaP256, 1),
       certificate("ecdsa p-384", io::KeyKind::kEcdsaP384, 1),
       certificate("rsa", io::KeyKind::kRsa2048, 1),
       certificate("a chain of ed25519", io::KeyKind::kEd25519, 3)}};
}

Knob users() {
  const std::string table = files().write(
      "users.csv", "ann@example.com,first secret,ann-token\nbob@example.com,\"a, b\",bob-token\n");
  const std::string one = "--user ann@example.com --password secret --token ann-token";
  return {by("one user", one, one), by("users", "--users " + table, "--users " + table)};
}

Knob mechanisms() {
  Knob all = {by("strongest", "", "--auth-mechanisms all")};
  for (const char* name : {"plain", "login", "cram-md5", "scram-sha-1", "scram-sha-1-plus",
                           "scram-sha-256", "scram-sha-256-plus", "oauthbearer", "xoauth2"}) {
    all.push_back(by(name, std::string("--auth ") + name, "--auth-mechanisms all"));
  }
  return all;
}

std::vector<Knob> auth() {
  return {users(),
          mechanisms(),
          {by("first response at once", ""),
           by("first response at any length", "--auth-initial-response always"),
           by("no first response", "--auth-initial-response never")},
          {by("right passwords", ""), by("wrong passwords", "--wrong-password-share 20%")}};
}

// What is settled when all knobs are set.
void finish(Case& one) {
  for (const std::string& address : one.listens) one.sink += " --" + one.role + " " + address;
  if (!one.with.empty()) one.sink += " --with " + one.with;
  if (!one.without.empty()) one.sink += " --without " + one.without;
  if (!one.verified) return;
  one.client += " --verify --server-name mx.example.com --ca-file " + one.ca_file + " --tls-pin " +
                io::to_base64(io::spki_pin_of(one.certificate->leaf()));
}

std::unique_ptr<Sink> start(const Case& one) {
  SinkRunOptions options;
  CLI::App app;
  define_sink(app, options);
  app.parse(one.sink);
  auto plan = make_sink_plan(options);
  EXPECT_TRUE(plan.has_value()) << plan.error();
  plan->ring = one.sink_ring;
  auto sink = Sink::start(*plan, *one.certificate);
  EXPECT_TRUE(sink.has_value()) << sink.error();
  return std::move(*sink);
}

LoadResult load(const Case& one, const Sink& sink) {
  std::string targets;
  for (const SinkListen& listen : sink.listens()) {
    targets += (targets.empty() ? "" : ",") + listen.address.to_string();
  }
  RunOptions options;
  CLI::App app;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  define_run(app, options);
  app.parse(one.client + " --target " + targets);
  auto plan = make_run_plan(options);
  EXPECT_TRUE(plan.has_value()) << plan.error();
  plan->load.ring = one.client_ring;
  return run(*plan);
}

// What both sides of a handshake know, with its count.
using Agreed = std::set<std::tuple<std::string, std::string, std::string, std::string, std::string,
                                   bool, std::uint64_t>>;
Agreed agreed(const TlsTally& tally) {
  Agreed all;
  for (const TlsKind& kind : tally.kinds()) {
    all.insert({kind.version, kind.cipher, kind.group, kind.alpn, kind.signature, kind.resumed,
                kind.count});
  }
  return all;
}

void expect_nothing_lost(const Case& one, const LoadResult& result, const SinkCounters& sink) {
  expect_no_errors(result);
  EXPECT_EQ(result.ending, Ending::kCompleted);
  const Counters& total = result.metrics.total();
  EXPECT_EQ(total.messages_failed + total.turns_dropped + total.turns_unstarted, 0U);
  EXPECT_GE(sink.messages_received, total.messages_accepted);
  EXPECT_LE(sink.messages_received, total.messages_accepted + total.messages_in_doubt);
  if (!one.aborts) {
    EXPECT_EQ(total.messages_abandoned + total.messages_in_doubt, 0U);
    EXPECT_EQ(sink.octets_received, total.octets_accepted);
    EXPECT_EQ(sink.recipients_received, total.recipients_accepted);
    EXPECT_EQ(sink.recipients_rejected, total.recipients_bad);
    EXPECT_EQ(total.recipients_bad_refused, total.recipients_bad);
  }
  EXPECT_EQ(sink.commands_rejected, total.auth_rejected_as_wanted);
  EXPECT_EQ(sink.messages_rejected, 0U);
  EXPECT_EQ(sink.messages_mismatched, 0U);
}

void expect_every_turn(const Case& one, const Counters& total) {
  if (one.of_sessions) {
    EXPECT_EQ(total.sessions_started, kTurns);
    return;
  }
  EXPECT_EQ(total.messages_accepted + total.messages_for_nobody + total.messages_abandoned +
                total.messages_in_doubt + total.auth_rejected_as_wanted,
            kTurns);
}

void expect_same_sessions(const Case& one, const LoadResult& result, const SinkCounters& sink) {
  const Counters& total = result.metrics.total();
  EXPECT_EQ(sink.sessions, total.sessions_started);
  EXPECT_EQ(sink.proxied, one.proxied ? sink.sessions : 0U);
  EXPECT_EQ(sink.proxy_malformed, 0U);
  EXPECT_EQ(sink.sessions_plain, total.sessions_plain);
  EXPECT_EQ(sink.tls_handshakes, total.tls_handshakes);
  EXPECT_EQ(sink.tls_resumed, total.tls_resumed);
  EXPECT_EQ(sink.tls_failures, 0U);
  EXPECT_EQ(sink.auth_ok, total.auth_accepted);
  EXPECT_EQ(sink.auth_failed, total.auth_rejected_as_wanted);
  EXPECT_EQ(agreed(sink.tls), agreed(result.metrics.tls()));
}

void run_case(Case& one) {
  finish(one);
  SCOPED_TRACE("smtpmark sink" + one.sink + "\nsmtpmark run" + one.client);
  const auto sink = start(one);
  ASSERT_TRUE(sink);
  const LoadResult result = load(one, *sink);
  sink->stop();
  expect_nothing_lost(one, result, sink->counters());
  expect_every_turn(one, result.metrics.total());
  expect_same_sessions(one, result, sink->counters());
}

// Returns how many cases it took.
std::size_t run_matrix(const std::vector<Knob>& knobs) {
  std::vector<std::size_t> sizes;
  sizes.reserve(knobs.size());
  for (const Knob& knob : knobs) sizes.push_back(knob.size());
  Meetings meetings(sizes);
  std::mt19937 random(1);
  std::size_t cases = 0;
  for (; meetings.missing() > 0 && !::testing::Test::HasFatalFailure(); ++cases) {
    const Row row = meetings.next(random);
    meetings.add(row);
    Case one;
    std::string name;
    for (std::size_t i = 0; i < row.size(); ++i) {
      knobs[i][row[i]].apply(one);
      name += (i == 0 ? "" : ", ") + std::string(knobs[i][row[i]].name);
    }
    SCOPED_TRACE(name);
    run_case(one);
  }
  return cases;
}

std::vector<Knob> joined(std::vector<Knob> knobs, const std::vector<Knob>& more) {
  knobs.insert(knobs.end(), more.begin(), more.end());
  return knobs;
}

TEST(NetworkMatrix, EveryPairOfKnobsDeliversEveryMessageInPlaintext) {
  const std::string user = "--user user@example.com --password secret";
  const Knob ways = {as("relay", "relay", "--tls none"), as("lmtp", "lmtp", "--tls none"),
                     as("submission without TLS", "submission",
                        "--tls none --auth-without-tls " + user, "--auth-without-tls " + user)};
  EXPECT_GT(run_matrix(joined(common(), {ways})), 50U);
}

TEST(NetworkMatrix, EveryPairOfKnobsDeliversEveryMessageBehindTls) {
  const Knob ways = {as("relay", "relay", "--tls required"),
                     as("relay, opportunistic", "relay", "--tls opportunistic"),
                     as("lmtp", "lmtp", "--tls opportunistic")};
  EXPECT_GT(run_matrix(joined(joined(common(), tls()), {ways})), 50U);
}

TEST(NetworkMatrix, EveryPairOfKnobsDeliversEveryMessageWithAuth) {
  const Knob ways = {as("submission", "submission", "--tls required"),
                     as("submissions", "submissions", "--tls implicit")};
  EXPECT_GT(run_matrix(joined(joined(joined(common(), tls()), auth()), {ways})), 50U);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing::network
