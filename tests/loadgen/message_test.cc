#include "loadgen/message.h"

#include <gtest/gtest.h>

#include "parser/body_framer.h"

namespace smtpmark::loadgen {
namespace {

TEST(Message, HasExactlyTheSizeAskedFor) {
  for (std::uint64_t size = 0; size < 3000; ++size) {
    if (size == 1) continue;
    SessionPlan plan;
    plan.message_size = size;
    const Message message = Message::render(plan);
    ASSERT_EQ(message.size(), size);
    parser::DataFramer framer;
    std::string_view piece;
    std::string_view rest = message.wire();
    parser::FeedResult fed;
    do {
      fed = framer.feed(rest, piece);
      rest.remove_prefix(fed.consumed);
    } while (fed.status == parser::Status::kNeedMore && !rest.empty());
    ASSERT_EQ(fed.status, parser::Status::kReady) << size;
    ASSERT_TRUE(rest.empty()) << size;
    ASSERT_EQ(framer.octets(), size);
    ASSERT_FALSE(framer.faults().any()) << size;
  }
}

TEST(Message, DoublesDotsAtLineStartsOnly) {
  EXPECT_EQ(dot_stuff(""), "");
  EXPECT_EQ(dot_stuff("."), "..");
  EXPECT_EQ(dot_stuff("a.b\r\n.c\r\n..\r\n"), "a.b\r\n..c\r\n...\r\n");
}

TEST(Message, NamesItsSenderAndRecipient) {
  SessionPlan plan;
  plan.sender = "a@example.com";
  plan.recipient = "b@example.com";
  const Message message = Message::render(plan);
  EXPECT_EQ(message.wire().rfind("From: <a@example.com>\r\nTo: <b@example.com>\r\n", 0), 0U);
}

}  // namespace
}  // namespace smtpmark::loadgen
