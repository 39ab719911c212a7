// Bodies through the C functions, and what these promise of objects, structs, names and helpers.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/smtp_parser.h"
#include "parser/smtp_parser_ehlo.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {
namespace {

using namespace std::literals;

void expect_same(const smtp_parser_body_faults& c, const BodyFaults& cpp) {
  EXPECT_EQ(c.first_bare_cr, cpp.first_bare_cr);
  EXPECT_EQ(c.first_bare_lf, cpp.first_bare_lf);
  EXPECT_EQ(c.first_nul, cpp.first_nul);
  EXPECT_EQ(c.first_overlong, cpp.first_overlong);
  EXPECT_EQ(c.first_non_ascii, cpp.first_non_ascii);
}

class BothData {
 public:
  BothData() {
    smtp_parser_body_options options{};
    options.struct_size = sizeof options;
    options.max_line = 6;
    smtp_parser_data_init(&c_, &options);
  }
  FeedResult feed(std::string_view bytes) {
    std::string_view piece;
    const FeedResult wanted = cpp_.feed(bytes, piece);
    smtp_parser_view c_piece{};
    const auto result = smtp_parser_data_feed(&c_, bytes.data(), bytes.size(), &c_piece);
    EXPECT_EQ(result.status, static_cast<int>(wanted.status));
    EXPECT_EQ(result.consumed, wanted.consumed);
    EXPECT_EQ(std::string_view(c_piece.data, c_piece.size), piece);
    EXPECT_EQ(smtp_parser_data_octets(&c_), cpp_.octets());
    smtp_parser_body_faults faults{};
    faults.struct_size = sizeof faults;
    EXPECT_EQ(smtp_parser_data_faults(&c_, &faults), 1);
    expect_same(faults, cpp_.faults());
    body_ += piece;
    done_ = wanted.status == Status::kReady;
    return wanted;
  }
  std::string describe(Status) const { return body_; }
  bool done() const { return done_; }

 private:
  DataFramer cpp_{BodyOptions{.max_line = 6}};
  smtp_parser_data c_{};
  std::string body_;
  bool done_ = false;
};

TEST(CApi, FramesDataAsCppDoes) {
  EXPECT_EQ(log_of_every_split<BothData>("a\r\n..b\rc\nd\0\xc3\xbc too long\r\n.\r\nQUIT\r\n"sv),
            Log({"27: a\r\n.b\rc\nd\0\xc3\xbc too long\r\n"s}));
}

TEST(CApi, FramesDataWhereABareLfEndsALine) {
  smtp_parser_body_options options{};
  options.struct_size = sizeof options;
  options.bare_lf_ends_line = 1;
  smtp_parser_data parser;
  smtp_parser_view piece{};
  const std::string_view body = "a\n.\nb";
  smtp_parser_data_init(&parser, &options);
  EXPECT_EQ(smtp_parser_data_feed(&parser, body.data(), body.size(), &piece).status,
            SMTP_PARSER_READY);
  smtp_parser_data_init(&parser, nullptr);
  EXPECT_EQ(smtp_parser_data_feed(&parser, body.data(), body.size(), &piece).status,
            SMTP_PARSER_NEED_MORE);
}

TEST(CApi, CutsAChunkAtItsSize) {
  smtp_parser_chunk parser;
  smtp_parser_view piece{};
  smtp_parser_chunk_init(&parser, 5);
  EXPECT_EQ(smtp_parser_chunk_feed(&parser, "abc", 3, &piece).status, SMTP_PARSER_NEED_MORE);
  EXPECT_EQ(smtp_parser_chunk_remaining(&parser), 2U);
  const auto result = smtp_parser_chunk_feed(&parser, "deQUIT", 6, &piece);
  EXPECT_EQ(result.status, SMTP_PARSER_READY);
  EXPECT_EQ(result.consumed, 2U);
  EXPECT_EQ(std::string_view(piece.data, piece.size), "de");
}

TEST(CApi, ChecksABodyThatComesInChunks) {
  BodyChecker wanted;
  smtp_parser_checker checker;
  smtp_parser_checker_init(&checker, nullptr);
  smtp_parser_body_faults faults{};
  faults.struct_size = sizeof faults;
  for (const std::string_view chunk : {"a\r"sv, "\nb\n"sv, ""sv, "\xff\r"sv}) {
    wanted.check(chunk);
    smtp_parser_checker_check(&checker, chunk.data(), chunk.size());
    ASSERT_EQ(smtp_parser_checker_faults(&checker, &faults), 1);
    expect_same(faults, wanted.faults());
  }
  wanted.finish();
  smtp_parser_checker_finish(&checker);
  ASSERT_EQ(smtp_parser_checker_faults(&checker, &faults), 1);
  expect_same(faults, wanted.faults());
  EXPECT_EQ(faults.first_bare_lf, 4U);
  EXPECT_EQ(faults.first_bare_cr, 6U);
}

// Objects and structs

TEST(CApi, SaysThatAnObjectWasNotInitialised) {
  smtp_parser_command command{};
  command.struct_size = sizeof command;
  smtp_parser_view piece{};
  smtp_parser_commands commands{};
  EXPECT_EQ(smtp_parser_commands_feed(&commands, "NOOP\r\n", 6, &command).status,
            SMTP_PARSER_MISUSE);
  EXPECT_EQ(smtp_parser_commands_feed(nullptr, "NOOP\r\n", 6, &command).status, SMTP_PARSER_MISUSE);
  smtp_parser_data data;
  smtp_parser_checker checker;
  smtp_parser_checker_init(&checker, nullptr);
  static_assert(sizeof data == sizeof checker);
  std::memcpy(&data, &checker, sizeof data);
  EXPECT_EQ(smtp_parser_data_feed(&data, "a", 1, &piece).status, SMTP_PARSER_MISUSE)
      << "that is another one's state";
}

TEST(CApi, SaysThatACallIsWrongAndDoesNothing) {
  smtp_parser_commands parser;
  smtp_parser_commands_init(&parser, 0);
  smtp_parser_command command{};
  EXPECT_EQ(smtp_parser_commands_feed(&parser, "NOOP\r\n", 6, &command).status, SMTP_PARSER_MISUSE)
      << "struct_size is 0";
  command.struct_size = SIZE_MAX;
  EXPECT_EQ(smtp_parser_commands_feed(&parser, "NOOP\r\n", 6, &command).status, SMTP_PARSER_MISUSE);
  command.struct_size = sizeof command;
  EXPECT_EQ(smtp_parser_commands_feed(&parser, nullptr, 6, &command).status, SMTP_PARSER_MISUSE);
  EXPECT_EQ(smtp_parser_commands_feed(&parser, "NOOP\r\n", 6, nullptr).status, SMTP_PARSER_MISUSE);
  EXPECT_EQ(smtp_parser_commands_feed_auth(&parser, "\r\n", 2, nullptr).status, SMTP_PARSER_MISUSE);
  EXPECT_EQ(smtp_parser_commands_feed(&parser, nullptr, 0, &command).status, SMTP_PARSER_NEED_MORE);
  EXPECT_EQ(command.line.data, nullptr);

  smtp_parser_replies replies{};
  smtp_parser_reply reply{};
  reply.struct_size = sizeof reply;
  EXPECT_EQ(smtp_parser_replies_feed(&replies, "250\r\n", 5, &reply).status, SMTP_PARSER_MISUSE);
  smtp_parser_replies_expect(&replies, 1);
  EXPECT_EQ(smtp_parser_replies_awaited(&replies), 0U);

  const smtp_parser_data data{};
  const smtp_parser_chunk chunk{};
  smtp_parser_checker checker{};
  smtp_parser_body_faults faults{};
  faults.struct_size = sizeof faults;
  EXPECT_EQ(smtp_parser_data_octets(&data), 0U);
  EXPECT_EQ(smtp_parser_data_faults(&data, &faults), 0);
  EXPECT_EQ(smtp_parser_chunk_remaining(&chunk), 0U);
  smtp_parser_checker_check(&checker, "a", 1);
  smtp_parser_checker_finish(&checker);
  EXPECT_EQ(smtp_parser_checker_faults(&checker, &faults), 0);
  smtp_parser_checker_init(&checker, nullptr);
  EXPECT_EQ(smtp_parser_checker_faults(&checker, nullptr), 0);

  smtp_parser_capabilities capabilities{};
  EXPECT_EQ(smtp_parser_capabilities_add(&capabilities, {"DSN", 3}, nullptr), 0);
  capabilities.struct_size = sizeof capabilities;
  smtp_parser_capability_line line{};
  EXPECT_EQ(smtp_parser_capabilities_add(&capabilities, {"DSN", 3}, &line), 0);
  EXPECT_EQ(capabilities.offered, 0U);
}

// A struct between octets that must stay as they are.
struct Longer {
  smtp_parser_command command;
  std::array<unsigned char, 64> behind;
};

smtp_parser_result feed_with_size(Longer& longer, std::size_t struct_size) {
  std::memset(&longer, 0xAA, sizeof longer);
  longer.command.struct_size = struct_size;
  smtp_parser_commands parser;
  smtp_parser_commands_init(&parser, 0);
  return smtp_parser_commands_feed(&parser, "VRFY a\r\n", 8, &longer.command);
}

TEST(CApi, WritesNoOctetBehindAShorterStruct) {
  Longer longer;
  constexpr std::size_t kOlder = offsetof(smtp_parser_command, argument);
  EXPECT_EQ(feed_with_size(longer, kOlder).status, SMTP_PARSER_READY);
  EXPECT_EQ(longer.command.verb, SMTP_PARSER_VERB_VRFY);
  EXPECT_EQ(longer.command.struct_size, kOlder);
  const std::string untouched(sizeof longer - kOlder, '\xAA');
  EXPECT_EQ(std::memcmp(reinterpret_cast<const char*>(&longer) + kOlder, untouched.data(),
                        untouched.size()),
            0);
}

TEST(CApi, FillsALongerStructWithZeros) {
  Longer longer;
  EXPECT_EQ(feed_with_size(longer, sizeof(smtp_parser_command) + 32).status, SMTP_PARSER_READY);
  EXPECT_EQ(longer.command.argument.size, 1U);
  for (std::size_t i = 0; i < longer.behind.size(); ++i) {
    EXPECT_EQ(longer.behind[i], i < 32 ? 0 : 0xAA) << i;
  }
}

TEST(CApi, ReadsAShorterStructOfOptions) {
  smtp_parser_body_options options{};
  options.struct_size = offsetof(smtp_parser_body_options, max_line);
  options.max_line = 3;
  smtp_parser_data parser;
  smtp_parser_data_init(&parser, &options);
  smtp_parser_view piece{};
  EXPECT_EQ(smtp_parser_data_feed(&parser, "abcdef", 6, &piece).status, SMTP_PARSER_NEED_MORE);
  smtp_parser_body_faults faults{};
  faults.struct_size = sizeof faults;
  ASSERT_EQ(smtp_parser_data_faults(&parser, &faults), 1);
  EXPECT_EQ(faults.first_overlong, SMTP_PARSER_NOWHERE);
}

TEST(CApi, KeepsTheLayoutOfItsFirstVersion) {
  // A change here breaks programs that are built: it needs another soname. What a struct has grown
  // by since lies behind its first size.
  static_assert(sizeof(void*) != 8 || offsetof(smtp_parser_command, hello_kind) == 344);
  static_assert(sizeof(void*) != 8 || sizeof(smtp_parser_auth_response) == 40);
  static_assert(sizeof(void*) != 8 || sizeof(smtp_parser_reply) == 64);
  static_assert(sizeof(void*) != 8 || sizeof(smtp_parser_capabilities) == 80);
  static_assert(sizeof(void*) != 8 || sizeof(smtp_parser_capability_line) == 56);
  static_assert(sizeof(void*) != 8 || sizeof(smtp_parser_body_faults) == 48);
  EXPECT_EQ(sizeof(smtp_parser_commands), 64U);
  EXPECT_EQ(sizeof(smtp_parser_data), 192U);
  EXPECT_EQ(sizeof(smtp_parser_checker), 192U);
  EXPECT_EQ(sizeof(smtp_parser_chunk), 32U);
  EXPECT_EQ(sizeof(smtp_parser_replies), 128U);
}

// Names and numbers

TEST(CApi, NumbersVerbsAsItsHeaderSays) {
  const std::array<const char*, SMTP_PARSER_VERB_SAML + 1> names = {
      "UNKNOWN", "EHLO",    "HELO",     "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET",
      "NOOP",    "QUIT",    "STARTTLS", "AUTH", "VRFY", "EXPN", "HELP", "BURL", "ETRN",
      "ATRN",    "XCLIENT", "XFORWARD", "TURN", "SEND", "SOML", "SAML"};
  static_assert(names.size() == kVerbs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_STREQ(smtp_parser_verb_name(static_cast<int>(i)), names[i]);
  }
  EXPECT_STREQ(smtp_parser_verb_name(-1), "UNKNOWN");
  EXPECT_STREQ(smtp_parser_verb_name(1000), "UNKNOWN");
}

TEST(CApi, NamesEveryError) {
  EXPECT_STREQ(smtp_parser_error_name(SMTP_PARSER_ERROR_NONE), "no error");
  EXPECT_STREQ(smtp_parser_error_name(SMTP_PARSER_ERROR_BARE_LF), "bare LF");
  EXPECT_STREQ(smtp_parser_error_name(SMTP_PARSER_ERROR_BAD_REPLY_CODE), "bad reply code");
  EXPECT_STREQ(smtp_parser_error_name(SMTP_PARSER_ERROR_TOO_MANY_LINES),
               "too many lines in one reply");
  for (int i = 0; i <= SMTP_PARSER_ERROR_TOO_MANY_LINES; ++i) {
    EXPECT_STRNE(smtp_parser_error_name(i), "unknown error") << i;
  }
  EXPECT_STREQ(smtp_parser_error_name(-1), "unknown error");
  EXPECT_STREQ(smtp_parser_error_name(SMTP_PARSER_ERROR_TOO_MANY_LINES + 1), "unknown error");
}

TEST(CApi, NumbersLenienciesAsCppDoes) {
  const std::array<std::pair<int, Leniency>, 15> pairs = {{
      {SMTP_PARSER_ALLOW_BARE_LF, kAllowBareLf},
      {SMTP_PARSER_ALLOW_EXTRA_SPACE, kAllowExtraSpace},
      {SMTP_PARSER_ALLOW_SPACE_AFTER_COLON, kAllowSpaceAfterColon},
      {SMTP_PARSER_ALLOW_NO_BRACKETS, kAllowNoBrackets},
      {SMTP_PARSER_ALLOW_NO_DOMAIN, kAllowNoDomain},
      {SMTP_PARSER_ALLOW_ODD_DOTS, kAllowOddDots},
      {SMTP_PARSER_ALLOW_UNDERSCORE, kAllowUnderscore},
      {SMTP_PARSER_ALLOW_TRAILING_DOT, kAllowTrailingDot},
      {SMTP_PARSER_ALLOW_ANY_LITERAL, kAllowAnyLiteral},
      {SMTP_PARSER_ALLOW_NO_SMTPUTF8, kAllowNoSmtpUtf8},
      {SMTP_PARSER_ALLOW_ANY_HELLO, kAllowAnyHello},
      {SMTP_PARSER_ALLOW_NO_HELLO, kAllowNoHello},
      {SMTP_PARSER_ALLOW_ARGUMENT, kAllowArgument},
      {SMTP_PARSER_ALLOW_LONG_LINE, kAllowLongLine},
      {SMTP_PARSER_ALLOW_HELO_LITERAL, kAllowHeloLiteral},
  }};
  static_assert(pairs.size() == kAllLeniencies.size());
  for (const auto& [c, cpp] : pairs) EXPECT_EQ(static_cast<Leniencies>(c), cpp);
  EXPECT_EQ(smtp_parser_profile_flags(SMTP_PARSER_PROFILE_STRICT), 0U);
  EXPECT_EQ(smtp_parser_profile_flags(SMTP_PARSER_PROFILE_POSTFIX_LIKE),
            leniencies_of(Profile::kPostfixLike));
  EXPECT_EQ(smtp_parser_profile_flags(SMTP_PARSER_PROFILE_PERMISSIVE),
            leniencies_of(Profile::kPermissive));
  EXPECT_EQ(smtp_parser_profile_flags(99), 0U);
}

TEST(CApi, NamesCapabilitiesAndMechanisms) {
  EXPECT_STREQ(smtp_parser_capability_name(SMTP_PARSER_CAP_8BITMIME), "8BITMIME");
  EXPECT_STREQ(smtp_parser_capability_name(SMTP_PARSER_CAP_LIMITS), "LIMITS");
  EXPECT_STREQ(smtp_parser_capability_name(SMTP_PARSER_CAP_SAML), "SAML");
  EXPECT_STREQ(smtp_parser_capability_name(0), "");
  EXPECT_STREQ(smtp_parser_capability_name(3), "");
  EXPECT_STREQ(smtp_parser_mechanism_name(SMTP_PARSER_AUTH_SCRAM_SHA_256), "SCRAM-SHA-256");
  EXPECT_STREQ(smtp_parser_mechanism_name(SMTP_PARSER_AUTH_GS2_KRB5_PLUS), "GS2-KRB5-PLUS");
  EXPECT_STREQ(smtp_parser_mechanism_name(SMTP_PARSER_AUTH_UNKNOWN), "");
}

TEST(CApi, TellsItsVersion) {
  EXPECT_STREQ(smtp_parser_version(), SMTP_PARSER_VERSION);
  EXPECT_STREQ(SMTP_PARSER_VERSION, SMTPMARK_VERSION) << "the project's, in meson.build";
}

// Helpers

std::string decoded(size_t (*decode)(smtp_parser_view, char*, size_t), std::string_view text) {
  std::string out(text.size(), '\0');
  const std::size_t size = decode({text.data(), text.size()}, out.data(), out.size());
  return size == SMTP_PARSER_NO_ROOM ? "no room" : out.substr(0, size);
}

TEST(CApi, DecodesLocalPartsAndXtext) {
  EXPECT_EQ(decoded(smtp_parser_decode_local_part, "a.b"), "a.b");
  EXPECT_EQ(decoded(smtp_parser_decode_local_part, "\"a \\\"b\\\\\""), "a \"b\\");
  EXPECT_EQ(decoded(smtp_parser_decode_local_part, "\"\""), "");
  EXPECT_EQ(decoded(smtp_parser_decode_local_part, "\""), "\"");
  EXPECT_EQ(decoded(smtp_parser_decode_local_part, ""), "");
  EXPECT_EQ(decoded(smtp_parser_decode_xtext, "a+20b+2B"), "a b+");
  std::array<char, 8> orcpt{};
  EXPECT_EQ(smtp_parser_decode_orcpt({"utf-8", 5}, {"\\x{E4}b", 7}, orcpt.data(), orcpt.size()),
            3U);
  EXPECT_EQ(std::string_view(orcpt.data(), 3),
            "\xc3\xa4"
            "b");
  EXPECT_EQ(smtp_parser_decode_orcpt({"rfc822", 6}, {"+20", 3}, orcpt.data(), 3), 1U);
  EXPECT_EQ(smtp_parser_decode_orcpt({"rfc822", 6}, {"+20", 3}, orcpt.data(), 2),
            SMTP_PARSER_NO_ROOM);
  EXPECT_EQ(smtp_parser_decode_orcpt({nullptr, 6}, {"+20", 3}, orcpt.data(), 3),
            SMTP_PARSER_NO_ROOM);
  std::array<char, 2> small{};
  EXPECT_EQ(smtp_parser_decode_xtext({"+20", 3}, small.data(), small.size()), SMTP_PARSER_NO_ROOM);
  EXPECT_EQ(smtp_parser_decode_local_part({"abc", 3}, nullptr, 3), SMTP_PARSER_NO_ROOM);
  EXPECT_EQ(smtp_parser_decode_local_part({nullptr, 3}, small.data(), 3), SMTP_PARSER_NO_ROOM);
}

TEST(CApi, StepsThroughNoParametersOfNothing) {
  smtp_parser_view rest{nullptr, 0};
  smtp_parser_parameter parameter{};
  EXPECT_EQ(smtp_parser_next_parameter(&rest, &parameter), 0);
  EXPECT_EQ(smtp_parser_next_parameter(nullptr, &parameter), 0);
  rest = {"A=", 2};
  EXPECT_EQ(smtp_parser_next_parameter(&rest, &parameter), 1);
  EXPECT_EQ(parameter.keyword.size, 1U);
  EXPECT_EQ(parameter.value.size, 0U);
  EXPECT_EQ(smtp_parser_next_parameter(&rest, &parameter), 0);
}

}  // namespace
}  // namespace smtpmark::parser::testing
