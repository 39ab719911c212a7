// The replies of smtp_parser.h, and smtp_parser_ehlo.h.
#include "parser/c_api.h"
#include "parser/capabilities.h"
#include "parser/reply_parser.h"
#include "parser/smtp_parser_ehlo.h"

namespace smtpmark::parser {
namespace {

using PlacedParser = Placed<ReplyParser, smtp_parser_replies, 'r'>;

static_assert(static_cast<int>(ReplyOrigin::kShutdown) == SMTP_PARSER_ORIGIN_SHUTDOWN);
static_assert(static_cast<int>(PriorityProfile::kOther) == SMTP_PARSER_PRIORITY_OTHER);
static_assert(kCapSaml == SMTP_PARSER_CAP_SAML);
static_assert(kAuthUnknown == SMTP_PARSER_AUTH_UNKNOWN);
static_assert(static_cast<int>(kProxyUnknown) == SMTP_PARSER_PROXY_UNKNOWN);

ReplyOptions options_of(const smtp_parser_reply_options* given) noexcept {
  const smtp_parser_reply_options known = read(given);
  ReplyOptions options;
  if (known.max_line != 0) options.max_line = known.max_line;
  if (known.max_lines != 0) options.max_lines = known.max_lines;
  if (known.max_reply != 0) options.max_reply = known.max_reply;
  options.bare_lf_ends_line = known.bare_lf_ends_line != 0;
  options.any_text = known.any_text != 0;
  return options;
}

void write(const ReplyLine& line, smtp_parser_reply& out) noexcept {
  out.error = to_c(line.error);
  out.error_offset = line.error_offset;
  if (line.error != SyntaxError::kNone) return;
  out.code = line.code;
  out.first = static_cast<std::int32_t>(line.first);
  out.last = static_cast<std::int32_t>(line.last);
  out.origin = static_cast<std::int32_t>(line.origin);
  out.enhanced_class = line.enhanced.class_digit;
  out.enhanced_subject = line.enhanced.subject;
  out.enhanced_detail = line.enhanced.detail;
  out.enhanced_mismatch = static_cast<std::int32_t>(line.enhanced_mismatch);
  out.text = to_c(line.text);
}

// Both ways, so that the decoder may add to what earlier lines said.
Capabilities known_to(const smtp_parser_capabilities& given) noexcept {
  Capabilities known;
  known.offered = given.offered;
  known.malformed = given.malformed;
  known.size_limit = given.size_limit;
  known.hold_until_max_s = given.hold_until_max_s;
  known.hold_for_max_s = given.hold_for_max_s;
  known.deliver_by_min_s = given.deliver_by_min_s;
  known.mechanisms = given.mechanisms;
  known.mail_max = given.mail_max;
  known.rcpt_max = given.rcpt_max;
  known.rcpt_domain_max = given.rcpt_domain_max;
  known.xclient = static_cast<std::uint16_t>(given.xclient);
  known.xforward = static_cast<std::uint16_t>(given.xforward);
  known.priority_profile = static_cast<PriorityProfile>(given.priority_profile);
  known.burl_imap = given.burl_imap != 0;
  return known;
}

void write(const Capabilities& known, smtp_parser_capabilities& out) noexcept {
  out.offered = known.offered;
  out.malformed = known.malformed;
  out.size_limit = known.size_limit;
  out.hold_until_max_s = known.hold_until_max_s;
  out.hold_for_max_s = known.hold_for_max_s;
  out.deliver_by_min_s = known.deliver_by_min_s;
  out.mechanisms = known.mechanisms;
  out.mail_max = known.mail_max;
  out.rcpt_max = known.rcpt_max;
  out.rcpt_domain_max = known.rcpt_domain_max;
  out.xclient = known.xclient;
  out.xforward = known.xforward;
  out.priority_profile = static_cast<std::int32_t>(known.priority_profile);
  out.burl_imap = static_cast<std::int32_t>(known.burl_imap);
}

// Names are literals, and so end with NUL.
const char* name_of(std::string_view name) noexcept {
  return name.empty() ? "" : name.data();
}

void write(const CapabilityLine& line, smtp_parser_capability_line& out) noexcept {
  out.capability = line.capability;
  out.error = to_c(line.error);
  out.error_offset = line.error_offset;
  out.keyword = to_c(line.keyword);
  out.value = to_c(line.value);
}

}  // namespace
}  // namespace smtpmark::parser

namespace parser = smtpmark::parser;

extern "C" {

void smtp_parser_replies_init(smtp_parser_replies* place,
                              const smtp_parser_reply_options* options) {
  parser::PlacedParser::init(place, parser::ReplyParser(parser::options_of(options)));
}

smtp_parser_result smtp_parser_replies_feed(smtp_parser_replies* place, const char* data,
                                            size_t size, smtp_parser_reply* out) {
  parser::ReplyParser* const replies = parser::PlacedParser::in(place);
  const smtp_parser_view bytes{data, size};
  if (replies == nullptr || !parser::is_usable(bytes) || !parser::is_usable(out)) {
    return parser::kMisuse;
  }
  parser::ReplyLine line;
  const parser::FeedResult result = replies->feed(parser::from_c(bytes), line);
  if (result.status != parser::Status::kNeedMore) {
    parser::fill(out, [&](smtp_parser_reply& target) { parser::write(line, target); });
  }
  return parser::to_c(result);
}

void smtp_parser_replies_expect(smtp_parser_replies* place, uint32_t replies) {
  parser::ReplyParser* const placed = parser::PlacedParser::in(place);
  if (placed != nullptr) placed->expect(replies);
}

uint64_t smtp_parser_replies_awaited(const smtp_parser_replies* place) {
  const parser::ReplyParser* const placed = parser::PlacedParser::in(place);
  return placed == nullptr ? 0 : placed->awaited();
}

int32_t smtp_parser_capabilities_add(smtp_parser_capabilities* capabilities, smtp_parser_view text,
                                     smtp_parser_capability_line* line) {
  if (!parser::is_usable(capabilities) || !parser::is_usable(text)) return 0;
  if (line != nullptr && !parser::is_usable(line)) return 0;
  parser::Capabilities known = parser::known_to(parser::read(capabilities));
  const parser::CapabilityLine added = known.add(parser::from_c(text));
  parser::fill(capabilities,
               [&](smtp_parser_capabilities& target) { parser::write(known, target); });
  if (line == nullptr) return 1;
  parser::fill(line, [&](smtp_parser_capability_line& target) { parser::write(added, target); });
  return 1;
}

const char* smtp_parser_capability_name(uint64_t capability) {
  return parser::name_of(to_string(static_cast<parser::Capability>(capability)));
}

const char* smtp_parser_mechanism_name(uint32_t mechanism) {
  return parser::name_of(to_string(static_cast<parser::AuthMechanism>(mechanism)));
}

}  // extern "C"
