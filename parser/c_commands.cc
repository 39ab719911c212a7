// The command side of smtp_parser.h.
#include "parser/c_api.h"
#include "parser/command_parser.h"

namespace smtpmark::parser {
namespace {

using PlacedParser = Placed<CommandParser, smtp_parser_commands, 'c'>;

static_assert(static_cast<int>(DomainKind::kGeneral) == SMTP_PARSER_DOMAIN_GENERAL);
static_assert(static_cast<int>(BodyType::kBinaryMime) == SMTP_PARSER_BODY_BINARYMIME);
static_assert(static_cast<int>(RrvsAction::kReject) == SMTP_PARSER_RRVS_REJECT);
static_assert(static_cast<int>(Verb::kSaml) == SMTP_PARSER_VERB_SAML);
static_assert(kParamUnknown == SMTP_PARSER_PARAM_UNKNOWN);

constexpr std::uint32_t bit_if(bool condition, std::uint32_t bit) noexcept {
  return condition ? bit : 0;
}

void write_path(const Path& path, smtp_parser_command& out) noexcept {
  out.mailbox = to_c(path.mailbox);
  out.local_part = to_c(path.local_part);
  out.domain = to_c(path.domain);
  out.source_route = to_c(path.source_route);
  out.domain_kind = static_cast<std::uint32_t>(path.domain_kind);
  out.path_flags = bit_if(path.is_quoted, SMTP_PARSER_PATH_QUOTED) |
                   bit_if(path.is_escaped, SMTP_PARSER_PATH_ESCAPED) |
                   bit_if(path.is_utf8, SMTP_PARSER_PATH_UTF8);
}

void write_parameters(const Command& command, smtp_parser_command& out) noexcept {
  out.parameters_present = command.parameters_present;
  out.parameters = to_c(command.parameters);
  out.notify = command.notify;
  out.size = command.size;
  out.body = static_cast<std::int32_t>(command.body);
  out.ret_full = static_cast<std::int32_t>(command.ret_full);
  out.envid = to_c(command.envid);
  out.orcpt = to_c(command.orcpt);
  out.orcpt_type = to_c(command.orcpt_type);
  out.orcpt_address = to_c(command.orcpt_address);
  out.auth = to_c(command.auth_param);
  out.by_s = command.by_s;
  out.by_notify = static_cast<std::int32_t>(command.by_mode == ByMode::kNotify);
  out.by_trace = static_cast<std::int32_t>(command.by_trace);
  out.hold_for_s = command.hold_for_s;
  out.hold_until_s = command.hold_until_s;
  out.mtrk = to_c(command.mtrk);
  out.mtrk_s = command.mtrk_s;
  out.mt_priority = command.mt_priority;  // NOLINT(bugprone-signed-char-misuse): a number
  out.rrvs_since_s = command.rrvs_since_s;
  out.rrvs_action = static_cast<std::int32_t>(command.rrvs_action);
}

void write_chunk(const Command& command, smtp_parser_command& out) noexcept {
  out.chunk_size = command.chunk_size;
  out.chunk_size_known = static_cast<std::int32_t>(command.chunk_size_known);
}

// The members that belong to the verb of a line that is in order.
void write_arguments(const Command& command, smtp_parser_command& out) noexcept {
  out.argument = to_c(command.argument);
  switch (command.verb) {
    case Verb::kEhlo:
    case Verb::kHelo:
    case Verb::kLhlo: out.hello_kind = static_cast<std::uint32_t>(command.hello_kind); break;
    case Verb::kMail:
    case Verb::kRcpt:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml:
      write_path(command.path, out);
      write_parameters(command, out);
      break;
    case Verb::kXclient:
    case Verb::kXforward: out.parameters = to_c(command.parameters); break;
    case Verb::kBdat:
    case Verb::kBurl: out.chunk_last = static_cast<std::int32_t>(command.chunk_last); break;
    case Verb::kAuth:
      out.initial_response = to_c(command.initial_response);
      out.has_initial_response =
          static_cast<std::int32_t>(command.initial_response.data() != nullptr);
      break;
    default: break;
  }
}

void write(const Command& command, smtp_parser_command& out) noexcept {
  out.verb = static_cast<std::int32_t>(command.verb);
  out.error = to_c(command.error);
  out.error_offset = command.error_offset;
  out.pauses = static_cast<std::int32_t>(pauses(command));
  out.line = to_c(command.line);
  if (command.verb == Verb::kBdat) write_chunk(command, out);
  if (command.error == SyntaxError::kNone) write_arguments(command, out);
}

bool are_usable(smtp_parser_view bytes, const char* out, std::size_t capacity) noexcept {
  return is_usable(bytes) && bytes.size <= capacity && (out != nullptr || bytes.size == 0);
}

}  // namespace
}  // namespace smtpmark::parser

namespace parser = smtpmark::parser;

extern "C" {

void smtp_parser_commands_init(smtp_parser_commands* place, uint32_t flags) {
  parser::PlacedParser::init(place, parser::CommandParser(flags));
}

smtp_parser_result smtp_parser_commands_feed(smtp_parser_commands* place, const char* data,
                                             size_t size, smtp_parser_command* out) {
  parser::CommandParser* const commands = parser::PlacedParser::in(place);
  const smtp_parser_view bytes{data, size};
  if (commands == nullptr || !parser::is_usable(bytes) || !parser::is_usable(out)) {
    return parser::kMisuse;
  }
  parser::Command command;
  const parser::FeedResult result = commands->feed(parser::from_c(bytes), command);
  if (result.status != parser::Status::kNeedMore) {
    parser::fill(out, [&](smtp_parser_command& target) { parser::write(command, target); });
  }
  return parser::to_c(result);
}

smtp_parser_result smtp_parser_commands_feed_auth(smtp_parser_commands* place, const char* data,
                                                  size_t size, smtp_parser_auth_response* out) {
  parser::CommandParser* const commands = parser::PlacedParser::in(place);
  const smtp_parser_view bytes{data, size};
  if (commands == nullptr || !parser::is_usable(bytes) || !parser::is_usable(out)) {
    return parser::kMisuse;
  }
  parser::AuthResponse response;
  const parser::FeedResult result = commands->feed_auth_response(parser::from_c(bytes), response);
  if (result.status != parser::Status::kNeedMore) {
    parser::fill(out, [&](smtp_parser_auth_response& target) {
      target.error = parser::to_c(response.error);
      target.error_offset = response.error_offset;
      target.cancelled = static_cast<int32_t>(response.cancelled);
      target.base64 = parser::to_c(response.base64);
    });
  }
  return parser::to_c(result);
}

int32_t smtp_parser_next_parameter(smtp_parser_view* rest, smtp_parser_parameter* parameter) {
  if (rest == nullptr || parameter == nullptr || !parser::is_usable(*rest)) return 0;
  const parser::RawParameters all(parser::from_c(*rest));
  const auto first = all.begin();
  if (first == all.end()) {
    rest->data += rest->size;
    rest->size = 0;
    return 0;
  }
  parameter->keyword = parser::to_c((*first).keyword);
  parameter->value = parser::to_c((*first).value);
  const std::string_view last =
      (*first).value.data() == nullptr ? (*first).keyword : (*first).value;
  const char* const end = rest->data + rest->size;
  rest->data = last.data() + last.size();
  rest->size = static_cast<size_t>(end - rest->data);
  return 1;
}

size_t smtp_parser_decode_local_part(smtp_parser_view local_part, char* out, size_t capacity) {
  if (!parser::are_usable(local_part, out, capacity)) return SMTP_PARSER_NO_ROOM;
  parser::Path path;
  path.local_part = parser::from_c(local_part);
  path.is_quoted = path.local_part.size() >= 2 && path.local_part.starts_with('"') &&
                   path.local_part.ends_with('"');
  return decode_local_part(path, out);
}

size_t smtp_parser_decode_xtext(smtp_parser_view xtext, char* out, size_t capacity) {
  if (!parser::are_usable(xtext, out, capacity)) return SMTP_PARSER_NO_ROOM;
  return parser::decode_xtext(parser::from_c(xtext), out);
}

size_t smtp_parser_decode_orcpt(smtp_parser_view type, smtp_parser_view address, char* out,
                                size_t capacity) {
  if (!parser::is_usable(type) || !parser::are_usable(address, out, capacity)) {
    return SMTP_PARSER_NO_ROOM;
  }
  return parser::decode_orcpt(parser::from_c(type), parser::from_c(address), out);
}

}  // extern "C"
