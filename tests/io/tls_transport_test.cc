#include "io/tls_transport.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/io/tls_pair.h"

namespace smtpmark::io::testing {
namespace {

TlsServerOptions giving(std::uint32_t tickets, const std::string& keys = {}) {
  TlsServerOptions options;
  options.tickets = tickets;
  options.ticket_keys = keys;
  return options;
}

class TlsVersionTest : public TlsTest, public ::testing::WithParamInterface<TlsVersion> {
 protected:
  TlsContext client() {
    TlsClientOptions options;
    options.min_version = options.max_version = GetParam();
    return client_context(options);
  }
};

TEST_P(TlsVersionTest, CarriesOctetsBothWaysInPiecesOfOneOctet) {
  TlsPair pair(scheduler_, client());
  pair.set_pieces([] { return 1; });
  ASSERT_TRUE(shake(pair).good());
  EXPECT_EQ(pair.client.version(), GetParam() == TlsVersion::kTls12 ? "TLSv1.2" : "TLSv1.3");
  EXPECT_EQ(pair.server.version(), pair.client.version());
  EXPECT_EQ(pair.server.cipher(), pair.client.cipher());
  EXPECT_FALSE(pair.client.resumed());
  EXPECT_EQ(carry(pair.client, pair.server, "EHLO mx.example.com\r\n"), "EHLO mx.example.com\r\n");
  EXPECT_EQ(carry(pair.server, pair.client, "250 mx.example.com\r\n"), "250 mx.example.com\r\n");
}

TEST_P(TlsVersionTest, CarriesOctetsBothWaysInRandomPieces) {
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round) {
    TlsPair pair(scheduler_, client());
    pair.set_pieces([&random] { return 1 + random() % 700; });
    ASSERT_TRUE(shake(pair).good());
    for (int turn = 0; turn < 5; ++turn) {
      const std::string bytes = pattern(1 + random() % 40'000, static_cast<unsigned>(random()));
      ASSERT_TRUE(carry(pair.client, pair.server, bytes) == bytes);
      ASSERT_TRUE(carry(pair.server, pair.client, bytes) == bytes);
    }
  }
}

TEST_P(TlsVersionTest, GoesOnBehindARest) {
  TlsPair pair(scheduler_, client());
  pair.set_pieces([] { return 7; });
  ASSERT_TRUE(shake(pair).good());
  for (std::size_t size = 1; size < 40000; size = size * 3 + 1) {
    pair.client.go_idle();
    pair.server.go_idle();
    const std::string there = pattern(size);
    EXPECT_TRUE(carry(pair.client, pair.server, there) == there) << size;
    pair.server.go_idle();
    EXPECT_TRUE(carry(pair.server, pair.client, there) == there) << size;
  }
}

TEST_P(TlsVersionTest, CarriesLargeReferencesBothWaysAtOnce) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  const std::string up = pattern(3'000'000, 1);
  const std::string down = pattern(2'000'000, 2);
  Outcome at_client;
  Outcome at_server;
  pair.client.write_stable(up);
  pair.server.write_stable(down);
  spawn(read_count(pair.client, down.size(), at_client));
  spawn(read_count(pair.server, up.size(), at_server));
  scheduler_.run();
  EXPECT_TRUE(at_client.received == down);
  EXPECT_TRUE(at_server.received == up);
}

TEST_P(TlsVersionTest, FlushSendsMoreThanWaitsBelowAtOnce) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  const std::string body = pattern(2'000'000);
  EXPECT_TRUE(carry(pair.client, pair.server, body) == body);
}

TEST_P(TlsVersionTest, TellsWhenTheLastOctetHasLeft) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.client.write("MAIL");
  EXPECT_EQ(pair.client.sent_at(), kNever) << "only queued";
  const std::string body = pattern(2'000'000);
  pair.client.write_stable(body);
  Outcome sent;
  spawn(flush_to(pair.client, 0, sent));
  scheduler_.run();
  EXPECT_TRUE(sent.done);
  EXPECT_EQ(pair.client.sent_at(), scheduler_.now());
}

TEST_P(TlsVersionTest, CloseNotifyIsTheEndOfTheStream) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server.write("221 Bye\r\n");
  pair.server.write_close_notify();
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.received, "221 Bye\r\n");
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_P(TlsVersionTest, AnEndOfTheConnectionBelowIsTheEndOfTheStreamToo) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server_tcp.close();
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_P(TlsVersionTest, DiscardInputDropsWhatHasArrived) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server.write("dropped");
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  scheduler_.run();
  pair.client.discard_input();
  EXPECT_TRUE(pair.client.input().empty());
  EXPECT_EQ(carry(pair.server, pair.client, "wanted"), "wanted");
}

TEST_P(TlsVersionTest, AResetBelowIsNamedToReaderAndWriter) {
  TlsPair pair(scheduler_, client());
  ASSERT_TRUE(shake(pair).good());
  pair.server_tcp.reset();
  scheduler_.run();
  Outcome received;
  spawn(read_to_end(pair.client, received));
  scheduler_.run();
  EXPECT_EQ(received.error.kind, ErrorKind::kReset);
  Outcome flushed;
  pair.client.write("to nobody");
  spawn(flush_to(pair.client, 0, flushed));
  scheduler_.run();
  EXPECT_EQ(flushed.error.kind, ErrorKind::kReset);
}

TEST_P(TlsVersionTest, ASessionThatTheServerGaveIsResumed) {
  TlsClientOptions options;
  options.min_version = options.max_version = GetParam();
  options.resume = true;
  const TlsContext for_client = client_context(options);
  const TlsContext for_server = server_context(giving(1));
  for (const bool expected : {false, true, true, true}) {
    TlsPair pair(scheduler_, for_client, for_server);
    ASSERT_TRUE(shake(pair).good());
    EXPECT_EQ(pair.client.resumed(), expected);
    EXPECT_EQ(pair.server.resumed(), expected);
    EXPECT_EQ(carry(pair.server, pair.client, "250 ok\r\n"), "250 ok\r\n");  // behind the tickets
    EXPECT_EQ(for_client.sessions()->size(), 1U);
  }
}

TEST_P(TlsVersionTest, NothingIsResumedUnlessBothSidesWantIt) {
  TlsClientOptions resuming;
  resuming.min_version = resuming.max_version = GetParam();
  resuming.resume = true;
  const TlsContext wants = client_context(resuming);
  const TlsContext gives = server_context(giving(2));
  const TlsContext does_not_want = client();
  const TlsContext does_not_give = server_context();
  for (int round = 0; round < 2; ++round) {
    TlsPair no_tickets(scheduler_, wants, does_not_give);
    ASSERT_TRUE(shake(no_tickets).good());
    EXPECT_FALSE(no_tickets.client.resumed());
    TlsPair no_offer(scheduler_, does_not_want, gives);
    ASSERT_TRUE(shake(no_offer).good());
    EXPECT_FALSE(no_offer.client.resumed());
  }
  EXPECT_EQ(does_not_want.sessions(), nullptr);
}

TEST_P(TlsVersionTest, ServersThatShareTicketKeysResumeEachOthersSessions) {
  TlsClientOptions options;
  options.min_version = options.max_version = GetParam();
  options.resume = true;
  const TlsContext for_client = client_context(options);
  const std::string keys = make_ticket_keys();
  const TlsContext one = server_context(giving(1, keys));
  const TlsContext other = server_context(giving(1, keys));
  const TlsContext stranger = server_context(giving(1, make_ticket_keys()));
  const std::pair<const TlsContext*, bool> expected[] = {
      {&one, false}, {&other, true}, {&one, true}, {&stranger, false}};
  for (const auto& [server, resumed] : expected) {
    TlsPair pair(scheduler_, for_client, *server);
    ASSERT_TRUE(shake(pair).good());
    EXPECT_EQ(pair.client.resumed(), resumed);
    EXPECT_EQ(carry(pair.server, pair.client, "250 ok\r\n"), "250 ok\r\n");
  }
}

// A server that gives no new session behind one that is resumed, as Postfix.
TEST_F(TlsTest, TheOnlySessionIsOfferedAgain) {
  TlsClientOptions options;
  options.resume = true;
  const TlsContext for_client = client_context(options);
  const std::string keys = make_ticket_keys();
  const TlsContext gives = server_context(giving(1, keys));
  const TlsContext gives_none = server_context(giving(1, keys));
  SSL_CTX_set_num_tickets(gives_none.get(), 0);
  for (const auto& [server, resumed] :
       {std::pair(&gives, false), {&gives_none, true}, {&gives_none, true}, {&gives, true}}) {
    TlsPair pair(scheduler_, for_client, *server);
    ASSERT_TRUE(shake(pair).good());
    EXPECT_EQ(pair.client.resumed(), resumed);
    EXPECT_EQ(carry(pair.server, pair.client, "250 ok\r\n"), "250 ok\r\n");
    EXPECT_EQ(for_client.sessions()->size(), 1U);
  }
}

TEST(TlsSessions, KeepOnlyTheLatest) {
  TlsSessions sessions;
  for (std::size_t i = 0; i < TlsSessions::kMost + 10; ++i) sessions.put(SSL_SESSION_new());
  EXPECT_EQ(sessions.size(), TlsSessions::kMost);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsVersionTest,
                         ::testing::Values(TlsVersion::kTls12, TlsVersion::kTls13),
                         [](const auto& tested) {
                           return tested.param == TlsVersion::kTls12 ? "Tls12" : "Tls13";
                         });

TEST_F(TlsTest, WritesKeepTheirOrderWhetherCopiedOrReferredTo) {
  TlsPair pair(scheduler_);
  ASSERT_TRUE(shake(pair).good());
  std::string expected;
  std::vector<std::string> references;
  for (unsigned i = 0; i < 6; ++i) references.push_back(pattern(i % 2 == 0 ? 20'000 : 100, i));
  for (const std::string& reference : references) {
    pair.client.write("copy ");
    pair.client.write_stable(reference);
    expected += "copy " + reference;
  }
  pair.client.write_stable(references[0]);
  pair.client.write_stable(references[2]);
  expected += references[0] + references[2];
  Outcome received;
  Outcome sent;
  spawn(read_count(pair.server, expected.size(), received));
  spawn(flush_to(pair.client, 0, sent));
  scheduler_.run();
  EXPECT_TRUE(received.received == expected);
  EXPECT_TRUE(sent.done);
}

TEST_F(TlsTest, WhatWasWrittenBeforeTheHandshakeFollowsIt) {
  TlsPair pair(scheduler_);
  const std::string body = pattern(20'000);
  pair.client.write_stable(body);
  pair.client.write("end");
  ASSERT_TRUE(shake(pair).good());
  Outcome sent;
  Outcome received;
  spawn(flush_to(pair.client, 0, sent));
  spawn(read_count(pair.server, body.size() + 3, received));
  scheduler_.run();
  EXPECT_TRUE(received.received == body + "end");
}

TEST_F(TlsTest, WhatWasWrittenIsHandedDownWhenTheLayerEnds) {
  MemoryTransport client_tcp(scheduler_);
  MemoryTransport server_tcp(scheduler_);
  MemoryTransport::join(client_tcp, server_tcp);
  TlsTransport client(client_tcp, client_context());
  Outcome received;
  const std::string body = pattern(600'000);
  {
    TlsTransport server(server_tcp, server_context());
    Outcome one;
    Outcome other;
    spawn(shake_hands(client, one));
    spawn(shake_hands(server, other));
    scheduler_.run();
    spawn(read_to_end(client, received));
    server.write("221 Bye\r\n");
    server.write_stable(body);
  }
  server_tcp.close();
  scheduler_.run();
  EXPECT_TRUE(received.received == "221 Bye\r\n" + body);
  EXPECT_EQ(received.error.kind, ErrorKind::kClosed);
}

TEST_F(TlsTest, TwoConnectionsKeepTheirUnconsumedInputInTheSharedScratchArea) {
  TlsPair one(scheduler_);
  TlsPair two(scheduler_);
  ASSERT_TRUE(shake(one).good());
  ASSERT_TRUE(shake(two).good());
  Outcome lines_of_one;
  Outcome lines_of_two;
  spawn(read_lines(one.client, lines_of_one));
  spawn(read_lines(two.client, lines_of_two));
  std::string expected_one;
  std::string expected_two;
  const auto say = [&](TlsPair& pair, std::string_view bytes, std::string& expected) {
    expected += bytes;
    pair.server.write(bytes);
    Outcome sent;
    spawn(flush_to(pair.server, 0, sent));
    scheduler_.run();
  };
  for (int i = 0; i < 50; ++i) {
    say(one, "the beginning of one, ", expected_one);
    say(two, "the beginning of two, ", expected_two);
    say(one, "the end\nand more of one ", expected_one);
    say(two, "the end\nand more of two ", expected_two);
  }
  say(one, "\n", expected_one);
  say(two, "\n", expected_two);
  EXPECT_EQ(lines_of_one.received, expected_one);
  EXPECT_EQ(lines_of_two.received, expected_two);
  one.server_tcp.close();
  two.server_tcp.close();
  scheduler_.run();
  EXPECT_TRUE(lines_of_one.done && lines_of_two.done);
}

TEST_F(TlsTest, MoreLeftUnconsumedThanTheScratchAreaHoldsIsAnError) {
  TlsPair pair(scheduler_);
  ASSERT_TRUE(shake(pair).good());
  pair.server.write(std::string(100'000, 'x'));
  Outcome sent;
  spawn(flush_to(pair.server, 0, sent));
  Outcome received;
  spawn(read_lines(pair.client, received));
  scheduler_.run();
  EXPECT_TRUE(received.done);
  EXPECT_EQ(received.error.os_code, EMSGSIZE);
}

}  // namespace
}  // namespace smtpmark::io::testing
