// The input goes through the C functions and through the C++ classes, which must tell the same.
// What begins with a digit is taken for replies to EHLO, everything else for a session with bodies
// and chunks; the length of the input chooses the profile.
#include <array>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser.h"
#include "parser/smtp_parser_ehlo.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

using namespace parser;

bool same(smtp_parser_view a, std::string_view b) {
  return a.size == b.size() && (a.size == 0 || a.data == b.data());
}

void require_same(smtp_parser_result a, FeedResult b) {
  require(a.status == static_cast<std::int32_t>(b.status) && a.consumed == b.consumed,
          "C and C++ return the same");
}

bool same_path(const smtp_parser_command& a, const Path& b) {
  const auto has = [&](std::uint32_t flag) { return (a.path_flags & flag) != 0; };
  return same(a.mailbox, b.mailbox) && same(a.local_part, b.local_part) &&
         same(a.domain, b.domain) && same(a.source_route, b.source_route) &&
         a.domain_kind == static_cast<std::uint32_t>(b.domain_kind) &&
         has(SMTP_PARSER_PATH_QUOTED) == b.is_quoted &&
         has(SMTP_PARSER_PATH_ESCAPED) == b.is_escaped && has(SMTP_PARSER_PATH_UTF8) == b.is_utf8;
}

// A member is compared when its bit is set in both.
bool same_parameters(const smtp_parser_command& a, const Command& b) {
  const auto lacks = [&](std::uint32_t bit) { return (b.parameters_present & bit) == 0; };
  return a.parameters_present == b.parameters_present && same(a.parameters, b.parameters) &&
         (lacks(parser::kParamSize) || a.size == b.size) &&
         (lacks(parser::kParamBody) || a.body == static_cast<std::int32_t>(b.body)) &&
         (lacks(parser::kParamRet) || (a.ret_full != 0) == b.ret_full) &&
         (lacks(parser::kParamEnvid) || same(a.envid, b.envid)) &&
         (lacks(parser::kParamNotify) || a.notify == b.notify) &&
         (lacks(parser::kParamOrcpt) ||
          (same(a.orcpt, b.orcpt) && same(a.orcpt_type, b.orcpt_type) &&
           same(a.orcpt_address, b.orcpt_address))) &&
         (lacks(parser::kParamAuth) || same(a.auth, b.auth_param)) &&
         (lacks(parser::kParamBy) ||
          (a.by_s == b.by_s && (a.by_notify != 0) == (b.by_mode == parser::ByMode::kNotify) &&
           (a.by_trace != 0) == b.by_trace)) &&
         (lacks(parser::kParamHoldFor) || a.hold_for_s == b.hold_for_s) &&
         (lacks(parser::kParamHoldUntil) || a.hold_until_s == b.hold_until_s) &&
         (lacks(parser::kParamMtrk) || (same(a.mtrk, b.mtrk) && a.mtrk_s == b.mtrk_s)) &&
         (lacks(parser::kParamMtPriority) || a.mt_priority == b.mt_priority) &&
         (lacks(parser::kParamRrvs) || (a.rrvs_since_s == b.rrvs_since_s &&
                                        a.rrvs_action == static_cast<std::int32_t>(b.rrvs_action)));
}

bool has_path(Verb verb) {
  return verb == Verb::kMail || verb == Verb::kRcpt || verb == Verb::kSend || verb == Verb::kSoml ||
         verb == Verb::kSaml;
}

bool is_hello(Verb verb) {
  return verb == Verb::kEhlo || verb == Verb::kHelo || verb == Verb::kLhlo;
}

void require_same_arguments(const smtp_parser_command& a, const Command& b) {
  require(same(a.argument, b.argument), "C and C++ see the same argument");
  require(a.hello_kind == (is_hello(b.verb) ? static_cast<std::uint32_t>(b.hello_kind) : 0),
          "C and C++ see the same kind of host");
  require(same(a.initial_response, b.initial_response) &&
              (a.has_initial_response != 0) == (b.initial_response.data() != nullptr),
          "C and C++ see the same initial response");
  if (has_path(b.verb)) {
    require(same_path(a, b.path), "C and C++ see the same path");
    require(same_parameters(a, b), "C and C++ see the same parameters");
  } else {
    require(a.mailbox.size == 0 && a.parameters_present == 0, "no other verb has a path");
    require(same(a.parameters, b.parameters), "C and C++ see the same attributes");
  }
  if (b.verb == Verb::kBdat || b.verb == Verb::kBurl) {
    require((a.chunk_last != 0) == b.chunk_last, "C and C++ see the same LAST");
  }
}

void require_same_chunk(const smtp_parser_command& a, const Command& b) {
  require(a.chunk_size == b.chunk_size && (a.chunk_size_known != 0) == b.chunk_size_known,
          "C and C++ see the same chunk");
  require(b.chunk_size_known || b.chunk_size == 0, "a size that is not known is not told");
}

void require_same(const smtp_parser_command& a, const Command& b) {
  if (b.verb == Verb::kBdat) require_same_chunk(a, b);
  if (b.error == SyntaxError::kNone) require_same_arguments(a, b);
  require(a.verb == static_cast<std::int32_t>(b.verb) &&
              a.error == static_cast<std::int32_t>(b.error) && a.error_offset == b.error_offset,
          "C and C++ see the same verb and error");
  require(same(a.line, b.line) && (a.pauses != 0) == pauses(b), "C and C++ see the same line");
}

void require_same(const smtp_parser_body_faults& a, const BodyFaults& b) {
  require(a.first_bare_cr == b.first_bare_cr && a.first_bare_lf == b.first_bare_lf &&
              a.first_nul == b.first_nul && a.first_overlong == b.first_overlong &&
              a.first_non_ascii == b.first_non_ascii,
          "C and C++ find the same faults");
  const bool is_clean =
      a.first_bare_cr == SMTP_PARSER_NOWHERE && a.first_bare_lf == SMTP_PARSER_NOWHERE &&
      a.first_nul == SMTP_PARSER_NOWHERE && a.first_overlong == SMTP_PARSER_NOWHERE;
  require(b.any() == !is_clean, "any() tells whether there are faults");
}

// The octets that would end a line are not in what an accepted value stands for.
void require_decoded_orcpt(const smtp_parser_command& command) {
  std::array<char, kMaxAuthLine> decoded;
  const std::size_t size = smtp_parser_decode_orcpt(command.orcpt_type, command.orcpt_address,
                                                    decoded.data(), decoded.size());
  require(size <= command.orcpt_address.size, "decoding makes nothing longer");
  require(std::string_view(decoded.data(), size).find_first_of(std::string_view("\r\n\0", 3)) ==
              std::string_view::npos,
          "no line end comes out of an address");
}

void use_parameters(const smtp_parser_command& command) {
  std::array<char, kMaxAuthLine> decoded;
  require(smtp_parser_decode_local_part(command.local_part, decoded.data(), decoded.size()) <=
              command.local_part.size,
          "decoding makes nothing longer");
  smtp_parser_view rest = command.parameters;
  smtp_parser_parameter parameter;
  while (smtp_parser_next_parameter(&rest, &parameter) != 0) {
    require(parameter.keyword.size != 0, "a parameter has a keyword");
    require(lies_within({parameter.value.data, parameter.value.size},
                        {command.parameters.data, command.parameters.size}),
            "a value lies within the parameters");
    smtp_parser_decode_xtext(parameter.value, decoded.data(), decoded.size());
    require(smtp_parser_decode_orcpt({"utf-8", 5}, parameter.value, decoded.data(),
                                     decoded.size()) <= parameter.value.size,
            "decoding makes nothing longer");
  }
  require_decoded_orcpt(command);
}

// A server that says yes to everything, twice.
class Session {
 public:
  explicit Session(Leniencies flags) : parser_(flags) {
    smtp_parser_commands_init(&c_parser_, flags);
    c_command_.struct_size = sizeof(c_command_);
  }

  // Octets consumed; 0 when it is over.
  std::size_t next(std::string_view bytes) {
    if (is_over_) return 0;
    const FeedResult result = parser_.feed(bytes, command_);
    require_same(smtp_parser_commands_feed(&c_parser_, bytes.data(), bytes.size(), &c_command_),
                 result);
    if (result.status == Status::kNeedMore) return 0;
    require_same(c_command_, command_);
    const std::string_view rest = bytes.substr(result.consumed);
    if (result.status == Status::kReady) use_parameters(c_command_);
    return result.consumed + behind_command(rest, result.status == Status::kReady);
  }

 private:
  std::size_t behind_command(std::string_view rest, bool taken) {
    if (command_.verb == Verb::kBdat && command_.chunk_size_known) return chunk(rest);
    if (!taken) return 0;
    if (command_.verb == Verb::kData) return data(rest);
    return command_.verb == Verb::kAuth ? response(rest) : 0;
  }

  std::size_t chunk(std::string_view rest) {
    ChunkFramer framer(command_.chunk_size);
    smtp_parser_chunk c_framer;
    smtp_parser_chunk_init(&c_framer, c_command_.chunk_size);
    std::string_view piece;
    smtp_parser_view c_piece;
    const FeedResult result = framer.feed(rest, piece);
    require_same(smtp_parser_chunk_feed(&c_framer, rest.data(), rest.size(), &c_piece), result);
    require(same(c_piece, piece), "C and C++ hand out the same piece");
    require(smtp_parser_chunk_remaining(&c_framer) == framer.remaining(), "and the same rest");
    check_lines(piece);
    return result.consumed;
  }

  static void check_lines(std::string_view body) {
    BodyChecker checker;
    smtp_parser_checker c_checker;
    smtp_parser_body_options options{sizeof(options), 1000, 0};
    smtp_parser_checker_init(&c_checker, &options);
    checker.check(body);
    checker.finish();
    smtp_parser_checker_check(&c_checker, body.data(), body.size());
    smtp_parser_checker_finish(&c_checker);
    smtp_parser_body_faults faults;
    faults.struct_size = sizeof(faults);
    require(smtp_parser_checker_faults(&c_checker, &faults) == 1, "the faults can be told");
    require_same(faults, checker.faults());
    require(checker.octets() == body.size(), "the checker has seen all");
  }

  std::size_t data(std::string_view rest) {
    DataFramer framer;
    smtp_parser_data c_framer;
    smtp_parser_data_init(&c_framer, nullptr);
    std::size_t consumed = 0;
    FeedResult result;
    while (consumed < rest.size() && result.status == Status::kNeedMore) {
      const std::string_view bytes = rest.substr(consumed);
      std::string_view piece;
      smtp_parser_view c_piece;
      result = framer.feed(bytes, piece);
      require_same(smtp_parser_data_feed(&c_framer, bytes.data(), bytes.size(), &c_piece), result);
      require(c_piece.size == piece.size(), "C and C++ hand out the same piece");
      consumed += result.consumed;
    }
    smtp_parser_body_faults faults;
    faults.struct_size = sizeof(faults);
    require(smtp_parser_data_faults(&c_framer, &faults) == 1, "the faults can be told");
    require_same(faults, framer.faults());
    require(smtp_parser_data_octets(&c_framer) == framer.octets(), "and the octets");
    return consumed;
  }

  std::size_t response(std::string_view rest) {
    AuthResponse response;
    smtp_parser_auth_response c_response;
    c_response.struct_size = sizeof(c_response);
    const FeedResult result = parser_.feed_auth_response(rest, response);
    require_same(smtp_parser_commands_feed_auth(&c_parser_, rest.data(), rest.size(), &c_response),
                 result);
    is_over_ = result.status == Status::kNeedMore;
    if (is_over_) return 0;
    require(c_response.error == static_cast<std::int32_t>(response.error) &&
                c_response.error_offset == response.error_offset &&
                same(c_response.base64, response.base64),
            "C and C++ see the same response");
    return result.consumed;
  }

  CommandParser parser_;
  smtp_parser_commands c_parser_;
  Command command_;
  smtp_parser_command c_command_{};
  bool is_over_ = false;
};

void compare_replies(std::string_view bytes) {
  ReplyOptions limits;
  limits.max_reply = 4096;
  ReplyParser parser(limits);
  ReplyLine line;
  Capabilities offer;
  smtp_parser_replies c_parser;
  const smtp_parser_reply_options options{sizeof(options), 512, 200, 4096, 0, 0, 0};
  smtp_parser_replies_init(&c_parser, &options);
  parser.expect(2);
  smtp_parser_replies_expect(&c_parser, 2);
  smtp_parser_reply c_line;
  c_line.struct_size = sizeof(c_line);
  smtp_parser_capabilities c_offer{};
  c_offer.struct_size = sizeof(c_offer);
  for (;;) {
    const FeedResult result = parser.feed(bytes, line);
    require_same(smtp_parser_replies_feed(&c_parser, bytes.data(), bytes.size(), &c_line), result);
    if (result.status == Status::kNeedMore) return;
    require(c_line.error == static_cast<std::int32_t>(line.error) &&
                c_line.error_offset == line.error_offset,
            "C and C++ see the same error");
    if (result.status == Status::kRejected) return;
    require(smtp_parser_replies_awaited(&c_parser) == parser.awaited(), "and the same count");
    require(c_line.code == line.code && same(c_line.text, line.text), "and the same reply");
    smtp_parser_capability_line c_capability;
    c_capability.struct_size = sizeof(c_capability);
    const CapabilityLine capability = offer.add(line.text);
    smtp_parser_capabilities_add(&c_offer, c_line.text, &c_capability);
    require(c_capability.error == static_cast<std::int32_t>(capability.error) &&
                c_offer.offered == offer.offered && c_offer.malformed == offer.malformed &&
                c_offer.mechanisms == offer.mechanisms && c_offer.size_limit == offer.size_limit,
            "and the same offer");
    bytes.remove_prefix(result.consumed);
  }
}

// Calls that are wrong do nothing and say so.
bool check_misuse() {
  smtp_parser_commands commands{};
  smtp_parser_replies replies{};
  smtp_parser_data data{};
  smtp_parser_chunk chunk{};
  smtp_parser_checker checker{};
  smtp_parser_command command{};
  smtp_parser_auth_response response{};
  smtp_parser_reply reply{};
  smtp_parser_view piece{};
  smtp_parser_body_faults faults{};
  const auto refuses = [](smtp_parser_result result) {
    require(result.status == SMTP_PARSER_MISUSE && result.consumed == 0, "misuse is refused");
  };
  refuses(smtp_parser_commands_feed(nullptr, "", 0, &command));
  refuses(smtp_parser_commands_feed(&commands, "", 0, &command));
  refuses(smtp_parser_commands_feed_auth(&commands, "", 0, &response));
  refuses(smtp_parser_replies_feed(&replies, "", 0, &reply));
  refuses(smtp_parser_data_feed(&data, "", 0, &piece));
  refuses(smtp_parser_chunk_feed(&chunk, "", 0, &piece));
  smtp_parser_commands_init(&commands, 0);
  smtp_parser_replies_init(&replies, nullptr);
  smtp_parser_data_init(&data, nullptr);
  smtp_parser_chunk_init(&chunk, 1);
  smtp_parser_checker_init(&checker, nullptr);
  refuses(smtp_parser_commands_feed(&commands, "", 0, nullptr));
  refuses(smtp_parser_commands_feed(&commands, "", 0, &command));
  refuses(smtp_parser_commands_feed_auth(&commands, "", 0, &response));
  refuses(smtp_parser_commands_feed_auth(&commands, "", 0, nullptr));
  refuses(smtp_parser_replies_feed(&replies, nullptr, 1, &reply));
  refuses(smtp_parser_replies_feed(&replies, "", 0, &reply));
  refuses(smtp_parser_data_feed(&data, nullptr, 1, &piece));
  refuses(smtp_parser_data_feed(&data, "", 0, nullptr));
  refuses(smtp_parser_chunk_feed(&chunk, nullptr, 1, &piece));
  refuses(smtp_parser_chunk_feed(&chunk, "", 0, nullptr));
  require(smtp_parser_checker_faults(&checker, &faults) == 0, "misuse is refused");
  require(smtp_parser_checker_faults(nullptr, nullptr) == 0, "misuse is refused");
  require(smtp_parser_data_faults(nullptr, nullptr) == 0, "misuse is refused");
  command.struct_size = sizeof(command);
  response.struct_size = sizeof(response);
  reply.struct_size = sizeof(reply);
  refuses(smtp_parser_commands_feed(&commands, nullptr, 1, &command));
  refuses(smtp_parser_commands_feed_auth(&commands, nullptr, 1, &response));
  refuses(smtp_parser_commands_feed_auth(nullptr, "", 0, &response));
  refuses(smtp_parser_replies_feed(&replies, nullptr, 1, &reply));
  refuses(smtp_parser_replies_feed(nullptr, "", 0, &reply));
  refuses(smtp_parser_replies_feed(&replies, "", 0, nullptr));
  refuses(smtp_parser_data_feed(nullptr, "", 0, &piece));
  refuses(smtp_parser_chunk_feed(nullptr, "", 0, &piece));
  smtp_parser_commands_init(nullptr, 0);
  smtp_parser_replies_expect(nullptr, 1);
  smtp_parser_checker_check(nullptr, "", 0);
  smtp_parser_checker_check(&checker, nullptr, 1);
  smtp_parser_checker_finish(nullptr);
  require(smtp_parser_replies_awaited(nullptr) == 0 && smtp_parser_data_octets(nullptr) == 0 &&
              smtp_parser_chunk_remaining(nullptr) == 0,
          "nothing is counted where there is nothing");
  return true;
}

bool check_capability_misuse() {
  smtp_parser_capabilities offer{};
  smtp_parser_capability_line line{};
  const smtp_parser_view text{"DSN", 3};
  const smtp_parser_view nothing{nullptr, 1};
  require(smtp_parser_capabilities_add(nullptr, text, nullptr) == 0, "misuse is refused");
  require(smtp_parser_capabilities_add(&offer, text, nullptr) == 0, "misuse is refused");
  offer.struct_size = sizeof(offer);
  require(smtp_parser_capabilities_add(&offer, nothing, nullptr) == 0, "misuse is refused");
  require(smtp_parser_capabilities_add(&offer, text, &line) == 0, "misuse is refused");
  line.struct_size = 1U << 20U;
  require(smtp_parser_capabilities_add(&offer, text, &line) == 0, "misuse is refused");
  return smtp_parser_capabilities_add(&offer, text, nullptr) == 1;
}

// A caller that knows fewer or more members than the library does.
bool check_struct_sizes() {
  struct Longer {
    smtp_parser_command command;
    std::array<char, 16> more;
  } longer{};
  smtp_parser_commands parser;
  for (const std::size_t size : {sizeof(smtp_parser_command) - 16, sizeof(Longer)}) {
    longer.more.fill('x');
    longer.command.struct_size = size;
    longer.command.initial_response = {"y", 1};
    smtp_parser_commands_init(&parser, 0);
    const auto result = smtp_parser_commands_feed(&parser, "NOOP\r\n", 6, &longer.command);
    require(result.status == SMTP_PARSER_READY && longer.command.verb == SMTP_PARSER_VERB_NOOP,
            "the members that both know are there");
    const bool is_longer = size == sizeof(Longer);
    require(longer.more[0] == (is_longer ? 0 : 'x'),
            "others are zeros, and nothing is behind them");
    require((longer.command.initial_response.size == 0) == is_longer, "or left alone");
  }
  return true;
}

bool check_decoding() {
  std::array<char, 8> out;
  const auto local = [&](std::string_view text, std::size_t room) {
    return smtp_parser_decode_local_part({text.data(), text.size()}, out.data(), room);
  };
  const auto xtext = [&](std::string_view text, std::size_t room) {
    return smtp_parser_decode_xtext({text.data(), text.size()}, out.data(), room);
  };
  require(local("a", 0) == SMTP_PARSER_NO_ROOM && xtext("a", 0) == SMTP_PARSER_NO_ROOM, "no room");
  require(smtp_parser_decode_xtext({nullptr, 1}, out.data(), 8) == SMTP_PARSER_NO_ROOM,
          "no octets");
  require(smtp_parser_decode_xtext({"a", 1}, nullptr, 8) == SMTP_PARSER_NO_ROOM, "no place");
  require(smtp_parser_decode_xtext({nullptr, 0}, nullptr, 0) == 0, "nothing is nothing");
  require(local("a\\b", 8) == 3 && local("\"a", 8) == 2 && local("\"", 8) == 1,
          "no quotes, no pairs");
  require(local("\"a\\b\"", 8) == 2 && local("\"a\\\"", 8) == 2, "a pair is one octet");
  const auto address = [&](std::string_view text) {
    std::array<char, 16> octets;
    return smtp_parser_decode_orcpt({"utf-8", 5}, {text.data(), text.size()}, octets.data(),
                                    octets.size());
  };
  require(address("\\x{41}") == 1 && address("\\x{e4}") == 2 && address("\\x{20AC}") == 3 &&
              address("\\x{10FFFF}") == 4,
          "an escape is one character");
  for (const std::string_view text :
       {"\\x{", "\\x{}", "\\x{4", "\\x{g}", "\\x{4:}", "\\x{4 }", "\\x{D800}", "\\x{110000}"}) {
    require(address(text) == text.size(), "what is no escape stays");
  }
  require(smtp_parser_decode_orcpt({nullptr, 1}, {"a", 1}, out.data(), 8) == SMTP_PARSER_NO_ROOM,
          "no type");
  require(
      smtp_parser_decode_orcpt({"utf-8", 5}, {nullptr, 1}, out.data(), 8) == SMTP_PARSER_NO_ROOM,
      "no address");
  require(xtext("a+4", 8) == 3 && xtext("+", 8) == 1 && xtext("+41", 8) == 1, "three are one");
  smtp_parser_parameter parameter;
  smtp_parser_view rest{nullptr, 0};
  require(smtp_parser_next_parameter(nullptr, &parameter) == 0 &&
              smtp_parser_next_parameter(&rest, nullptr) == 0 &&
              smtp_parser_next_parameter(&rest, &parameter) == 0,
          "no parameters are none");
  rest = {nullptr, 1};
  return smtp_parser_next_parameter(&rest, &parameter) == 0;
}

// Each value has a name, and what is none has one that says so.
bool check_names() {
  for (std::int32_t i = -1; i <= SMTP_PARSER_VERB_SAML + 1; ++i) {
    require(*smtp_parser_verb_name(i) != 0, "a verb has a name");
  }
  for (std::int32_t i = -1; i <= SMTP_PARSER_ERROR_TOO_MANY_LINES + 1; ++i) {
    require(*smtp_parser_error_name(i) != 0, "an error has a name");
  }
  for (unsigned bit = 0; bit < 32; ++bit) {
    smtp_parser_capability_name(std::uint64_t{1} << bit);
    smtp_parser_mechanism_name(1U << bit);
  }
  require(smtp_parser_profile_flags(SMTP_PARSER_PROFILE_STRICT) == 0 &&
              smtp_parser_profile_flags(-1) == 0 &&
              smtp_parser_profile_flags(SMTP_PARSER_PROFILE_PERMISSIVE) != 0,
          "a profile has its flags");
  return *smtp_parser_version() != 0;
}

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark;
  using namespace smtpmark::fuzz;
  static const bool is_checked = check_misuse() && check_capability_misuse() &&
                                 check_struct_sizes() && check_decoding() && check_names();
  require(is_checked, "the library has a version");
  std::string_view bytes = text_of(data, size);
  if (is_from_server(bytes)) {
    compare_replies(bytes);
    return 0;
  }
  Session session(parser::leniencies_of(parser::kAllProfiles[size % 3]));
  for (;;) {
    const std::size_t consumed = session.next(bytes);
    if (consumed == 0) return 0;
    bytes.remove_prefix(consumed);
  }
}
