#include "parser/command_marks.h"

#include "parser/utc_time.h"

namespace smtpmark::parser {
namespace {

constexpr std::ptrdiff_t kMaxLocalPart = 64;  // RFC 5321, 4.5.3.1.1
constexpr std::ptrdiff_t kMaxDomain = 255;    // RFC 5321, 4.5.3.1.2
constexpr std::ptrdiff_t kMaxPath = 256;      // RFC 5321, 4.5.3.1.3: with its angle brackets
constexpr std::ptrdiff_t kMaxEnvid = 100;     // RFC 3461, 4.4: the value, as it is on the wire
constexpr std::ptrdiff_t kMaxOrcpt = 500;     // RFC 3461, 4.2: the same, with its type

}  // namespace

bool Marks::end_host(Octet* end) noexcept {
  return end - host <= kMaxDomain || fail(SyntaxError::kDomainTooLong, host + kMaxDomain);
}

bool Marks::end_literal(Octet* bracket) noexcept {
  const Fault inside = check_address_literal(view(literal + 1, bracket), kind);
  if (inside.error == SyntaxError::kNone) return true;
  kind = DomainKind::kGeneral;
  return (allowed & kAllowAnyLiteral) != 0 || fail(inside.error, literal + 1 + inside.offset);
}

// What stands before `at` may have been wrong already.
void Marks::fail_literal(Octet* at) noexcept {
  const bool is_free = (allowed & kAllowAnyLiteral) != 0;
  DomainKind unused{};
  const Fault inside = check_address_literal(view(literal + 1, at), unused);
  fail(SyntaxError::kBadAddressLiteral, is_free ? at : literal + 1 + inside.offset);
}

// The narrowest limit that is broken has the word.
bool Marks::check_path_limits(Octet* end) noexcept {
  if (local_end - local > kMaxLocalPart) {
    return fail(SyntaxError::kLocalPartTooLong, local + kMaxLocalPart);
  }
  if (host_end - host > kMaxDomain) return fail(SyntaxError::kDomainTooLong, host + kMaxDomain);
  return end - path_begin <= kMaxPath || fail(SyntaxError::kPathTooLong, path_begin + kMaxPath);
}

bool Marks::set_path() noexcept {
  Path& path = command.path;
  path.mailbox = view(local, host_end);
  path.local_part = view(local, local_end);
  path.domain = kind == DomainKind::kNone ? std::string_view() : view(host, host_end);
  path.source_route = route == nullptr ? std::string_view() : view(route, route_end);
  path.domain_kind = kind;
  path.is_quoted = is_quoted;
  path.is_escaped = is_escaped;
  path.is_utf8 = path_utf8 != nullptr;
  return true;
}

// Only "<Postmaster>" needs no domain (RFC 5321, 4.1.1.3), unless others are allowed to go without.
bool Marks::end_domainless(Octet* at, Octet* end) noexcept {
  const bool is_postmaster = command.verb == Verb::kRcpt && route == nullptr &&
                             equals_ignoring_case(view(local, local_end), "Postmaster");
  if (!is_postmaster && !grant(kAllowNoDomain, at)) return false;
  host = host_end = local_end;
  kind = DomainKind::kNone;
  return check_path_limits(end) && set_path();
}

// Keywords that are not known are compared with each other; those that are have their bit.
bool Marks::claim_unknown(Octet* keyword_end) noexcept {
  if (++unknown_parameters > kMaxUnknownParameters) {
    return fail(SyntaxError::kTooManyParameters, begin);
  }
  command.parameters_present |= kParamUnknown;
  const std::string_view keyword = view(begin, keyword_end);
  for (const RawParameter& earlier : RawParameters(view(parameters, begin))) {
    if (equals_ignoring_case(earlier.keyword, keyword)) {
      return fail(SyntaxError::kDuplicateParameter, begin);
    }
  }
  return true;
}

// A limit on the value of a parameter, encoded as it is.
bool Marks::is_within(std::ptrdiff_t limit, Octet* end) noexcept {
  return end - value <= limit || fail(SyntaxError::kBadParameter, value + limit);
}

bool Marks::end_envid(Octet* end) noexcept {
  command.envid = view(value, end);
  return is_within(kMaxEnvid, end);
}

bool Marks::end_orcpt(Octet* end) noexcept {
  command.orcpt = view(value, end);
  command.orcpt_address = without_prefix(command.orcpt, command.orcpt_type.size() + 1);
  return is_within(kMaxOrcpt, end);
}

void Marks::end_by_time(std::uint64_t seconds) noexcept {
  const auto s = static_cast<std::int32_t>(seconds);
  command.by_s = *value == '-' ? -s : s;
}

// A message that must be returned when it is late needs time to be early (RFC 2852, 4).
bool Marks::set_by_return(Octet* at) noexcept {
  if (command.by_s <= 0) return fail(SyntaxError::kBadParameter, at);
  command.by_mode = ByMode::kReturn;
  return true;
}

// The machine has checked the form; what day a month has is left.
bool Marks::end_timestamp(Octet* end, std::int64_t& seconds) noexcept {
  const UtcTime time = decode_utc_time(view(value, end));
  seconds = time.seconds;
  return time.valid || fail(SyntaxError::kBadParameter, value + time.error_offset);
}

Fault Marks::check_smtputf8() const noexcept {
  if (command.verb == Verb::kRcpt) return {};
  if ((command.parameters_present & kParamSmtpUtf8) != 0) return {};
  if ((allowed & kAllowNoSmtpUtf8) != 0) return {};
  return {SyntaxError::kNeedsSmtpUtf8, static_cast<std::size_t>(path_utf8 - line_begin)};
}

// Where the line might end as well, white space is in order until a word follows it.
bool Marks::end_gap(Octet* word) noexcept {
  const bool is_one_space = *gap == ' ' && word - gap == 1;
  return is_one_space || grant(kAllowExtraSpace, word);
}

}  // namespace smtpmark::parser
