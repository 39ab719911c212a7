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

void require_same(const smtp_parser_command& a, const Command& b) {
  require(a.verb == static_cast<std::int32_t>(b.verb) &&
              a.error == static_cast<std::int32_t>(b.error) && a.error_offset == b.error_offset,
          "C and C++ see the same verb and error");
  require(same(a.line, b.line) && (a.pauses != 0) == pauses(b), "C and C++ see the same line");
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
  }
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
    return result.consumed;
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
    require(smtp_parser_data_faults(&c_framer, &faults) == 1 &&
                faults.first_bare_cr == framer.faults().first_bare_cr &&
                faults.first_bare_lf == framer.faults().first_bare_lf &&
                faults.first_nul == framer.faults().first_nul &&
                faults.first_overlong == framer.faults().first_overlong &&
                faults.first_non_ascii == framer.faults().first_non_ascii,
            "C and C++ find the same faults");
    return consumed;
  }

  std::size_t response(std::string_view rest) {
    AuthResponse response;
    smtp_parser_auth_response c_response;
    c_response.struct_size = sizeof(c_response);
    const FeedResult result = parser_.feed_auth_response(rest, response);
    require_same(smtp_parser_commands_feed_auth(&c_parser_, rest.data(), rest.size(), &c_response),
                 result);
    if (result.status == Status::kNeedMore) return rest.size();
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
};

void compare_replies(std::string_view bytes) {
  ReplyParser parser;
  ReplyLine line;
  Capabilities offer;
  smtp_parser_replies c_parser;
  smtp_parser_replies_init(&c_parser, nullptr);
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

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark;
  using namespace smtpmark::fuzz;
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
