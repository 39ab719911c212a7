#include "parser/body_framer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/parser/body_log.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

constexpr BodyOptions kStrict;
constexpr BodyOptions kBareLf{.bare_lf_ends_line = true};
constexpr BodyOptions kPortable{.path = ScanPath::kPortable};

template <const BodyOptions& kOptions>
class DataSession {
 public:
  FeedResult feed(std::string_view bytes) {
    std::string_view piece;
    const FeedResult result = framer_.feed(bytes, piece);
    EXPECT_TRUE(bytes.empty() || result.consumed > 0);
    EXPECT_NE(result.status, Status::kRejected);
    body_ += piece;
    EXPECT_EQ(framer_.octets(), body_.size());
    done_ = result.status == Status::kReady;
    return result;
  }
  std::string describe(Status) const { return describe_body(body_, framer_.faults()); }
  bool done() const { return done_; }

 private:
  DataFramer framer_{kOptions};
  std::string body_;
  bool done_ = false;
};

// The same whichever code looks at it.
Log data_of(std::string_view input) {
  const Log log = log_of_every_split<DataSession<kStrict>>(input);
  EXPECT_EQ(log_of_every_split<DataSession<kPortable>>(input), log) << input;
  return log;
}

Log lenient_data_of(std::string_view input) {
  return log_of_every_split<DataSession<kBareLf>>(input);
}

Log reference_of(std::string_view input, const BodyOptions& options = {}) {
  return BodyReference(input, options).data();
}

TEST(DataFramer, EndsWithALineOfOneDot) {
  EXPECT_EQ(data_of("a\r\n.\r\nQUIT\r\n"), Log({"6: body=[a\r\n]"}));
  EXPECT_EQ(data_of("a\r\nb\r\n\r\n.\r\n"), Log({"11: body=[a\r\nb\r\n\r\n]"}));
}

TEST(DataFramer, EndsAtOnceWithADotAtTheVeryStart) {
  EXPECT_EQ(data_of(".\r\nQUIT\r\n"), Log({"3: body=[]"}));
}

TEST(DataFramer, TakesOneDotFromTheStartOfEachLine) {
  EXPECT_EQ(data_of("..\r\n...a\r\n.b\r\nc.\r\n.\r\n"),
            Log({"21: body=[.\r\n..a\r\nb\r\nc.\r\n]"}));
}

TEST(DataFramer, GoesOnUntilTheEndHasCome) {
  for (const std::string_view input :
       {"", "a", "a\r\n", "a\r\n.", "a\r\n.\r", ".", ".\r", "..\r\n"}) {
    EXPECT_EQ(data_of(input), Log()) << input;
  }
}

struct Smuggling {
  std::string name;
  std::string sequence;
  std::string faults;     // of "a" and the sequence
  std::string unstuffed;  // the body octets that the sequence stands for
};

TEST(DataFramer, TakesNothingButCrlfDotCrlfForTheEnd) {
  const std::vector<Smuggling> variants{
      {"LF.LF", "\n.\n", " bare LF at 1", "\n.\n"},
      {"LF.CR", "\n.\r", " bare CR at 3 bare LF at 1", "\n.\r"},
      {"CR.LF", "\r.\n", " bare CR at 1 bare LF at 3", "\r.\n"},
      {"CR.CR", "\r.\r", " bare CR at 1", "\r.\r"},
      {"LF.CRLF", "\n.\r\n", " bare LF at 1", "\n.\r\n"},
      {"CR.CRLF", "\r.\r\n", " bare CR at 1", "\r.\r\n"},
      {"CRLF.LF", "\r\n.\n", " bare LF at 4", "\r\n\n"},
      {"CRLF.CR", "\r\n.\r", " bare CR at 4", "\r\n\r"},
      {"CRLF.CR CRLF", "\r\n.\r\r\n", " bare CR at 4", "\r\n\r\r\n"},
      {"CR CRLF.CR CRLF", "\r\r\n.\r\r\n", " bare CR at 1", "\r\r\n\r\r\n"},
      {"CRLF NUL.CRLF", "\r\n\0.\r\n"s, " NUL at 3", "\r\n\0.\r\n"s},
      {"CRLF.NUL CRLF", "\r\n.\0\r\n"s, " NUL at 4", "\r\n\0\r\n"s},
      {"CR CRLF.CRLF", "\r\r\n..\r\n", " bare CR at 1", "\r\r\n.\r\n"},
      {"LF LF.CRLF", "\n\n.\r\n", " bare LF at 1", "\n\n.\r\n"},
      {"CRLF SP.CRLF", "\r\n .\r\n", "", "\r\n .\r\n"},
      {"CRLF.SP CRLF", "\r\n. \r\n", "", "\r\n \r\n"},
      {"CRLF..CRLF", "\r\n..\r\n", "", "\r\n.\r\n"},
  };
  for (const Smuggling& variant : variants) {
    EXPECT_EQ(data_of("a" + variant.sequence), Log()) << variant.name;
    const std::string input = "a" + variant.sequence + "MAIL\r\n.\r\n";
    EXPECT_EQ(data_of(input), Log({std::to_string(input.size()) + ": body=[a" + variant.unstuffed +
                                   "MAIL\r\n]" + variant.faults}))
        << variant.name;
  }
}

TEST(DataFramer, NotesTheFirstOfEachFault) {
  EXPECT_EQ(data_of("a\rb\rc\nd\n\r\n.\r\n"),
            Log({"13: body=[a\rb\rc\nd\n\r\n] bare CR at 1 bare LF at 5"}));
  EXPECT_EQ(data_of("..\r.\r\n.\r\n"), Log({"9: body=[.\r.\r\n] bare CR at 2"}));
}

TEST(DataFramer, NotesNoFaultBehindTheEnd) {
  EXPECT_EQ(data_of("a\r\n.\r\n\n\r\r"), Log({"6: body=[a\r\n]"}));
}

// A limit is 1000 octets with CRLF, and without the dot that was stuffed.
TEST(DataFramer, NotesTheFirstOctetBeyondTheLimitOfALine) {
  const std::string fits = std::string(998, 'a') + "\r\n";
  const std::string over = std::string(999, 'a') + "\r\n";
  for (const std::string& line : {fits, over, fits + over, "x\r\n" + over, over + over, "." + fits,
                                  "." + over, std::string(3000, 'a') + "\r\n", "..\r\n" + over}) {
    const std::string input = line + ".\r\n";
    EXPECT_EQ(data_of(input), reference_of(input));
  }
  const std::string end = ".\r\n";
  EXPECT_EQ(data_of(fits + end)[0].find("overlong"), std::string::npos);
  EXPECT_EQ(data_of("." + fits + end)[0].find("overlong"), std::string::npos);
  EXPECT_NE(data_of(over + end)[0].find(" overlong at 1000"), std::string::npos);
  EXPECT_NE(data_of("." + over + end)[0].find(" overlong at 1001"), std::string::npos);
  EXPECT_NE(data_of(fits + over + end)[0].find(" overlong at 2000"), std::string::npos);
}

TEST(DataFramer, NotesAnOverlongLineBeforeItsEndHasCome) {
  DataFramer framer;
  std::string_view piece;
  const std::string line(1001, 'a');
  framer.feed(std::string_view(line).substr(0, 1000), piece);
  EXPECT_FALSE(framer.faults().any());
  framer.feed(std::string_view(line).substr(1000), piece);
  EXPECT_EQ(framer.faults().first_overlong, 1000U);
}

TEST(DataFramer, TellsNulAndOctetsThatAreNotAscii) {
  EXPECT_EQ(data_of("a\0b\0\r\n.\r\n"sv), Log({"9: body=[a\0b\0\r\n] NUL at 1"s}));
  EXPECT_EQ(data_of("gr\xc3\xbc\xc3\x9f\r\n.\r\n"),
            Log({"11: body=[gr\xc3\xbc\xc3\x9f\r\n] non-ASCII at 2"}));
  EXPECT_EQ(data_of("\r\n.\r\0\r\n.\r\n"sv),
            Log({"10: body=[\r\n\r\0\r\n] bare CR at 3 NUL at 4"s}));
}

TEST(DataFramer, JudgesOctetsThatAreNotAsciiByTheBodyTypeOnly) {
  BodyFaults faults;
  faults.first_non_ascii = 0;
  EXPECT_FALSE(faults.any());
  for (std::uint64_t BodyFaults::*const fault :
       {&BodyFaults::first_bare_cr, &BodyFaults::first_bare_lf, &BodyFaults::first_nul,
        &BodyFaults::first_overlong}) {
    BodyFaults one;
    one.*fault = 0;
    EXPECT_TRUE(one.any());
  }
}

// The named leniency

TEST(DataFramer, MayTakeABareLfForALineEndButStillNotesIt) {
  EXPECT_EQ(lenient_data_of("a\n.\n"), Log({"4: body=[a\n] bare LF at 1"}));
  EXPECT_EQ(lenient_data_of("a\n.\r\n"), Log({"5: body=[a\n] bare LF at 1"}));
  EXPECT_EQ(lenient_data_of("a\r\n.\n"), Log({"5: body=[a\r\n] bare LF at 4"}));
  EXPECT_EQ(lenient_data_of(".\n"), Log({"2: body=[] bare LF at 1"}));
  EXPECT_EQ(lenient_data_of("a\n..b\n.\r\n"), Log({"9: body=[a\n.b\n] bare LF at 1"}));
}

TEST(DataFramer, NeverTakesABareCrForALineEnd) {
  for (const std::string_view input : {"a\r.\r", "a\r.\r\n", "a\r\n.\r", "a\n.\r", "a\r.\n"}) {
    EXPECT_EQ(lenient_data_of(input), Log()) << input;
  }
}

// Against the reference

TEST(DataFramer, AgreesWithTheReferenceOnEveryShortStream) {
  constexpr std::size_t kLength = 6;
  const std::string_view octets = "\r\n.a";
  std::string stream(kLength, '\0');
  for (std::size_t n = 0; n < 4096 && !HasFailure(); ++n) {
    for (std::size_t i = 0; i < kLength; ++i) stream[i] = octets[(n >> (2 * i)) & 3];
    const std::string input = stream + "\r\n.\r\n";
    EXPECT_EQ(log_of_every_split<DataSession<kStrict>>(input), reference_of(input));
    EXPECT_EQ(lenient_data_of(input), reference_of(input, kBareLf));
  }
}

TEST(DataFramer, AgreesWithTheReferenceOnStreamsOverManyBlocks) {
  std::mt19937 random(5321);
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    std::string input;
    while (input.size() < 40 + random() % 200) {
      switch (random() % 8) {
        case 0: input += "\r\n."; break;
        case 1: input += "\r\n"; break;
        case 2: input += "\r\n.."; break;
        case 3: input += "\r\n.\r"; break;
        case 4: input += "\r\n.\n"; break;
        case 5: input += "\r"; break;
        case 6: input += "\n"; break;
        default: input += std::string(random() % 70, 'a');
      }
    }
    input += "\r\n.\r\n";
    EXPECT_EQ(data_of(input), reference_of(input));
    EXPECT_EQ(lenient_data_of(input), reference_of(input, kBareLf));
  }
}

TEST(DataFramer, HandsOutViewsOfTheBytesItWasGiven) {
  DataFramer framer;
  std::string_view piece;
  const std::string_view bytes = "ab\r\n.c\r\n.\r\n";
  EXPECT_EQ(framer.feed(bytes, piece).consumed, 5U);
  EXPECT_EQ(piece.data(), bytes.data());
  EXPECT_EQ(piece, "ab\r\n");
  const FeedResult end = framer.feed(bytes.substr(5), piece);
  EXPECT_EQ(end.status, Status::kReady);
  EXPECT_EQ(end.consumed, 6U);
  EXPECT_EQ(piece.data(), bytes.data() + 5);
  EXPECT_EQ(piece, "c\r\n");
}

// Chunks

TEST(ChunkFramer, EndsWithItsLastOctet) {
  ChunkFramer framer(5);
  std::string_view piece;
  FeedResult result = framer.feed(".\r\n"sv, piece);
  EXPECT_EQ(result.status, Status::kNeedMore);
  EXPECT_EQ(result.consumed, 3U);
  EXPECT_EQ(piece, ".\r\n");
  EXPECT_EQ(framer.remaining(), 2U);
  result = framer.feed("ab\r\nQUIT\r\n"sv, piece);
  EXPECT_EQ(result.status, Status::kReady);
  EXPECT_EQ(result.consumed, 2U);
  EXPECT_EQ(piece, "ab");
  EXPECT_EQ(framer.remaining(), 0U);
}

TEST(ChunkFramer, EndsAtOnceWhenEmpty) {
  ChunkFramer framer(0);
  std::string_view piece = "left over";
  const FeedResult result = framer.feed("QUIT\r\n"sv, piece);
  EXPECT_EQ(result.status, Status::kReady);
  EXPECT_EQ(result.consumed, 0U);
  EXPECT_TRUE(piece.empty());
}

TEST(ChunkFramer, LooksAtNothing) {
  const std::string_view chunk = "\0\n.\n\r.\r\n.\r\n\xff"sv;
  ChunkFramer framer(chunk.size());
  std::string_view piece;
  const FeedResult result = framer.feed(chunk, piece);
  EXPECT_EQ(result.status, Status::kReady);
  EXPECT_EQ(piece, chunk);
}

TEST(ChunkFramer, CountsChunksBeyondAnyBuffer) {
  ChunkFramer framer(std::numeric_limits<std::uint64_t>::max());
  std::string_view piece;
  EXPECT_EQ(framer.feed("abc"sv, piece).status, Status::kNeedMore);
  EXPECT_EQ(framer.remaining(), std::numeric_limits<std::uint64_t>::max() - 3);
}

}  // namespace
}  // namespace smtpmark::parser::testing
