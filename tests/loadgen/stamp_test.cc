// Stamps: what is written is read again, and what was changed on the way is found.
#include "loadgen/stamp.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

const char* const kContent = "Subject: x\r\n\r\nfirst line\r\nsecond line\r\n";

std::string stamped(std::uint64_t sequence = 7) {
  const Message message{std::string(kContent)};
  std::string header;
  StampWriter(0xABCDEF, 2).write(sequence, message, header);
  return header + std::string(message.content());
}

StampVerdict check(const std::string& content, std::size_t piece = std::string::npos) {
  StampCheck check;
  for (std::size_t at = 0; at < content.size(); at += std::min(piece, content.size() - at)) {
    check.take(std::string_view(content).substr(at, piece));
  }
  return check.verdict();
}

TEST(Stamp, SaysWhoseItIs) {
  const std::string content = stamped(0x1234);
  EXPECT_EQ(content.rfind("X-Smtpmark: run=0000000000abcdef class=0002 seq=0000000000001234 "
                          "length=0000000019 crc32=",
                          0),
            0U)
      << content;
  EXPECT_NE(content.find("\r\nMessage-ID: <0000000000001234.0002.0000000000abcdef"
                         "@smtpmark.invalid>\r\nSubject: x\r\n"),
            std::string::npos)
      << content;
}

TEST(Stamp, IsAlwaysOfTheSameLength) {
  EXPECT_EQ(stamped(0).size(), stamped(~0ULL).size());
  EXPECT_EQ(stamped().size(), StampWriter(0, 0).octets() + std::string(kContent).size());
}

TEST(Stamp, HoldsWhateverThePiecesAre) {
  for (std::size_t piece = 1; piece < stamped().size() + 1; ++piece) {
    ASSERT_EQ(check(stamped(), piece), StampVerdict::kGood) << piece;
  }
}

TEST(Stamp, EveryChangedOctetOfTheBodyIsFound) {
  const std::string whole = stamped();
  for (std::size_t at = whole.find("first"); at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] ^= 1;
    ASSERT_EQ(check(changed), StampVerdict::kMismatch) << at;
  }
}

TEST(Stamp, ACutOrProlongedBodyIsFound) {
  EXPECT_EQ(check(stamped().substr(0, stamped().size() - 2)), StampVerdict::kMismatch);
  EXPECT_EQ(check(stamped() + "\r\n"), StampVerdict::kMismatch);
}

TEST(Stamp, ARelayMayAddToTheHeader) {
  EXPECT_EQ(check("Received: from a\r\n by b\r\n" + stamped()), StampVerdict::kGood);
}

TEST(Stamp, NoneIsNoMismatch) {
  EXPECT_EQ(check(kContent), StampVerdict::kNone);
  EXPECT_EQ(check(""), StampVerdict::kNone);
  EXPECT_EQ(check("X-Smtpmark: run=1 length=zz crc32=1\r\n\r\n"), StampVerdict::kNone);
  EXPECT_EQ(check("Subject: x\r\n\r\n" + stamped()), StampVerdict::kNone) << "one in a body";
}

}  // namespace
}  // namespace smtpmark::loadgen
