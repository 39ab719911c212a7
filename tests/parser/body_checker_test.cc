#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "parser/body_framer.h"
#include "tests/parser/body_log.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

constexpr std::array kPaths{ScanPath::kBest, ScanPath::kPortable, ScanPath::kAvx2};

std::string faults_of(const std::vector<std::string_view>& pieces, const BodyOptions& options) {
  BodyChecker checker(options);
  std::string body;
  for (const std::string_view piece : pieces) {
    checker.check(piece);
    body += piece;
  }
  checker.finish();
  EXPECT_EQ(checker.octets(), body.size());
  return describe_body(body, checker.faults());
}

std::string faults_of(std::string_view body) {
  return faults_of({body}, {});
}

TEST(BodyChecker, FindsNothingInCleanLines) {
  EXPECT_EQ(faults_of(""), "body=[]");
  EXPECT_EQ(faults_of("a\r\n.\r\n..\r\n\r\nb"), "body=[a\r\n.\r\n..\r\n\r\nb]");
}

TEST(BodyChecker, FindsTheFirstOfEachFault) {
  EXPECT_EQ(faults_of("a\rb\rc\nd\n"), "body=[a\rb\rc\nd\n] bare CR at 1 bare LF at 5");
  EXPECT_EQ(faults_of("\n"), "body=[\n] bare LF at 0");
  EXPECT_EQ(faults_of("a\0\xff\0"sv), "body=[a\0\xff\0] NUL at 1 non-ASCII at 2"s);
}

TEST(BodyChecker, SeesLineEndsThatAreCutBetweenChunks) {
  EXPECT_EQ(faults_of({"a\r", "\nb"}, {}), "body=[a\r\nb]");
  EXPECT_EQ(faults_of({"a\r", "", "b\n"}, {}), "body=[a\rb\n] bare CR at 1 bare LF at 3");
}

TEST(BodyChecker, TakesACrAtTheEndForABareOneOnceTheBodyIsComplete) {
  BodyChecker checker;
  checker.check("ab\r");
  EXPECT_FALSE(checker.faults().any());
  checker.finish();
  EXPECT_EQ(checker.faults().first_bare_cr, 2U);
}

TEST(BodyChecker, CountsTheOctetsOfALineWithItsEndAndItsDots) {
  const BodyOptions options{.max_line = 64};
  const std::string most(62, '.');
  for (const std::string& fits :
       {most + "\r\n", most + "\r\n" + most + "\r\n", std::string(64, 'a')}) {
    EXPECT_EQ(faults_of({fits}, options), "body=[" + fits + "]");
  }
  EXPECT_EQ(faults_of({"ab\r\n", most, ".\r\n"}, options),
            "body=[ab\r\n" + most + ".\r\n] overlong at 68");
  EXPECT_EQ(faults_of({most, "abc"}, options), "body=[" + most + "abc] overlong at 64");
}

// Octets of a body, most of them in plain lines, that would be skipped in groups.
class RandomBody {
 public:
  explicit RandomBody(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string next() {
    static constexpr std::array kLongest{8U, 80U, 300U, 1100U};
    const std::size_t longest = kLongest[below(kLongest.size())];
    const std::size_t size = below(4000);
    std::string body;
    while (body.size() < size) body += std::string(below(longest), 'a') + "\r\n";
    if (body.empty()) return body;
    for (std::size_t oddities = below(4); oddities > 0; --oddities) {
      const std::string_view odd = kOdd[below(kOdd.size())];
      body.replace(below(body.size()), below(3), odd);
    }
    return body;
  }

 private:
  static constexpr std::array kOdd{"\r"sv,      "\n"sv,  "\0"sv,   "\xc3\xa9"sv, "."sv,
                                   "\r\n."sv,   "\n."sv, "\r."sv,  "\r\n.\r"sv,  "\r\n..\r\n"sv,
                                   "\r\n.\n"sv, ""sv,    "\r\r"sv, "\n\n"sv,     "\x80"sv};
  std::mt19937 random_;
};

// Cuts `body` at random.
std::vector<std::string_view> cut(std::string_view body, RandomBody& random) {
  static constexpr std::array kLongest{10U, 200U, 5000U};
  const std::size_t longest = kLongest[random.below(kLongest.size())];
  std::vector<std::string_view> pieces;
  while (!body.empty()) {
    const std::size_t size = std::min(1 + random.below(longest), body.size());
    pieces.push_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return pieces;
}

BodyOptions random_options(ScanPath path, RandomBody& random) {
  static constexpr std::array kLimits{100U, 256U, 512U, 1000U};
  return {.max_line = kLimits[random.below(kLimits.size())],
          .bare_lf_ends_line = random.below(2) == 1,
          .path = path};
}

TEST(ScanPaths, AreThereForEveryProcessor) {
  EXPECT_TRUE(is_supported(ScanPath::kBest));
  EXPECT_TRUE(is_supported(ScanPath::kPortable));
}

TEST(ScanPaths, GiveTheSameFaultsAsTheReference) {
  RandomBody random(2033);
  for (int round = 0; round < 4000 && !HasFailure(); ++round) {
    const std::string body = random.next();
    const std::vector<std::string_view> pieces = cut(body, random);
    for (const ScanPath path : kPaths) {
      const BodyOptions options = random_options(path, random);
      EXPECT_EQ(faults_of(pieces, options), BodyReference(body, options).opaque());
    }
  }
}

Log data_of(const std::vector<std::string_view>& pieces, const BodyOptions& options) {
  DataFramer framer(options);
  std::string body;
  std::size_t consumed = 0;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      std::string_view part;
      const FeedResult result = framer.feed(piece, part);
      body += part;
      consumed += result.consumed;
      piece.remove_prefix(result.consumed);
      if (result.status != Status::kReady) continue;
      return {std::to_string(consumed) + ": " + describe_body(body, framer.faults())};
    }
  }
  return {};
}

TEST(ScanPaths, GiveTheSameDataAsTheReference) {
  RandomBody random(5321);
  for (int round = 0; round < 4000 && !HasFailure(); ++round) {
    const std::string body = random.next() + "\r\n.\r\n";
    const std::vector<std::string_view> pieces = cut(body, random);
    for (const ScanPath path : kPaths) {
      const BodyOptions options = random_options(path, random);
      EXPECT_EQ(data_of(pieces, options), BodyReference(body, options).data());
    }
  }
}

// Lines around the limit, whole groups without a line end, at every offset from a group.
TEST(ScanPaths, SeeTheFirstOctetBeyondTheLimitWhereverTheLineBegins) {
  for (std::size_t before = 0; before < 300 && !HasFailure(); ++before) {
    const std::string start = std::string(before, 'b') + "\r\n";
    for (const std::size_t octets : {997U, 998U, 999U, 1000U}) {
      const std::string body = start + std::string(octets, 'a') + "\r\n" + start + start + start;
      for (const ScanPath path : kPaths) {
        const BodyOptions options{.path = path};
        EXPECT_EQ(faults_of({body}, options), BodyReference(body, options).opaque());
      }
    }
  }
}

TEST(ScanPaths, TouchNothingBehindTheOctetsTheyAreGiven) {
  std::string body;
  while (body.size() < 700) body += "a line of text\r\n";
  GuardedBuffer buffer(body.size());
  for (const ScanPath path : kPaths) {
    for (std::size_t size = 0; size <= body.size(); ++size) {
      const std::string_view placed = buffer.place(std::string_view(body).substr(0, size));
      BodyChecker checker({.path = path});
      checker.check(placed);
      EXPECT_FALSE(checker.faults().any());
    }
  }
}

}  // namespace
}  // namespace smtpmark::parser::testing
