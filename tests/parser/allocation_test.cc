// The library allocates nothing, whatever it parses and whatever is wrong with it: every allocation
// of this program is counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser.h"
#include "parser/smtp_parser_ehlo.h"

namespace {

std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace smtpmark::parser {
namespace {

// Feeds what arrives in pieces of `step` octets until nothing more comes of it; returns how many
// events there were. `feed` gets the octets that are not consumed.
template <typename Feed>
std::size_t events_in(std::string_view input, std::size_t step, Feed feed) {
  std::size_t events = 0;
  std::size_t arrived = 0;
  std::size_t consumed = 0;
  while (arrived < input.size()) {
    arrived = std::min(input.size(), arrived + step);
    for (;;) {
      const FeedResult result = feed(input.substr(consumed, arrived - consumed));
      consumed += result.consumed;
      if (result.status != Status::kNeedMore) ++events;
      if (result.status == Status::kRejected && result.consumed == 0) return events;  // final
      const bool goes_on = result.consumed != 0 && consumed < arrived;
      if (!goes_on) break;
    }
  }
  return events;
}

FeedResult from_c(smtp_parser_result result) {
  return {static_cast<Status>(result.status), result.consumed};
}

// Runs `parse` with pieces of several sizes; it returns how many events it saw.
template <typename Parse>
void expect_no_allocation(std::size_t events, Parse parse) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    const std::size_t before = allocations;
    const std::size_t seen = parse(step);
    EXPECT_EQ(allocations, before) << "in pieces of " << step;
    EXPECT_EQ(seen, events) << "in pieces of " << step;
  }
}

const std::string& commands() {
  static const std::string text =
      "EHLO a.example\r\nMAIL FROM:<\"a\\ b\"@[IPv6:::1]> SIZE=1 X=1 Y=2 X=3\r\n"
      "MAIL FROM:<a@b> HOLDUNTIL=2026-11-23T00:00:00Z MTRK=AAAA BY=1;R Z\r\nRCPT TO: a_b@c_d\r\n"
      "BDAT x\r\nWHAT\r\nNOOP " +
      std::string(3000, 'a') + "\r\nQUIT\r\n";
  return text;
}

const std::string& replies() {
  static const std::string text =
      "220 mx.example\r\n250-mx.example\r\n250-SIZE 1000\r\n250 \xc3\xa4\r\n"
      "550 5.1.1 no\r\n421 4.3.2 bye\r\n250 " +
      std::string(600, 'x') + "\r\n";
  return text;
}

// A body with each kind of fault and each kind of dot.
const std::string& body() {
  static const std::string text =
      "a: b\r\n\r\n..a\r\n.\rb\nc\rd\xc3\xa4\r\n" + std::string(1200, 'x') + "\r\n.\r\n";
  return text;
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations;
  const std::string text(1000, 'x');
  EXPECT_EQ(allocations, before + 1) << text.size();
}

TEST(Allocations, OfTheCommandParserAreNone) {
  for (const Profile profile : kAllProfiles) {
    const std::string& input = commands();
    expect_no_allocation(8, [&](std::size_t step) {
      CommandParser parser(profile);
      Command command;
      return events_in(input, step,
                       [&](std::string_view bytes) { return parser.feed(bytes, command); });
    });
  }
}

TEST(Allocations, OfAuthResponsesAreNone) {
  const std::string input =
      "AGEAYg==\r\n*\r\nAAA\r\n" + std::string(kMaxAuthLine, 'A') + "\r\n\r\n";
  expect_no_allocation(5, [&](std::size_t step) {
    CommandParser parser;
    AuthResponse response;
    return events_in(input, step, [&](std::string_view bytes) {
      return parser.feed_auth_response(bytes, response);
    });
  });
}

TEST(Allocations, OfTheReplyParserAreNone) {
  const std::string& input = replies();
  for (const bool is_lenient : {false, true}) {
    ReplyOptions options;
    options.bare_lf_ends_line = options.any_text = is_lenient;
    expect_no_allocation(7, [&](std::size_t step) {
      ReplyParser parser(options);
      parser.expect(2);
      ReplyLine line;
      return events_in(input, step,
                       [&](std::string_view bytes) { return parser.feed(bytes, line); });
    });
  }
}

TEST(Allocations, OfCapabilitiesAreNone) {
  const std::array<std::string_view, 10> lines = {"SIZE 1000",
                                                  "auth PLAIN SCRAM-SHA-256 X-OWN",
                                                  "LIMITS RCPTMAX=5 X=y MAILMAX=0",
                                                  "DELIVERBY x",
                                                  "FUTURERELEASE 9 2026-01-01T00:00:00Z",
                                                  "MT-PRIORITY MIXER",
                                                  "X-OWN a b",
                                                  "?",
                                                  "XCLIENT NAME ADDR",
                                                  "NO-SOLICITING a,b"};
  const std::size_t before = allocations;
  Capabilities offer;
  std::size_t wrong = 0;
  for (const std::string_view line : lines) {
    if (offer.add(line).error != SyntaxError::kNone) ++wrong;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(wrong, 3U);
}

TEST(Allocations, OfBodiesAreNone) {
  const std::string& input = body();
  for (const ScanPath path : {ScanPath::kBest, ScanPath::kPortable}) {
    BodyOptions options;
    options.path = path;
    expect_no_allocation(1, [&](std::size_t step) {
      DataFramer framer(options);
      std::string_view piece;
      const std::size_t events =
          events_in(input, step, [&](std::string_view bytes) { return framer.feed(bytes, piece); });
      return framer.faults().any() ? events : 0;
    });
    expect_no_allocation(1, [&](std::size_t step) {
      ChunkFramer framer(input.size());
      BodyChecker checker(options);
      std::string_view piece;
      const std::size_t events = events_in(input, step, [&](std::string_view bytes) {
        const FeedResult result = framer.feed(bytes, piece);
        checker.check(piece);
        return result;
      });
      checker.finish();
      return checker.faults().any() ? events : 0;
    });
  }
}

TEST(Allocations, OfDecodingAreNone) {
  Path path;
  path.local_part = "\"a\\ b\"";
  path.is_quoted = true;
  std::array<char, 32> out{};
  const std::size_t before = allocations;
  const std::size_t octets = decode_local_part(path, out.data()) +
                             decode_xtext("a+2Bb", out.data()) +
                             decode_orcpt("utf-8", "\\x{20AC}", out.data());
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(octets, 9U);
}

// The same in C

TEST(Allocations, OfTheCommandsInCAreNone) {
  const std::string& input = commands();
  expect_no_allocation(8, [&](std::size_t step) {
    smtp_parser_commands parser;
    smtp_parser_commands_init(&parser, smtp_parser_profile_flags(SMTP_PARSER_PROFILE_PERMISSIVE));
    smtp_parser_command command;
    command.struct_size = sizeof command;
    return events_in(input, step, [&](std::string_view bytes) {
      return from_c(smtp_parser_commands_feed(&parser, bytes.data(), bytes.size(), &command));
    });
  });
  expect_no_allocation(2, [&](std::size_t step) {
    smtp_parser_commands parser;
    smtp_parser_commands_init(&parser, 0);
    smtp_parser_auth_response response;
    response.struct_size = sizeof response;
    return events_in("AAAA\r\n?\r\n", step, [&](std::string_view bytes) {
      return from_c(smtp_parser_commands_feed_auth(&parser, bytes.data(), bytes.size(), &response));
    });
  });
}

TEST(Allocations, OfTheRepliesInCAreNone) {
  const std::string& input = replies();
  expect_no_allocation(7, [&](std::size_t step) {
    smtp_parser_replies parser;
    smtp_parser_replies_init(&parser, nullptr);
    smtp_parser_replies_expect(&parser, 2);
    smtp_parser_reply reply;
    reply.struct_size = sizeof reply;
    smtp_parser_capabilities offer{};
    offer.struct_size = sizeof offer;
    return events_in(input, step, [&](std::string_view bytes) {
      const auto result = smtp_parser_replies_feed(&parser, bytes.data(), bytes.size(), &reply);
      if (result.status == SMTP_PARSER_READY) {
        smtp_parser_capabilities_add(&offer, reply.text, nullptr);
      }
      return from_c(result);
    });
  });
}

TEST(Allocations, OfBodiesInCAreNone) {
  const std::string& input = body();
  expect_no_allocation(1, [&](std::size_t step) {
    smtp_parser_data parser;
    smtp_parser_data_init(&parser, nullptr);
    smtp_parser_view piece;
    smtp_parser_body_faults faults;
    faults.struct_size = sizeof faults;
    const std::size_t events = events_in(input, step, [&](std::string_view bytes) {
      return from_c(smtp_parser_data_feed(&parser, bytes.data(), bytes.size(), &piece));
    });
    return smtp_parser_data_faults(&parser, &faults) == 1 ? events : 0;
  });
  expect_no_allocation(1, [&](std::size_t step) {
    smtp_parser_chunk parser;
    smtp_parser_chunk_init(&parser, input.size());
    smtp_parser_checker checker;
    smtp_parser_checker_init(&checker, nullptr);
    smtp_parser_view piece;
    const std::size_t events = events_in(input, step, [&](std::string_view bytes) {
      const auto result = smtp_parser_chunk_feed(&parser, bytes.data(), bytes.size(), &piece);
      smtp_parser_checker_check(&checker, piece.data, piece.size);
      return from_c(result);
    });
    smtp_parser_checker_finish(&checker);
    return events;
  });
}

}  // namespace
}  // namespace smtpmark::parser
