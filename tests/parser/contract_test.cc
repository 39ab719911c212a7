// What the headers promise of every parser, whatever it parses.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "parser/body_framer.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace smtpmark::parser {
namespace {

template <typename Parser, typename Bytes, typename Out>
concept Feeds = requires(Parser parser, Bytes&& bytes, Out& out) {
  parser.feed(std::forward<Bytes>(bytes), out);
};

template <typename Parser, typename Out>
constexpr bool refuses_only_temporaries() {
  return Feeds<Parser, std::string_view, Out> && Feeds<Parser, std::string&, Out> &&
         !Feeds<Parser, std::string, Out>;
}

static_assert(refuses_only_temporaries<CommandParser, Command>());
static_assert(refuses_only_temporaries<ReplyParser, ReplyLine>());
static_assert(refuses_only_temporaries<DataFramer, std::string_view>());
static_assert(refuses_only_temporaries<ChunkFramer, std::string_view>());

template <typename Parser>
constexpr bool is_small_and_plain() {
  return sizeof(Parser) <= 256 && std::is_trivially_copyable_v<Parser>;
}

static_assert(is_small_and_plain<CommandParser>());
static_assert(is_small_and_plain<ReplyParser>());
static_assert(is_small_and_plain<BodyChecker>());
static_assert(is_small_and_plain<DataFramer>());
static_assert(is_small_and_plain<ChunkFramer>());

TEST(Contract, NoOctetsAreNoEvent) {
  Command command;
  ReplyLine line;
  std::string_view piece = "left over";
  EXPECT_EQ(CommandParser().feed(std::string_view(), command).status, Status::kNeedMore);
  EXPECT_EQ(ReplyParser().feed(std::string_view(), line).status, Status::kNeedMore);
  EXPECT_EQ(DataFramer().feed(std::string_view(), piece).status, Status::kNeedMore);
  EXPECT_TRUE(piece.empty());
}

TEST(Contract, ViewsPointIntoWhatWasPresentedLast) {
  CommandParser parser;
  Command command;
  std::string first = "VRFY use";
  ASSERT_EQ(parser.feed(first, command).status, Status::kNeedMore);
  const std::string second = first + "r\r\n";
  first.assign(first.size(), '?');
  ASSERT_EQ(parser.feed(second, command).status, Status::kReady);
  EXPECT_EQ(command.argument.data(), second.data() + 5);
  EXPECT_EQ(command.argument, "user");
}

TEST(Contract, EveryErrorAndEveryVerbHasItsOwnName) {
  for (int i = 0; i < static_cast<int>(SyntaxError::kTooManyLines); ++i) {
    for (int j = i + 1; j <= static_cast<int>(SyntaxError::kTooManyLines); ++j) {
      EXPECT_NE(to_string(static_cast<SyntaxError>(i)), to_string(static_cast<SyntaxError>(j)));
    }
  }
  for (int i = 0; i < static_cast<int>(Verb::kHelp); ++i) {
    for (int j = i + 1; j <= static_cast<int>(Verb::kHelp); ++j) {
      EXPECT_NE(to_string(static_cast<Verb>(i)), to_string(static_cast<Verb>(j)));
    }
  }
}

// Against the contract, but no reason to read what is not there.
TEST(Contract, FewerOctetsThanBeforeAreNoEvent) {
  CommandParser parser;
  Command command;
  ASSERT_EQ(parser.feed(std::string_view("NOOP and so on"), command).status, Status::kNeedMore);
  const std::string heap = "NOOP";  // against a red zone, where there are any
  EXPECT_EQ(parser.feed(std::string_view(heap.data(), 4), command).status, Status::kNeedMore);
  EXPECT_EQ(parser.feed(std::string_view("NOOP and so on\r\n"), command).status, Status::kReady);
}

}  // namespace
}  // namespace smtpmark::parser
