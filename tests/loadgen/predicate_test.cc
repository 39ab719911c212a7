#include "loadgen/predicate.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

// 1,000 accepted messages of 1 to 1000 ms, and 5 errors.
Figures sample() {
  Figures figures;
  figures.counters.messages_accepted = 995;
  figures.counters.messages_failed = 5;
  figures.counters.errors = 5;
  figures.counters.sessions_started = 20;
  figures.counters.turns_dropped = 250;
  figures.seconds = 10.0;
  auto& messages = figures.histograms[static_cast<std::size_t>(Phase::kMessage)];
  for (std::uint64_t i = 1; i <= 1000; ++i) messages.record(i * io::kMillisecond);
  return figures;
}

Truth judged(const char* text) {
  const auto predicate = parse_predicate(text);
  EXPECT_TRUE(predicate.has_value()) << text << ": " << predicate.error();
  return predicate ? judge(*predicate, sample()) : Truth::kUnknown;
}

std::string complaint(const char* text) {
  const auto predicate = parse_predicate(text);
  return predicate ? "" : predicate.error();
}

TEST(Predicate, ComparesLatenciesSharesNumbersAndRates) {
  for (const char* text :
       {"p99 of message < 1 s", "p99 of message<1s", "p50 of message >= 499ms",
        "median of message < 510 ms", "max of message <= 1.1 s", "min of message < 1100 us",
        "mean of message > 0.4s", "errors < 0.6 %", "errors >= 0.5%", "errors < 6", "drops > 19 %",
        "drops <= 250", "messages/s > 99", "sessions/s < 1", "p99.9 of message > 0.01 m",
        "p99 of message < 1 s and errors < 1 %", "errors < 6 and drops < 251"}) {
    EXPECT_EQ(judged(text), Truth::kTrue) << text;
  }
  for (const char* text : {"p99 of message < 50 ms", "errors < 0.5 %", "errors > 5",
                           "p99 of message < 1 s and errors < 0.1 %", "messages/s > 100"}) {
    EXPECT_EQ(judged(text), Truth::kFalse) << text;
  }
}

TEST(Predicate, AFigureWithoutASampleIsUnknown) {
  EXPECT_EQ(judged("p99 of auth < 1 s"), Truth::kUnknown);
  EXPECT_EQ(judged("errors < 1 % and p99 of auth < 1 s"), Truth::kUnknown);
  EXPECT_EQ(judged("errors < 0 % and p99 of auth < 1 s"), Truth::kFalse);
  EXPECT_EQ(judge(*parse_predicate("errors > 1 %"), Figures{}), Truth::kUnknown);
}

TEST(Predicate, SaysWhatTheFiguresAre) {
  const auto predicate = parse_predicate("p50 of message < 1 s and errors < 0.1 % and drops < 3");
  EXPECT_EQ(describe(*predicate, sample()), "p50 of message: 500.2 ms, errors: 0.5 %, drops: 250");
}

TEST(Predicate, ComplainsWithTheColumnAndTheNearestName) {
  EXPECT_EQ(complaint("p99 of mesage < 1 s"),
            "column 8: \"mesage\" is no phase; is \"message\" meant?");
  EXPECT_EQ(complaint("eror < 1 %"),
            "column 1: \"eror\" is no figure, as p99, mean or errors are; is \"errors\" meant?");
  EXPECT_NE(complaint("").find("column 1: the end"), std::string::npos);
  EXPECT_NE(complaint("p101 of message < 1 s").find("column 1"), std::string::npos);
  EXPECT_NE(complaint("p99 message < 1 s").find("column 5: \"message\" stands where \"of\""),
            std::string::npos);
  EXPECT_NE(complaint("p99 of message = 1 s").find("column 16"), std::string::npos);
  EXPECT_NE(complaint("p99 of message < fast").find("column 18"), std::string::npos);
  EXPECT_NE(complaint("p99 of message < 5").find("no unit of time"), std::string::npos);
  EXPECT_NE(complaint("p99 of message < 5 parsecs").find("no unit of time"), std::string::npos);
  EXPECT_NE(complaint("errors < 5 ms").find("% is"), std::string::npos);
  EXPECT_NE(complaint("errors < -5").find("number is expected"), std::string::npos);
  EXPECT_NE(complaint("errors < 5 and").find("the end"), std::string::npos);
  EXPECT_NE(complaint("p99 of message < 1 s or errors < 5").find("\"or\""), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen
