// One's own messages: folders, maildirs and mbox files, made fit for SMTP.
#include "loadgen/corpus.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace smtpmark::loadgen {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPlenty = 1 << 20;

class CorpusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "smtpmark-corpus-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string path(const std::string& name = "") const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(CorpusTest, EveryFileOfAFolderIsAMessageInTheOrderOfNames) {
  write("b.eml", "Subject: b\n\nsecond\n");
  write("a.eml", "Subject: a\r\n\r\nfirst");
  write("empty", "");
  const Corpus corpus = read_corpus(path(), kPlenty, false).value();
  ASSERT_EQ(corpus.messages.size(), 2U);
  EXPECT_EQ(corpus.messages[0].content(), "Subject: a\r\n\r\nfirst\r\n");
  EXPECT_EQ(corpus.messages[1].content(), "Subject: b\r\n\r\nsecond\r\n");
  EXPECT_EQ(corpus.left_out, 0U);
}

TEST_F(CorpusTest, AMaildirIsWhatIsNewAndWhatIsCurrent) {
  write("cur/1:2,S", "Subject: seen\n\nx\n");
  write("new/2", "Subject: new\n\nx\n");
  write("tmp/3", "Subject: half\n");
  EXPECT_EQ(read_corpus(path(), kPlenty, false).value().messages.size(), 2U);
}

TEST_F(CorpusTest, AnMboxIsCutAtItsFromLines) {
  write("box",
        "From a@example.com Thu Jan  1 00:00:00 2026\nSubject: one\n\n>From here\n>>From there\n"
        "From the middle\n\nFrom b@example.com Thu Jan  1 00:00:00 2026\nSubject: two\n\n.\n\n");
  const Corpus corpus = read_corpus(path("box"), kPlenty, false).value();
  ASSERT_EQ(corpus.messages.size(), 2U);
  EXPECT_EQ(corpus.messages[0].content(),
            "Subject: one\r\n\r\nFrom here\r\n>From there\r\nFrom the middle\r\n");
  EXPECT_EQ(corpus.messages[1].content(), "Subject: two\r\n\r\n.\r\n");
  EXPECT_EQ(corpus.messages[1].wire(), "Subject: two\r\n\r\n..\r\n.\r\n");
}

TEST_F(CorpusTest, WhatHasNoRoomIsCounted) {
  write("1", "Subject: one\n\n" + std::string(100, 'x') + "\n");
  write("2", "Subject: two\n\n" + std::string(5000, 'x') + "\n");
  write("3", "Subject: three\n\n" + std::string(100, 'x') + "\n");
  const Corpus corpus = read_corpus(path(), 1000, false).value();
  EXPECT_EQ(corpus.messages.size(), 2U);
  EXPECT_EQ(corpus.left_out, 1U);
}

TEST_F(CorpusTest, WhatHasNothingToSendIsRefusedWithASentence) {
  const auto complaint = [](const std::string& where, std::uint64_t room = kPlenty) {
    const auto corpus = read_corpus(where, room, false);
    return corpus ? std::string() : corpus.error();
  };
  EXPECT_NE(complaint(path()).find("there is no message in "), std::string::npos);
  EXPECT_NE(complaint(path("none")).find("cannot read "), std::string::npos);
  write("text", "Subject: no mbox\n\n");
  EXPECT_NE(complaint(path("text")).find("neither a folder nor an mbox"), std::string::npos);
  EXPECT_NE(complaint(path(), 5).find("give more --pool"), std::string::npos);
}

TEST_F(CorpusTest, NothingWaitsForAFileThatHasNoEnd) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  const auto fifo = read_corpus(path("fifo"), kPlenty, false);
  EXPECT_FALSE(fifo.has_value());
  write("1.eml", "Subject: a\n\nx\n");
  EXPECT_EQ(read_corpus(path(), kPlenty, false).value().messages.size(), 1U);
  const auto endless = read_corpus("/proc", kPlenty, false);  // comes back, whatever it found
  EXPECT_TRUE(!endless.has_value() || !endless->messages.empty());
}

TEST(Corpus, EveryKindOfLineEndBecomesCrlf) {
  EXPECT_EQ(with_crlf("a\nb\r\nc\rd"), "a\r\nb\r\nc\r\nd\r\n");
  EXPECT_EQ(with_crlf("a\r\n\r\n"), "a\r\n\r\n");
  EXPECT_EQ(with_crlf("\r\r\n\n"), "\r\n\r\n\r\n");
  EXPECT_EQ(with_crlf(""), "");
}

TEST(Corpus, AFieldIsTakenOutWithItsContinuations) {
  const std::string content =
      "Subject: x\r\nMESSAGE-ID:\r\n <1@example.com>\r\nMessage-IDs: y\r\n\r\nMessage-ID: z\r\n";
  EXPECT_EQ(without_field(content, "Message-ID"),
            "Subject: x\r\nMessage-IDs: y\r\n\r\nMessage-ID: z\r\n");
  EXPECT_EQ(without_field("Message-ID: x", "Message-ID"), "");
}

}  // namespace
}  // namespace smtpmark::loadgen
