// The C functions tell what the C++ classes tell, under every split of the octets.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser.h"
#include "parser/smtp_parser_ehlo.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

std::string_view text_of(smtp_parser_view view) {
  return {view.data, view.size};
}

smtp_parser_view view_of(std::string_view text) {
  return {text.data(), text.size()};
}

// Views are the same when they are the same octets in the same place.
void expect_same(smtp_parser_view c, std::string_view cpp) {
  EXPECT_EQ(text_of(c), cpp);
  if (!cpp.empty()) {
    EXPECT_EQ(c.data, cpp.data());
  }
}

void expect_same(const smtp_parser_result& c, const FeedResult& cpp) {
  EXPECT_EQ(c.status, static_cast<int>(cpp.status));
  EXPECT_EQ(c.consumed, cpp.consumed);
}

FeedResult result_of(const smtp_parser_result& c) {
  return {static_cast<Status>(c.status), c.consumed};
}

void expect_same_error(std::int32_t error, std::uint32_t offset, SyntaxError cpp,
                       std::uint32_t cpp_offset) {
  EXPECT_EQ(smtp_parser_error_name(error), to_string(cpp));
  EXPECT_EQ(offset, cpp_offset);
}

void expect_same_path(const smtp_parser_command& c, const Path& cpp) {
  expect_same(c.mailbox, cpp.mailbox);
  expect_same(c.local_part, cpp.local_part);
  expect_same(c.domain, cpp.domain);
  expect_same(c.source_route, cpp.source_route);
  EXPECT_EQ(c.domain_kind, static_cast<unsigned>(cpp.domain_kind));
  EXPECT_EQ((c.path_flags & SMTP_PARSER_PATH_QUOTED) != 0, cpp.is_quoted);
  EXPECT_EQ((c.path_flags & SMTP_PARSER_PATH_ESCAPED) != 0, cpp.is_escaped);
  EXPECT_EQ((c.path_flags & SMTP_PARSER_PATH_UTF8) != 0, cpp.is_utf8);
}

void expect_same_parameters(const smtp_parser_command& c, const Command& cpp) {
  const auto has = [&](std::uint32_t bit) { return (c.parameters_present & bit) != 0; };
  EXPECT_EQ(c.parameters_present, cpp.parameters_present);
  if (has(SMTP_PARSER_PARAM_SIZE)) {
    EXPECT_EQ(c.size, cpp.size);
  }
  if (has(SMTP_PARSER_PARAM_BODY)) {
    EXPECT_EQ(c.body, static_cast<int>(cpp.body));
  }
  if (has(SMTP_PARSER_PARAM_RET)) {
    EXPECT_EQ(c.ret_full != 0, cpp.ret_full);
  }
  if (has(SMTP_PARSER_PARAM_ENVID)) {
    expect_same(c.envid, cpp.envid);
  }
  if (has(SMTP_PARSER_PARAM_NOTIFY)) {
    EXPECT_EQ(c.notify, cpp.notify);
  }
  if (has(SMTP_PARSER_PARAM_ORCPT)) {
    expect_same(c.orcpt, cpp.orcpt);
    expect_same(c.orcpt_type, cpp.orcpt_type);
    expect_same(c.orcpt_address, cpp.orcpt_address);
  }
  if (has(SMTP_PARSER_PARAM_AUTH)) {
    expect_same(c.auth, cpp.auth_param);
  }
  if (has(SMTP_PARSER_PARAM_BY)) {
    EXPECT_EQ(c.by_s, cpp.by_s);
    EXPECT_EQ(c.by_notify != 0, cpp.by_mode == ByMode::kNotify);
    EXPECT_EQ(c.by_trace != 0, cpp.by_trace);
  }
  if (has(SMTP_PARSER_PARAM_HOLDFOR)) {
    EXPECT_EQ(c.hold_for_s, cpp.hold_for_s);
  }
  if (has(SMTP_PARSER_PARAM_HOLDUNTIL)) {
    EXPECT_EQ(c.hold_until_s, cpp.hold_until_s);
  }
  if (has(SMTP_PARSER_PARAM_MTRK)) {
    expect_same(c.mtrk, cpp.mtrk);
    EXPECT_EQ(c.mtrk_s, cpp.mtrk_s);
  }
  if (has(SMTP_PARSER_PARAM_MT_PRIORITY)) {
    EXPECT_EQ(c.mt_priority, cpp.mt_priority);
  }
  if (has(SMTP_PARSER_PARAM_RRVS)) {
    EXPECT_EQ(c.rrvs_since_s, cpp.rrvs_since_s);
    EXPECT_EQ(c.rrvs_action, static_cast<int>(cpp.rrvs_action));
  }
}

void expect_same_raw_parameters(const smtp_parser_command& c, const Command& cpp) {
  expect_same(c.parameters, cpp.parameters);
  smtp_parser_view rest = c.parameters;
  smtp_parser_parameter parameter{};
  for (const RawParameter& wanted : RawParameters(cpp.parameters)) {
    EXPECT_EQ(smtp_parser_next_parameter(&rest, &parameter), 1);
    expect_same(parameter.keyword, wanted.keyword);
    expect_same(parameter.value, wanted.value);
  }
  EXPECT_EQ(smtp_parser_next_parameter(&rest, &parameter), 0);
  EXPECT_EQ(rest.size, 0U);
}

void expect_same(const smtp_parser_command& c, const Command& cpp) {
  EXPECT_EQ(smtp_parser_verb_name(c.verb), to_string(cpp.verb));
  expect_same_error(c.error, c.error_offset, cpp.error, cpp.error_offset);
  EXPECT_EQ(c.pauses != 0, pauses(cpp));
  expect_same(c.line, cpp.line);
  if (cpp.verb == Verb::kBdat) {
    EXPECT_EQ(c.chunk_size, cpp.chunk_size);
    EXPECT_EQ(c.chunk_size_known != 0, cpp.chunk_size_known);
  }
  if (cpp.error != SyntaxError::kNone) return;
  expect_same(c.argument, cpp.argument);
  const bool is_hello =
      cpp.verb == Verb::kEhlo || cpp.verb == Verb::kHelo || cpp.verb == Verb::kLhlo;
  EXPECT_EQ(c.hello_kind, is_hello ? static_cast<unsigned>(cpp.hello_kind) : 0);
  switch (cpp.verb) {
    case Verb::kMail:
    case Verb::kRcpt:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml:
      expect_same_path(c, cpp.path);
      expect_same_parameters(c, cpp);
      expect_same_raw_parameters(c, cpp);
      break;
    case Verb::kXclient:
    case Verb::kXforward: expect_same_raw_parameters(c, cpp); break;
    case Verb::kBdat:
    case Verb::kBurl: EXPECT_EQ(c.chunk_last != 0, cpp.chunk_last); break;
    case Verb::kAuth:
      expect_same(c.initial_response, cpp.initial_response);
      EXPECT_EQ(c.has_initial_response != 0, cpp.initial_response.data() != nullptr);
      break;
    default: break;
  }
}

// Both parsers side by side.
template <Profile kProfile>
class BothCommands {
 public:
  BothCommands() {
    smtp_parser_commands_init(&c_, smtp_parser_profile_flags(static_cast<int>(kProfile)));
    c_command_.struct_size = sizeof c_command_;
  }
  FeedResult feed(std::string_view bytes) {
    Command command;
    const FeedResult wanted = cpp_.feed(bytes, command);
    const smtp_parser_result result =
        smtp_parser_commands_feed(&c_, bytes.data(), bytes.size(), &c_command_);
    expect_same(result, wanted);
    if (wanted.status != Status::kNeedMore) {
      expect_same(c_command_, command);
    }
    return result_of(result);
  }
  std::string describe(Status) const { return std::string(text_of(c_command_.line)); }
  bool done() const { return false; }

 private:
  CommandParser cpp_{kProfile};
  smtp_parser_commands c_{};
  smtp_parser_command c_command_{};
};

constexpr std::string_view kCommands =
    "EHLO client.example\r\n"
    "HELO [192.0.2.1]\r\n"
    "MAIL FROM:<@a,@b:\"a\\ b\"@[IPv6:2001:db8::1]> SIZE=10 BODY=8BITMIME RET=FULL ENVID=a+20b "
    "AUTH=<> BY=120;RT HOLDFOR=60 MTRK=QUJD:7 MT-PRIORITY=-3 REQUIRETLS X-OTHER=y\r\n"
    "MAIL FROM:<b\xc3\xbc@b.example> SMTPUTF8 HOLDUNTIL=2030-01-01T00:00:00Z\r\n"
    "MAIL FROM:<>\r\n"
    "RCPT TO:<a@[x-tag:b]> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example "
    "RRVS=2014-04-03T23:01:00Z;C\r\n"
    "RCPT TO:<Postmaster>\r\n"
    "RCPT TO: <a@b>\r\n"
    "RCPT TO:<a@b> SIZE=1\r\n"
    "SOML FROM:<a@b>\r\n"
    "BDAT 5 LAST\r\n"
    "BDAT 5LAST\r\n"
    "BDAT 99999999999999999999\r\n"
    "BURL imap://h.example/x LAST\r\n"
    "AUTH PLAIN AGEAYg==\r\n"
    "AUTH CRAM-MD5\r\n"
    "XCLIENT NAME=a.example ADDR=192.0.2.1\r\n"
    "XFORWARD HELO=b\r\n"
    "ETRN @b.example\r\n"
    "VRFY \xc3(\r\n"
    "NOOP a\nb\r\n"
    "RSET\rQUIT\r\n"
    "GET / HTTP/1.1\r\n"
    "STARTTLS\r\n"
    "DATA\r\n"
    "QUIT";

TEST(CApi, TellsCommandsAsCppDoes) {
  EXPECT_EQ(log_of_every_split<BothCommands<Profile::kStrict>>(kCommands).size(), 25U);
  EXPECT_EQ(log_of_every_split<BothCommands<Profile::kPostfixLike>>(kCommands).size(), 26U);
  EXPECT_EQ(log_of_every_split<BothCommands<Profile::kPermissive>>(kCommands).size(), 26U);
}

TEST(CApi, TellsEachParameterAsCppDoes) {
  BothCommands<Profile::kStrict> both;
  EXPECT_EQ(both.feed("MAIL FROM:<a@b> SIZE=7\r\n"sv).status, Status::kReady);
  EXPECT_EQ(both.feed("NOOP\r\n"sv).status, Status::kReady);
  smtp_parser_commands parser;
  smtp_parser_commands_init(&parser, 0);
  smtp_parser_command command{};
  command.struct_size = sizeof command;
  const auto feed = [&](std::string_view line) {
    return smtp_parser_commands_feed(&parser, line.data(), line.size(), &command).status;
  };
  EXPECT_EQ(feed("MAIL FROM:<a@b> SIZE=7 RET=FULL\r\n"), SMTP_PARSER_READY);
  EXPECT_EQ(command.size, 7U);
  EXPECT_EQ(command.ret_full, 1);
  EXPECT_EQ(feed("NOOP\r\n"), SMTP_PARSER_READY);
  EXPECT_EQ(command.size, 0U) << "what another line held is gone";
  EXPECT_EQ(command.mailbox.size, 0U);
}

class BothAuthResponses {
 public:
  BothAuthResponses() {
    smtp_parser_commands_init(&c_, 0);
    c_response_.struct_size = sizeof c_response_;
  }
  FeedResult feed(std::string_view bytes) {
    AuthResponse response;
    const FeedResult wanted = cpp_.feed_auth_response(bytes, response);
    const smtp_parser_result result =
        smtp_parser_commands_feed_auth(&c_, bytes.data(), bytes.size(), &c_response_);
    expect_same(result, wanted);
    if (wanted.status == Status::kNeedMore) return wanted;
    expect_same_error(c_response_.error, c_response_.error_offset, response.error,
                      response.error_offset);
    if (wanted.status == Status::kReady) {
      EXPECT_EQ(c_response_.cancelled != 0, response.cancelled);
      expect_same(c_response_.base64, response.base64);
    }
    return result_of(result);
  }
  std::string describe(Status status) const { return std::to_string(static_cast<int>(status)); }
  bool done() const { return false; }

 private:
  CommandParser cpp_;
  smtp_parser_commands c_{};
  smtp_parser_auth_response c_response_{};
};

TEST(CApi, TellsAuthResponsesAsCppDoes) {
  EXPECT_EQ(log_of_every_split<BothAuthResponses>("QUJD\r\n*\r\n\r\nA\r\nQUIT\r\nA\nB\r\n"),
            Log({"6: 1", "9: 1", "11: 1", "14: 2", "20: 1", "25: 2"}));
}

class BothReplies {
 public:
  BothReplies() {
    smtp_parser_replies_init(&c_, nullptr);
    c_reply_.struct_size = sizeof c_reply_;
    cpp_.expect(2);
    smtp_parser_replies_expect(&c_, 2);
  }
  FeedResult feed(std::string_view bytes) {
    ReplyLine line;
    const FeedResult wanted = cpp_.feed(bytes, line);
    const smtp_parser_result result =
        smtp_parser_replies_feed(&c_, bytes.data(), bytes.size(), &c_reply_);
    expect_same(result, wanted);
    EXPECT_EQ(smtp_parser_replies_awaited(&c_), cpp_.awaited());
    if (wanted.status == Status::kNeedMore) return wanted;
    expect_same_error(c_reply_.error, c_reply_.error_offset, line.error, line.error_offset);
    if (wanted.status == Status::kReady) expect_same_line(line);
    return result_of(result);
  }
  std::string describe(Status) const {
    return std::to_string(c_reply_.code) + " " + std::string(text_of(c_reply_.text));
  }
  bool done() const { return false; }

 private:
  void expect_same_line(const ReplyLine& line) const {
    EXPECT_EQ(c_reply_.code, line.code);
    EXPECT_EQ(c_reply_.first != 0, line.first);
    EXPECT_EQ(c_reply_.last != 0, line.last);
    EXPECT_EQ(c_reply_.origin, static_cast<int>(line.origin));
    EXPECT_EQ(c_reply_.enhanced_class, line.enhanced.class_digit);
    EXPECT_EQ(c_reply_.enhanced_subject, line.enhanced.subject);
    EXPECT_EQ(c_reply_.enhanced_detail, line.enhanced.detail);
    EXPECT_EQ(c_reply_.enhanced_mismatch != 0, line.enhanced_mismatch);
    expect_same(c_reply_.text, line.text);
  }

  ReplyParser cpp_;
  smtp_parser_replies c_{};
  smtp_parser_reply c_reply_{};
};

TEST(CApi, TellsRepliesAsCppDoes) {
  EXPECT_EQ(log_of_every_split<BothReplies>("220 hi\r\n250-2.1.0 a\r\n250 5.1.0 b\r\n250 c\r\n"
                                            "421 bye\r\n999 no\r\n250 d\r\n"),
            Log({"8: 220 hi", "21: 250 2.1.0 a", "34: 250 5.1.0 b", "41: 250 c", "50: 421 bye",
                 "50: 0 "}));
}

TEST(CApi, TakesTheOptionsOfReplies) {
  smtp_parser_reply_options options{};
  options.struct_size = sizeof options;
  options.max_line = 12;
  options.bare_lf_ends_line = 1;
  options.any_text = 1;
  smtp_parser_replies parser;
  smtp_parser_replies_init(&parser, &options);
  smtp_parser_reply reply{};
  reply.struct_size = sizeof reply;
  const std::string_view replies = "250 a\x01\n250 123456789\r\n";
  const auto first = smtp_parser_replies_feed(&parser, replies.data(), replies.size(), &reply);
  EXPECT_EQ(first.status, SMTP_PARSER_READY);
  EXPECT_EQ(text_of(reply.text), "a\x01");
  const auto second = smtp_parser_replies_feed(&parser, replies.data() + first.consumed,
                                               replies.size() - first.consumed, &reply);
  EXPECT_EQ(second.status, SMTP_PARSER_REJECTED);
  EXPECT_EQ(reply.error, SMTP_PARSER_ERROR_LINE_TOO_LONG);
}

TEST(CApi, TellsCapabilitiesAsCppDoes) {
  Capabilities wanted;
  smtp_parser_capabilities capabilities{};
  capabilities.struct_size = sizeof capabilities;
  smtp_parser_capability_line c_line{};
  c_line.struct_size = sizeof c_line;
  for (const std::string_view text :
       {"PIPELINING"sv, "SIZE 1000"sv, "auth plain LOGIN SCRAM-SHA-256 X-OWN"sv, "STARTTLS"sv,
        "LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=2"sv, "XCLIENT NAME ADDR"sv,
        "XFORWARD NAME SOURCE"sv, "MT-PRIORITY MIXER"sv, "BURL imap"sv, "DELIVERBY 240"sv,
        "FUTURERELEASE 604800 2030-01-01T00:00:00Z"sv, "SIZE many"sv, "X-OWN"sv, "-"sv, ""sv}) {
    const CapabilityLine line = wanted.add(text);
    ASSERT_EQ(smtp_parser_capabilities_add(&capabilities, view_of(text), &c_line), 1);
    EXPECT_EQ(c_line.capability, line.capability);
    EXPECT_EQ(smtp_parser_capability_name(c_line.capability), to_string(line.capability));
    expect_same_error(c_line.error, c_line.error_offset, line.error, line.error_offset);
    expect_same(c_line.keyword, line.keyword);
    expect_same(c_line.value, line.value);
    EXPECT_EQ(capabilities.offered, wanted.offered);
    EXPECT_EQ(capabilities.malformed, wanted.malformed);
    EXPECT_EQ(capabilities.size_limit, wanted.size_limit);
    EXPECT_EQ(capabilities.hold_until_max_s, wanted.hold_until_max_s);
    EXPECT_EQ(capabilities.hold_for_max_s, wanted.hold_for_max_s);
    EXPECT_EQ(capabilities.deliver_by_min_s, wanted.deliver_by_min_s);
    EXPECT_EQ(capabilities.mechanisms, wanted.mechanisms);
    EXPECT_EQ(capabilities.mail_max, wanted.mail_max);
    EXPECT_EQ(capabilities.rcpt_max, wanted.rcpt_max);
    EXPECT_EQ(capabilities.rcpt_domain_max, wanted.rcpt_domain_max);
    EXPECT_EQ(capabilities.xclient, wanted.xclient);
    EXPECT_EQ(capabilities.xforward, wanted.xforward);
    EXPECT_EQ(capabilities.priority_profile, static_cast<int>(wanted.priority_profile));
    EXPECT_EQ(capabilities.burl_imap != 0, wanted.burl_imap);
  }
  EXPECT_EQ(smtp_parser_capabilities_add(&capabilities, view_of("DSN"), nullptr), 1);
  EXPECT_NE(capabilities.offered & SMTP_PARSER_CAP_DSN, 0U);
  EXPECT_EQ(wanted.rcpt_max, 100U);
}

}  // namespace
}  // namespace smtpmark::parser::testing
