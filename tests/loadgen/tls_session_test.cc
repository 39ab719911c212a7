// TLS options, and what sessions with them do against the sink.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "loadgen/options.h"
#include "loadgen/result_json.h"
#include "tests/loadgen/loaded_sink.h"
#include "tests/loadgen/scratch_files.h"

namespace smtpmark::loadgen::testing {
namespace {

SessionPlan handshakes(Role role) {
  SessionPlan plan;
  plan.role = role;
  plan.tls = role == Role::kSubmissions ? TlsPolicy::kImplicit : TlsPolicy::kRequired;
  plan.messages_per_connection = 0;
  plan.turn_of = TurnOf::kSession;
  plan.handshake_only = true;
  return plan;
}

TEST(TlsSession, HandshakesAloneSayNothingBehindThem) {
  for (const Role role : {Role::kRelay, Role::kSubmission, Role::kSubmissions}) {
    const PairOutcome outcome = run_pair(handshakes(role), {}, {});
    ASSERT_TRUE(outcome.client.ended);
    EXPECT_TRUE(outcome.client.as_planned);
    const Counters& total = outcome.client.metrics.total();
    EXPECT_EQ(total.errors, 0U);
    EXPECT_EQ(total.sessions_established, 1U);
    EXPECT_EQ(total.sessions_completed, 1U);
    EXPECT_EQ(total.tls_handshakes, 1U);
    EXPECT_EQ(outcome.sink.tls_handshakes, 1U);
    EXPECT_EQ(outcome.sink.commands, role == Role::kSubmissions ? 0U : 2U) << "EHLO and STARTTLS";
    EXPECT_EQ(outcome.client.metrics.histogram(Phase::kSession).count(), 1U);
  }
}

TEST(TlsSession, HandshakesAloneTakeTheTicketsThatComeBehindThem) {
  for (const Role role : {Role::kRelay, Role::kSubmissions}) {
    const auto sink = start_sink(role, 1, 2);
    RunPlan plan = plan_for(sink->listens().front().address, role);
    plan.classes[0].session = handshakes(role);
    plan.classes[0].session.timeout_ns = 10 * io::kSecond;
    plan.classes[0].tls.resume = true;
    plan.load.connections = 2;
    plan.load.count = 40;
    for (const io::TlsVersion version : {io::TlsVersion::kTls12, io::TlsVersion::kTls13}) {
      plan.classes[0].tls.max_version = version;
      const LoadResult result = run(plan);
      expect_no_errors(result);
      const Counters& total = result.metrics.total();
      EXPECT_EQ(total.sessions_completed, 40U);
      EXPECT_EQ(total.tls_handshakes, 40U);
      EXPECT_EQ(total.tls_resumed, 38U) << "all but the first of each connection";
      EXPECT_EQ(total.tls_stale, 0U);
      EXPECT_LT(result.metrics.histogram(Phase::kSession).percentile_ns(50.0), io::kSecond)
          << "nobody waits for the other to close";
    }
  }
}

// The sink forgets a TLS 1.2 session after its lifetime; the client does not know that.
TEST(TlsSession, TicketsThatASinkDoesNotTakeAreCountedAsStale) {
  SinkPlan sink_plan;
  sink_plan.tls.tickets = 1;
  sink_plan.tls.ticket_lifetime_s = 1;
  sink_plan.listens.push_back({Role::kSubmissions, io::Address::resolve("127.0.0.1:0").value()});
  const auto sink = Sink::start(sink_plan, shared_certificate()).value();
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.classes[0].session = handshakes(Role::kSubmissions);
  plan.classes[0].tls.resume = true;
  plan.classes[0].tls.max_version = io::TlsVersion::kTls12;
  plan.load.connections = 1;
  plan.load.count = 2;
  plan.load.set_rate(0.4);
  const LoadResult result = run(plan);
  expect_no_errors(result);
  const Counters& total = result.metrics.total();
  EXPECT_EQ(total.tls_handshakes, 2U);
  EXPECT_EQ(total.tls_resumed, 0U);
  EXPECT_EQ(total.tls_stale, 1U);
  EXPECT_EQ(result.metrics.histogram(Phase::kTlsHandshake).count(), 2U);
}

TEST(TlsSession, WhatWasNegotiatedIsCountedByKind) {
  PairOptions options;
  options.client_tls.max_version = io::TlsVersion::kTls12;
  options.client_tls.alpn = {"smtp"};
  options.sink_tls.alpn = {"smtp"};
  const PairOutcome outcome = run_pair(handshakes(Role::kRelay), {}, options);
  const auto& kinds = outcome.client.metrics.tls().kinds();
  ASSERT_EQ(kinds.size(), 1U);
  EXPECT_EQ(kinds[0].version, "TLSv1.2");
  EXPECT_EQ(kinds[0].group, "X25519");
  EXPECT_EQ(kinds[0].alpn, "smtp");
  EXPECT_EQ(kinds[0].peer_key, "ecdsa-p256");
  EXPECT_EQ(kinds[0].signature, "ECDSA+SHA256");
  EXPECT_FALSE(kinds[0].resumed);
  EXPECT_EQ(kinds[0].count, 1U);
  EXPECT_NE(kinds[0].cipher, "");

  TlsTally tally = outcome.client.metrics.tls();
  tally.merge(run_pair(handshakes(Role::kRelay), {}, options).client.metrics.tls());
  ASSERT_EQ(tally.kinds().size(), 1U);
  EXPECT_EQ(tally.kinds()[0].count, 2U);
  tally.merge(run_pair(handshakes(Role::kRelay), {}, {}).client.metrics.tls());
  ASSERT_EQ(tally.kinds().size(), 2U);
  EXPECT_EQ(tally.kinds()[1].version, "TLSv1.3");
}

// Whatever both sides know they call by the same names.
void expect_agreement(const PairOutcome& outcome, const std::string& signature, bool resumed) {
  const auto& client = outcome.client.metrics.tls().kinds();
  const auto& sink = outcome.sink.tls.kinds();
  ASSERT_EQ(client.size(), 1U);
  ASSERT_EQ(sink.size(), 1U);
  EXPECT_EQ(sink[0].version, client[0].version);
  EXPECT_EQ(sink[0].cipher, client[0].cipher);
  EXPECT_EQ(sink[0].group, client[0].group);
  EXPECT_EQ(sink[0].alpn, client[0].alpn);
  EXPECT_EQ(sink[0].count, 1U);
  for (const TlsKind& kind : {client[0], sink[0]}) {
    EXPECT_EQ(kind.signature, signature);
    EXPECT_EQ(kind.resumed, resumed);
  }
}

TEST(TlsSession, BothSidesTellTheSameOfWhatWasNegotiated) {
  using io::KeyKind;
  using io::TlsVersion;
  struct Expected {
    KeyKind kind;
    const char* signatures;
    TlsVersion version;
    const char* signature;
  };
  for (const Expected& one : std::vector<Expected>{
           {KeyKind::kEcdsaP256, "", TlsVersion::kTls13, "ECDSA+SHA256"},
           {KeyKind::kEcdsaP384, "", TlsVersion::kTls13, "ECDSA+SHA384"},
           {KeyKind::kRsa2048, "RSA-PSS+SHA384", TlsVersion::kTls13, "RSA-PSS+SHA384"},
           {KeyKind::kRsa2048, "RSA+SHA512", TlsVersion::kTls12, "RSA+SHA512"},
           {KeyKind::kEd25519, "", TlsVersion::kTls13, "ed25519"}}) {
    SCOPED_TRACE(one.signature);
    const auto certificate = io::Certificate::make(one.kind, 1).value();
    PairOptions options;
    options.certificate = &certificate;
    options.client_tls.signatures = one.signatures;
    options.client_tls.max_version = one.version;
    options.client_tls.groups = options.sink_tls.groups = "X25519:P-256:P-384";
    options.client_tls.resume = true;
    options.sink_tls.tickets = 1;
    const PairTls tls(options);
    expect_agreement(run_pair(handshakes(Role::kRelay), {}, options, &tls), one.signature, false);
    expect_agreement(run_pair(handshakes(Role::kRelay), {}, options, &tls), "", true);
  }
}

TEST(TlsSession, TheSinkTellsOfTheClientsKey) {
  const ScratchFiles files("client-key");
  PairOptions options;
  options.client_tls.certificate_file = files.write("client.pem", shared_certificate().to_pem());
  options.client_tls.key_file = files.write("client.key", shared_certificate().key_to_pem());
  options.sink_tls.client_certificates = io::ClientCertificates::kAsked;
  SinkCounters both = run_pair(handshakes(Role::kRelay), {}, options).sink;
  both.add(run_pair(handshakes(Role::kRelay), {}, {}).sink);
  both.add(run_pair(handshakes(Role::kRelay), {}, {}).sink);
  const nlohmann::json kinds = sink_counters_to_json(both).at("tls_negotiated");
  ASSERT_EQ(kinds.size(), 2U);
  EXPECT_EQ(kinds[0].at("peer_key"), "ecdsa-p256");
  EXPECT_EQ(kinds[0].at("count"), 1);
  EXPECT_EQ(kinds[1].at("peer_key"), "");
  EXPECT_EQ(kinds[1].at("count"), 2);
  EXPECT_EQ(kinds[1].at("version"), "TLSv1.3");
  EXPECT_EQ(kinds[1].at("group"), "X25519");
  EXPECT_EQ(kinds[1].at("signature"), "ECDSA+SHA256");
  EXPECT_EQ(kinds[1].at("resumed"), false);
}

TEST(TlsSession, AlertsAndClosesInMidHandshakeAreCountedByKindOnBothSides) {
  PairOptions options;
  options.client_tls.max_version = io::TlsVersion::kTls12;
  options.sink_tls.min_version = io::TlsVersion::kTls13;
  const PairOutcome version = run_pair(handshakes(Role::kRelay), {}, options);
  ASSERT_EQ(version.client.metrics.errors().size(), 1U);
  const ErrorRow& row = version.client.metrics.errors()[0];
  EXPECT_EQ(row.phase, Phase::kTlsHandshake);
  EXPECT_EQ(row.kind, "tls-alert");
  EXPECT_EQ(row.code, SSL_AD_PROTOCOL_VERSION);
  EXPECT_EQ(version.sink.tls_failures, 1U);
  EXPECT_TRUE(version.sink.tls_alerts.empty()) << "it was the sink's own";

  options = {};
  options.client_tls.pin = io::SpkiPin{};
  const PairOutcome pin = run_pair(handshakes(Role::kRelay), {}, options);
  ASSERT_EQ(pin.client.metrics.errors().size(), 1U);
  EXPECT_EQ(pin.client.metrics.errors()[0].kind, "certificate-pin");
  EXPECT_EQ(pin.sink.tls_failures, 1U);
  ASSERT_EQ(pin.sink.tls_alerts.size(), 1U);
  EXPECT_EQ(pin.sink.tls_alerts.begin()->second, 1U);
  EXPECT_EQ(sink_counters_to_json(pin.sink).at("tls_alerts").size(), 1U);

  const ScriptedServer closes{"220 hi\r\n", {"250-hi\r\n250 STARTTLS\r\n", "220 go\r\n", "EOF"}};
  const ClientOutcome closed = run_against_script(handshakes(Role::kRelay), closes, 0);
  ASSERT_EQ(closed.metrics.errors().size(), 1U);
  EXPECT_EQ(closed.metrics.errors()[0].kind, "tls-closed");
}

TEST(TlsSession, ASinkCountsTheCertificatesOfItsClients) {
  PairOptions options;
  options.sink_tls.client_certificates = io::ClientCertificates::kAsked;
  EXPECT_EQ(run_pair(handshakes(Role::kRelay), {}, options).sink.tls_certificates, 0U);
  // That it is shown is tests/io's affair; here, that TLS 1.3 tells the client of a refusal that
  // comes behind its own end of the handshake.
  options.sink_tls.client_certificates = io::ClientCertificates::kRequired;
  SessionPlan plan;
  plan.tls = TlsPolicy::kRequired;
  const PairOutcome refused = run_pair(plan, {}, options);
  ASSERT_EQ(refused.client.metrics.errors().size(), 1U);
  EXPECT_EQ(refused.client.metrics.errors()[0].phase, Phase::kEhloTls);
  EXPECT_EQ(refused.client.metrics.errors()[0].code, SSL_AD_CERTIFICATE_REQUIRED);
}

// Options

std::string refusal(const std::function<void(RunOptions&)>& change) {
  RunOptions options;
  options.target = "127.0.0.1:25";
  change(options);
  const auto plan = make_run_plan(options);
  return plan ? "" : plan.error();
}

void expect_refusal(const std::string& part, const std::function<void(RunOptions&)>& change) {
  EXPECT_NE(refusal(change).find(part), std::string::npos) << refusal(change);
}

TEST(TlsOptions, EachClassHasItsOwn) {
  RunOptions options;
  options.target = "127.0.0.1:587";
  options.tls_version = "1.2";
  options.class_texts = {"name=a", "name=b,tls-version=1.3,tls-groups=P-256,tls-alpn=smtp:x",
                         "name=c,handshake-only,tls-sni=none,server-name=a.example.com"};
  const RunPlan plan = make_run_plan(options).value();
  EXPECT_EQ(plan.classes[0].tls.max_version, io::TlsVersion::kTls12);
  EXPECT_EQ(plan.classes[0].tls.min_version, io::TlsVersion::kTls12);
  EXPECT_EQ(plan.classes[1].tls.min_version, io::TlsVersion::kTls13);
  EXPECT_EQ(plan.classes[1].tls.groups, "P-256");
  EXPECT_EQ(plan.classes[1].tls.alpn, (std::vector<std::string>{"smtp", "x"}));
  EXPECT_TRUE(plan.classes[2].session.handshake_only);
  EXPECT_EQ(plan.classes[2].session.messages_per_connection, 0U);
  EXPECT_EQ(plan.classes[2].session.turn_of, TurnOf::kSession);
  EXPECT_EQ(plan.classes[2].tls.sni, "");
  EXPECT_EQ(plan.classes[2].tls.host_name, "a.example.com");
}

TEST(TlsOptions, HandshakesAloneInsistOnTls) {
  RunOptions options;
  options.target = "127.0.0.1:25";
  options.handshake_only = true;
  EXPECT_EQ(make_run_plan(options)->classes[0].session.tls, TlsPolicy::kRequired);
}

TEST(TlsOptions, RefusesWhatCannotBeMeant) {
  expect_refusal("belong together", [](RunOptions& o) { o.client_cert = "x.pem"; });
  expect_refusal("/nonexistent", [](RunOptions& o) { o.ca_file = "/nonexistent"; });
  expect_refusal("/nonexistent",
                 [](RunOptions& o) { o.client_cert = o.client_key = "/nonexistent"; });
  expect_refusal("--tls-pin 12", [](RunOptions& o) { o.tls_pin = "12"; });
  expect_refusal("group \"P-1\"", [](RunOptions& o) { o.tls_groups = "P-1"; });
  for (const auto& change : std::vector<std::function<void(RunOptions&)>>{
           [](RunOptions& o) { o.verify = true; }, [](RunOptions& o) { o.tls_resume = true; },
           [](RunOptions& o) { o.tls_version = "1.2"; }, [](RunOptions& o) { o.tls_alpn = "a"; },
           [](RunOptions& o) { o.handshake_only = true; }}) {
    expect_refusal("--tls none leaves nothing for --", [&change](RunOptions& o) {
      o.tls = "none";
      change(o);
    });
  }
}

TEST(TlsOptions, TheResultSaysWhatWasAskedForAndWhatWasNegotiated) {
  const auto sink = start_sink(Role::kSubmissions);
  RunPlan plan = plan_for(sink->listens().front().address, Role::kSubmissions);
  plan.classes[0].session = handshakes(Role::kSubmissions);
  plan.classes[0].tls.groups = "P-256";
  plan.classes[0].tls.pin = io::spki_pin_of(shared_certificate().leaf());
  plan.load.count = 30;
  const LoadResult result = run(plan);
  expect_no_errors(result);
  const nlohmann::json job = job_to_json(plan, result, nullptr);
  const nlohmann::json& settings = job.at("config").at("tls_settings");
  EXPECT_EQ(settings.at("version"), "any");
  EXPECT_EQ(settings.at("groups"), "P-256");
  EXPECT_EQ(settings.at("pin"), io::to_base64(*plan.classes[0].tls.pin));
  EXPECT_TRUE(job.at("config").at("handshake_only").get<bool>());
  ASSERT_EQ(job.at("tls_negotiated").size(), 1U);
  EXPECT_EQ(job.at("tls_negotiated")[0].at("group"), "P-256");
  EXPECT_EQ(job.at("tls_negotiated")[0].at("count"), 30);
  plan.classes[0].session.tls = TlsPolicy::kNone;
  EXPECT_FALSE(job_to_json(plan, result, nullptr).at("config").contains("tls_settings"));
}

TEST(TlsOptions, ASinkTakesItsOwn) {
  SinkRunOptions options;
  CLI::App app;
  define_sink(app, options);
  app.parse(std::string(
      "--relay 127.0.0.1:0 --cert-kind ed25519 --cert-chain 3 --tls-version 1.3 "
      "--tls-groups P-384 --client-certs require --tls-tickets 2 --tls-ticket-lifetime 1m"));
  const SinkPlan plan = make_sink_plan(options).value();
  EXPECT_EQ(plan.tls.min_version, io::TlsVersion::kTls13);
  EXPECT_EQ(plan.tls.groups, "P-384");
  EXPECT_EQ(plan.tls.client_certificates, io::ClientCertificates::kRequired);
  EXPECT_EQ(plan.tls.tickets, 2U);
  EXPECT_EQ(plan.tls.ticket_lifetime_s, 60U);
  const auto certificate = make_certificate(options.tls);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->chain_length(), 3U);
  EXPECT_EQ(io::describe_key(certificate->key()), "ed25519");
  options.tls.client_certs = "none";
  options.tls.client_ca = "x.pem";
  EXPECT_FALSE(make_sink_plan(options));
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
