// Addresses beyond ASCII (RFC 6531, RFC 6533): from options and files to both sides of a dialogue.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "loadgen/run_options.h"
#include "parser/capabilities.h"
#include "tests/loadgen/pair_plans.h"

namespace smtpmark::loadgen::testing {
namespace {

// A file of addresses while it is in scope.
class AddressFile {
 public:
  explicit AddressFile(const std::string& lines)
      : path_((std::filesystem::temp_directory_path() /
               ("smtpmark-people-" + std::to_string(getpid()) + ".txt"))
                  .string()) {
    std::ofstream(path_) << lines;
  }
  AddressFile(const AddressFile&) = delete;
  AddressFile& operator=(const AddressFile&) = delete;
  ~AddressFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class Change>
SessionPlan international_plan(Change change) {
  RunOptions options;
  options.target = "127.0.0.1:25";
  options.tls = "none";
  options.messages_per_connection = 4;
  change(options);
  const auto plan = make_run_plan(options);
  EXPECT_TRUE(plan.has_value()) << plan.error();
  return plan->classes.front().session;
}

PairOptions four_messages() {
  PairOptions options;
  options.messages = 4;
  return options;
}

// The lines of the client that begin with MAIL.
std::vector<std::string> mails_of(const PairOutcome& outcome) {
  std::vector<std::string> lines;
  const std::string& sent = outcome.client.sent;
  for (std::size_t at = sent.find("MAIL FROM"); at != std::string::npos;
       at = sent.find("MAIL FROM", at + 1)) {
    lines.push_back(sent.substr(at, sent.find("\r\n", at) - at));
  }
  return lines;
}

TEST(International, MessagesWithAnAddressOfAFileBeyondAsciiSaySo) {
  const AddressFile people("ann@example.com\nkäthe@bücher.example\n");
  const SessionPlan plan =
      international_plan([&](RunOptions& o) { o.recipients_file = people.path(); });
  const PairOutcome outcome = run_pair(plan, {}, four_messages());
  expect_clean(outcome, 4, false);
  const std::vector<std::string> mails = mails_of(outcome);
  ASSERT_EQ(mails.size(), 4U);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    EXPECT_EQ(mails[i].ends_with(" SMTPUTF8"), i % 2 == 1) << mails[i];
  }
  EXPECT_EQ(outcome.sink.mails_smtputf8, 2U);
}

TEST(International, SoDoThoseWithASenderBeyondAscii) {
  const AddressFile people("ann@example.com\nkäthe@example.com\n");
  const SessionPlan plan =
      international_plan([&](RunOptions& o) { o.senders_file = people.path(); });
  const PairOutcome outcome = run_pair(plan, {}, four_messages());
  expect_clean(outcome, 4, false);
  EXPECT_EQ(outcome.sink.mails_smtputf8, 2U);
}

TEST(International, AHeaderBeyondAsciiIsEveryMessages) {
  const AddressFile people("käthe@example.com\nann@example.com\n");
  const SessionPlan plan =
      international_plan([&](RunOptions& o) { o.senders_file = people.path(); });
  EXPECT_EQ(run_pair(plan, {}, four_messages()).sink.mails_smtputf8, 4U);
}

TEST(International, PatternsAndDomainsCountToo) {
  const auto mails = [](auto change) {
    const PairOutcome outcome = run_pair(international_plan(change), {}, four_messages());
    expect_clean(outcome, 4, false);
    return outcome.sink.mails_smtputf8;
  };
  EXPECT_EQ(mails([](RunOptions& o) { o.to = "ü{1..3}@example.com"; }), 4U);
  EXPECT_EQ(mails([](RunOptions& o) { o.to_domains = "bücher.example"; }), 4U);
  EXPECT_EQ(mails([](RunOptions& o) { o.to = "käthe@example.com"; }), 4U);
  EXPECT_EQ(mails([](RunOptions& o) { o.to = "u{1..3}@example.com"; }), 0U);
  EXPECT_EQ(mails([](RunOptions& o) {
              o.to = "u{1..3}@bücher.example";
              o.to_domains = "a.example";
            }),
            0U)
      << "the domain is replaced";
}

TEST(International, ASessionWithoutSmtputf8OnOfferIsAnError) {
  const AddressFile people("ann@example.com\nkäthe@bücher.example\n");
  SinkOptions sink;
  sink.extensions &= ~std::uint64_t{parser::kCapSmtpUtf8};
  const SessionPlan plan =
      international_plan([&](RunOptions& o) { o.recipients_file = people.path(); });
  const PairOutcome outcome = run_pair(plan, sink, four_messages());
  ASSERT_EQ(outcome.client.metrics.errors().size(), 1U);
  EXPECT_EQ(outcome.client.metrics.errors().front().kind, "capability-not-offered");
  EXPECT_EQ(outcome.sink.messages_received, 0U);
}

TEST(International, TheSinkTakesNoRecipientBeyondAsciiWithoutSmtputf8) {
  const std::string heard =
      ask_sink(Role::kRelay,
               "EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<käthe@b.example>\r\n"
               "RSET\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\nRCPT TO:<käthe@b.example>\r\n"
               "RSET\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@bücher.example>\r\n");
  const std::string ok = "250 2.1.0 Ok\r\n";
  const std::string refused = "553 5.6.7 A non-ASCII address needs SMTPUTF8\r\n";
  const std::string reset = "250 2.0.0 Ok\r\n";
  EXPECT_TRUE(
      heard.ends_with(ok + refused + reset + ok + "250 2.1.5 Ok\r\n" + reset + ok + refused))
      << heard;
}

TEST(International, ANameInEhloIsAscii) {
  RunOptions options;
  options.target = "127.0.0.1:25";
  options.helo_name = "bücher.example";
  const auto plan = make_run_plan(options);
  ASSERT_FALSE(plan.has_value());
  EXPECT_NE(plan.error().find("--helo bücher.example"), std::string::npos) << plan.error();
  EXPECT_NE(plan.error().find("A-label"), std::string::npos) << plan.error();
}

}  // namespace
}  // namespace smtpmark::loadgen::testing
