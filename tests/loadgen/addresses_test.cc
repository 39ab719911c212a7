// Addresses that change from message to message.
#include "loadgen/addresses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace smtpmark::loadgen {
namespace {

AddressPattern pattern(const char* text) {
  auto parsed = AddressPattern::parse(text, true);
  EXPECT_TRUE(parsed.has_value()) << parsed.error();
  return parsed.value_or(AddressPattern());
}

std::string address(const AddressPattern& pattern, std::uint64_t step, Random& random) {
  std::string text;
  pattern.append(text, step, random);
  return text;
}

std::string address(const char* text, std::uint64_t step) {
  Random random(1);
  return address(pattern(text), step, random);
}

TEST(AddressPattern, NumbersComeInTurn) {
  EXPECT_EQ(address("u{1..3}@example.com", 0), "u1@example.com");
  EXPECT_EQ(address("u{1..3}@example.com", 2), "u3@example.com");
  EXPECT_EQ(address("u{1..3}@example.com", 3), "u1@example.com");
  EXPECT_EQ(address("u{008..120}@example.com", 1), "u009@example.com");
  EXPECT_EQ(address("u{seq}@example.com", 41), "u42@example.com");
  EXPECT_EQ(address("plain@example.com", 7), "plain@example.com");
  EXPECT_EQ(address("<>", 7), "");
}

TEST(AddressPattern, SeveralFieldsRunThroughAllTheirCombinations) {
  std::set<std::string> all;
  for (std::uint64_t step = 0; step < 8; ++step) {
    all.insert(address("u{1..4}@h{1..2}.example", step));
  }
  EXPECT_EQ(all.size(), 8U);
}

TEST(AddressPattern, ADrawnNumberStaysInItsRangeAndMeetsAllOfIt) {
  const AddressPattern drawn = pattern("u{rand:1..9}@example.com");
  Random random(1);
  std::map<std::string, int> seen;
  for (int i = 0; i < 900; ++i) ++seen[address(drawn, 0, random)];
  ASSERT_EQ(seen.size(), 9U);
  for (const auto& [text, times] : seen) EXPECT_GT(times, 50) << text;
}

TEST(AddressPattern, RefusesFieldsThatThereAreNot) {
  for (const char* text :
       {"{1..2", "a{}@example.com", "a{1}@example.com", "a{1..}@example.com", "a{2..1}@example.com",
        "a{x..y}@example.com", "a{rand:3}@example.com", "a{seq:1}@example.com", "a{1..2}", "@b",
        "a@", "a{1..2}@b c", "a{-1..2}@example.com", "a{1..99999999999999999999}@example.com"}) {
    EXPECT_FALSE(AddressPattern::parse(text, true).has_value()) << text;
  }
  EXPECT_FALSE(AddressPattern::parse("<>", false).has_value());
}

TEST(AddressPattern, RefusesWhatOurOwnParserDoesNotTakeForAPath) {
  for (const char* text :
       {"", "a@b@c", "a..b@example.com", ".a@example.com", "a@b_c.example", "a@-b.example",
        "a@example..com", "a@[1.2.3]", "a b@example.com", "a\xFF@example.com", "@r:a@example.com",
        "a,b@example.com", "a@h{1..2}_.example"}) {
    EXPECT_FALSE(AddressPattern::parse(text, true).has_value()) << text;
    EXPECT_FALSE(
        AddressSource::from_lines(std::string("x@example.com\n") + (*text ? text : "@"), "list")
            .has_value())
        << text;
  }
  for (const char* text : {"a@[127.0.0.1]", "a@[IPv6:::1]", "\"a b@c\"@example.com",
                           "j\u00FCrgen@m\u00FChle.example", "a+{seq}@example.com"}) {
    EXPECT_TRUE(AddressPattern::parse(text, false).has_value()) << text;
  }
}

TEST(AddressPattern, ShowsBothEndsOfItsDomains) {
  EXPECT_EQ(pattern("u@h{1..9}.example").lowest(), "u@h1.example");
  EXPECT_EQ(pattern("u@h{1..9}.example").highest(), "u@h9.example");
}

TEST(AddressSource, AListIsGoneThroughInTurn) {
  const auto list = AddressSource::from_lines("a@example.com\r\n\n b@example.com \n", "f").value();
  Random random(1);
  std::string text;
  for (std::uint64_t step = 0; step < 3; ++step) list.append(text, step, random);
  EXPECT_EQ(text, "a@example.comb@example.coma@example.com");
  EXPECT_EQ(list.of_each_domain().back().second, 3U) << "the line";
}

TEST(AddressSource, AWrongLineOfAListIsNamed) {
  const auto list = AddressSource::from_lines("a@example.com\nnobody\n", "people.txt");
  ASSERT_FALSE(list.has_value());
  EXPECT_NE(list.error().find("people.txt:2: \"nobody\""), std::string::npos) << list.error();
  EXPECT_FALSE(AddressSource::from_lines("\n\n", "people.txt").has_value());
}

TEST(AddressSource, DomainsComeByTheirWeight) {
  AddressSource source(pattern("u{1..2}@example.com"));
  source.set_domains(WeightedNames::parse("a.example=80, b.example=20").value());
  Random random(1);
  std::map<std::string, int> seen;
  for (std::uint64_t step = 0; step < 2000; ++step) {
    std::string text;
    source.append(text, step, random);
    ++seen[text.substr(text.find('@') + 1)];
  }
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_NEAR(seen["a.example"], 1600, 80);
  EXPECT_FALSE(source.fixed());
}

TEST(WeightedNames, RefusesWhatIsNoDomainOrNoWeight) {
  for (const char* text : {"", "a.example=", "a.example=0", "a.example=-1", "a.example=nan", "=3",
                           "a.example=1,,", "a@b.example=1", "a b=1"}) {
    EXPECT_FALSE(WeightedNames::parse(text).has_value()) << text;
  }
}

TEST(RecipientCount, IsANumber) {
  Random random(1);
  EXPECT_EQ(RecipientCount::parse("7").value().draw(random), 7U);
  EXPECT_TRUE(RecipientCount::parse("7").value().fixed());
}

// With an exponent of 1, messages for one recipient are twice as many as those for two.
TEST(RecipientCount, ZipfHasTheSharesOfItsExponent) {
  const RecipientCount zipf = RecipientCount::parse("zipf:3,1").value();
  Random random(1);
  std::map<std::uint32_t, int> seen;
  for (int i = 0; i < 11'000; ++i) ++seen[zipf.draw(random)];
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_NEAR(seen[1], 6000, 300);
  EXPECT_NEAR(seen[2], 3000, 300);
  EXPECT_NEAR(seen[3], 2000, 300);
}

TEST(RecipientCount, RefusesWhatCannotBeMeant) {
  for (const char* text : {"", "0", "-1", "10001", "1.5", "zipf:", "zipf:5", "zipf:0,1", "zipf:5,x",
                           "zipf:5,-1", "zipf:99999,1", "zipf:5,1,2"}) {
    EXPECT_FALSE(RecipientCount::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
