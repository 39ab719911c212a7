#include "parser/capabilities.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "parser/ascii.h"
#include "parser/keyword_table.h"
#include "parser/line.h"
#include "parser/utc_time.h"

namespace smtpmark::parser {
namespace {

constexpr KeywordTable kKeywords{std::array{
    Keyword<Capability>{"PIPELINING", kCapPipelining},
    Keyword<Capability>{"SIZE", kCapSize},
    Keyword<Capability>{"8BITMIME", kCap8bitMime},
    Keyword<Capability>{"SMTPUTF8", kCapSmtpUtf8},
    Keyword<Capability>{"CHUNKING", kCapChunking},
    Keyword<Capability>{"BINARYMIME", kCapBinaryMime},
    Keyword<Capability>{"ENHANCEDSTATUSCODES", kCapEnhancedStatusCodes},
    Keyword<Capability>{"STARTTLS", kCapStarttls},
    Keyword<Capability>{"AUTH", kCapAuth},
    Keyword<Capability>{"DSN", kCapDsn},
    Keyword<Capability>{"DELIVERBY", kCapDeliverBy},
    Keyword<Capability>{"FUTURERELEASE", kCapFutureRelease},
    Keyword<Capability>{"MTRK", kCapMtrk},
    Keyword<Capability>{"MT-PRIORITY", kCapMtPriority},
    Keyword<Capability>{"RRVS", kCapRrvs},
    Keyword<Capability>{"REQUIRETLS", kCapRequireTls},
    Keyword<Capability>{"LIMITS", kCapLimits},
    Keyword<Capability>{"BURL", kCapBurl},
    Keyword<Capability>{"ETRN", kCapEtrn},
    Keyword<Capability>{"ATRN", kCapAtrn},
    Keyword<Capability>{"XCLIENT", kCapXclient},
    Keyword<Capability>{"XFORWARD", kCapXforward},
    Keyword<Capability>{"HELP", kCapHelp},
    Keyword<Capability>{"EXPN", kCapExpn},
    Keyword<Capability>{"VRFY", kCapVrfy},
    Keyword<Capability>{"NO-SOLICITING", kCapNoSoliciting},
    Keyword<Capability>{"CHECKPOINT", kCapCheckpoint},
    Keyword<Capability>{"CONNEG", kCapConneg},
    Keyword<Capability>{"CONPERM", kCapConperm},
    Keyword<Capability>{"SUBMITTER", kCapSubmitter},
    Keyword<Capability>{"TURN", kCapTurn},
    Keyword<Capability>{"SEND", kCapSend},
    Keyword<Capability>{"SOML", kCapSoml},
    Keyword<Capability>{"SAML", kCapSaml},
}};

constexpr KeywordTable kMechanisms{std::array{
    Keyword<AuthMechanism>{"PLAIN", kAuthPlain},
    Keyword<AuthMechanism>{"LOGIN", kAuthLogin},
    Keyword<AuthMechanism>{"CRAM-MD5", kAuthCramMd5},
    Keyword<AuthMechanism>{"SCRAM-SHA-1", kAuthScramSha1},
    Keyword<AuthMechanism>{"SCRAM-SHA-256", kAuthScramSha256},
    Keyword<AuthMechanism>{"XOAUTH2", kAuthXoauth2},
    Keyword<AuthMechanism>{"OAUTHBEARER", kAuthOauthBearer},
    Keyword<AuthMechanism>{"SCRAM-SHA-1-PLUS", kAuthScramSha1Plus},
    Keyword<AuthMechanism>{"SCRAM-SHA-256-PLUS", kAuthScramSha256Plus},
    Keyword<AuthMechanism>{"SCRAM-SHA-512", kAuthScramSha512},
    Keyword<AuthMechanism>{"SCRAM-SHA-512-PLUS", kAuthScramSha512Plus},
    Keyword<AuthMechanism>{"EXTERNAL", kAuthExternal},
    Keyword<AuthMechanism>{"GSSAPI", kAuthGssapi},
    Keyword<AuthMechanism>{"ANONYMOUS", kAuthAnonymous},
    Keyword<AuthMechanism>{"NTLM", kAuthNtlm},
    Keyword<AuthMechanism>{"DIGEST-MD5", kAuthDigestMd5},
    Keyword<AuthMechanism>{"GS2-KRB5", kAuthGs2Krb5},
    Keyword<AuthMechanism>{"GS2-KRB5-PLUS", kAuthGs2Krb5Plus},
}};

constexpr KeywordTable kAttributes{std::array{
    Keyword<ProxyAttribute>{"NAME", kProxyName},
    Keyword<ProxyAttribute>{"ADDR", kProxyAddr},
    Keyword<ProxyAttribute>{"PORT", kProxyPort},
    Keyword<ProxyAttribute>{"PROTO", kProxyProto},
    Keyword<ProxyAttribute>{"HELO", kProxyHelo},
    Keyword<ProxyAttribute>{"LOGIN", kProxyLogin},
    Keyword<ProxyAttribute>{"DESTADDR", kProxyDestAddr},
    Keyword<ProxyAttribute>{"DESTPORT", kProxyDestPort},
    Keyword<ProxyAttribute>{"IDENT", kProxyIdent},
    Keyword<ProxyAttribute>{"SOURCE", kProxySource},
}};

constexpr KeywordTable kPriorityProfiles{std::array{
    Keyword<PriorityProfile>{"MIXER", PriorityProfile::kMixer},
    Keyword<PriorityProfile>{"STANAG4406", PriorityProfile::kStanag4406},
    Keyword<PriorityProfile>{"NSEP", PriorityProfile::kNsep},
}};

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t';
}
constexpr KeywordTable kLimits{std::array{
    Keyword<std::uint32_t Capabilities::*>{"RCPTMAX", &Capabilities::rcpt_max},
    Keyword<std::uint32_t Capabilities::*>{"MAILMAX", &Capabilities::mail_max},
    Keyword<std::uint32_t Capabilities::*>{"RCPTDOMAINMAX", &Capabilities::rcpt_domain_max},
}};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (to_upper(c) >= 'A' && to_upper(c) <= 'Z');
}

bool is_keyword_octet(char c) noexcept {
  return is_alphanumeric(c) || c == '-';
}
bool is_limit_octet(char c) noexcept {
  return is_keyword_octet(c) || c == '_';
}
const char* end_of_keyword(std::string_view word) noexcept {
  if (word.starts_with('-')) return word.data();
  return std::find_if_not(word.begin(), word.end(), is_keyword_octet);
}

// What is wrong with a value, and where.
struct ValueFault {
  SyntaxError error = SyntaxError::kNone;
  const char* at = nullptr;
  bool any() const noexcept { return error != SyntaxError::kNone; }
};

ValueFault bad_parameter(const char* at) noexcept {
  return {SyntaxError::kBadParameter, at};
}

std::string_view without_leading_space(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// Takes the next word off the front of `text`; empty, and at its end, when there is none.
std::string_view take_word(std::string_view& text) noexcept {
  text = without_leading_space(text);
  std::size_t size = 0;
  while (size < text.size() && !is_space(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

std::string_view without_outer_space(std::string_view text) noexcept {
  text = without_leading_space(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Only digits, and too few to overflow; nothing else is told of others.
bool decode_short_number(std::string_view digits, std::uint64_t& number) noexcept {
  constexpr std::size_t kFew = 19;
  if (digits.empty() || digits.size() > kFew) return false;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  number = value;
  return true;
}

struct NumberForm {
  std::uint64_t most;
  std::size_t most_digits;  // leading zeros included
};

// A number of that form; `number` is 0 otherwise.
template <typename Number>
ValueFault decode_number(std::string_view digits, NumberForm form, Number& number) noexcept {
  number = 0;
  if (digits.empty()) return bad_parameter(digits.data());
  std::uint64_t value = 0;
  for (const char& c : digits) {
    if (!is_digit(c)) return bad_parameter(&c);
    if (!append_digit(value, static_cast<unsigned char>(c)) || value > form.most) {
      return {SyntaxError::kNumberOverflow, &c};
    }
    if (&c == digits.data() + form.most_digits) return bad_parameter(&c);
  }
  number = static_cast<Number>(value);
  return {};
}

constexpr NumberForm kSizeForm{std::numeric_limits<std::uint64_t>::max(), 20};
constexpr NumberForm kNineDigits{999'999'999, 9};
constexpr NumberForm kSixDigits{999'999, 6};

// A word behind the last one that may be there.
ValueFault check_end(std::string_view rest) noexcept {
  const std::string_view word = take_word(rest);
  return word.empty() ? ValueFault{} : bad_parameter(word.data());
}

// RFC 5321, 4.1.1.1: ehlo-keyword
ValueFault check_keyword(std::string_view word) noexcept {
  const char* const wrong = end_of_keyword(word);
  if (wrong == word.data() + word.size() && !word.empty()) return {};
  return {SyntaxError::kBadSyntax, wrong};
}

// RFC 1870, 4: [ 1*20DIGIT ]
ValueFault decode_size(std::string_view value, Capabilities& out) noexcept {
  if (decode_short_number(value, out.size_limit)) return {};
  out.size_limit = 0;
  if (value.empty()) return {};
  const ValueFault fault = decode_number(take_word(value), kSizeForm, out.size_limit);
  return fault.any() ? fault : check_end(value);
}

// RFC 2852, 2: any CHAR but SP, "," and controls
constexpr bool is_token_octet(char c) noexcept {
  return c > ' ' && c <= '~' && c != ',';
}

// RFC 2852, 2: *( "," extension-token )
ValueFault check_tokens(std::string_view list) noexcept {
  while (!list.empty()) {
    const auto* const token = list.begin() + 1;
    const auto* const end = std::find_if_not(token, list.end(), is_token_octet);
    if (end == token || (end != list.end() && *end != ',')) return bad_parameter(end);
    list.remove_prefix(static_cast<std::size_t>(end - list.begin()));
  }
  return {};
}

// RFC 2852, 2: [ 1*9DIGIT ] *( "," extension-token )
ValueFault decode_deliver_by(std::string_view value, Capabilities& out) noexcept {
  out.deliver_by_min_s = 0;
  const std::string_view word = take_word(value);
  const std::size_t length = std::min(word.find(','), word.size());
  if (length > 0) {
    const ValueFault fault =
        decode_number(word.substr(0, length), kNineDigits, out.deliver_by_min_s);
    if (fault.any()) return fault;
  }
  const ValueFault fault = check_tokens(word.substr(length));
  return fault.any() ? fault : check_end(value);
}

// RFC 4865, 3: longest interval, from 1, and latest date-time, both required
ValueFault decode_future_release(std::string_view value, Capabilities& out) noexcept {
  out.hold_until_max_s = 0;
  const std::string_view interval = take_word(value);
  if (interval.starts_with('0')) return bad_parameter(interval.data());
  const ValueFault fault = decode_number(interval, kNineDigits, out.hold_for_max_s);
  if (fault.any()) return fault;
  const std::string_view time = take_word(value);
  const UtcTime decoded = decode_utc_time(time);
  if (!decoded.valid) return bad_parameter(time.data() + decoded.error_offset);
  out.hold_until_max_s = decoded.seconds < 0 ? 0 : static_cast<std::uint64_t>(decoded.seconds);
  return check_end(value);
}

// RFC 6710, 3: at most one name
ValueFault decode_priority(std::string_view value, Capabilities& out) noexcept {
  out.priority_profile = PriorityProfile::kNone;
  const std::string_view name = take_word(value);
  if (name.empty()) return {};
  out.priority_profile = kPriorityProfiles.find(word_of(name), PriorityProfile::kOther);
  return check_end(value);
}

// RFC 9422, 3: any VCHAR but ";"
constexpr bool is_limit_value_octet(char c) noexcept {
  return c > ' ' && c <= '~' && c != ';';
}

// RFC 9422, 3: limit-name [ "=" limit-value ]
ValueFault check_limit(std::string_view item) noexcept {
  const auto* const name_end = std::find_if_not(item.begin(), item.end(), is_limit_octet);
  if (name_end == item.begin()) return bad_parameter(name_end);
  if (name_end == item.end()) return {};
  const auto* const value = name_end + 1;
  const auto* const value_end = std::find_if_not(value, item.end(), is_limit_value_octet);
  if (*name_end != '=') return bad_parameter(name_end);
  return value != item.end() && value_end == item.end() ? ValueFault{} : bad_parameter(value_end);
}

// One at least.
ValueFault check_limits(std::string_view value) noexcept {
  std::string_view item = take_word(value);
  ValueFault fault = check_limit(item);
  while (!fault.any() && !(item = take_word(value)).empty()) fault = check_limit(item);
  return fault;
}

// RFC 9422, 4: the values of those that are known are 1 to 999999
ValueFault decode_limit(std::string_view item, Capabilities& out) noexcept {
  const std::size_t name_size = std::min(item.find('='), item.size());
  const auto limit = kLimits.find(word_of(item.substr(0, name_size)), nullptr);
  if (limit == nullptr) return {};
  out.*limit = 0;
  if (name_size == item.size()) return bad_parameter(item.data() + name_size);
  const std::string_view digits = without_prefix(item, name_size + 1);
  if (digits.starts_with('0')) return bad_parameter(digits.data());
  return decode_number(digits, kSixDigits, out.*limit);
}

// RFC 9422, 3.7: a value that does not follow the grammar says nothing at all; a limit with a wrong
// number does not take the others along.
ValueFault decode_limits(std::string_view value, Capabilities& out) noexcept {
  ValueFault first = check_limits(value);
  if (first.any()) {
    out.mail_max = out.rcpt_max = out.rcpt_domain_max = 0;
    return first;
  }
  for (std::string_view item = take_word(value); !item.empty(); item = take_word(value)) {
    const ValueFault fault = decode_limit(item, out);
    if (!first.any()) first = fault;
  }
  return first;
}

template <typename Bit, std::size_t kSize, typename Set>
void add_words(const KeywordTable<Bit, kSize>& table, Bit otherwise, std::string_view words,
               Set& set) noexcept {
  for (words = without_leading_space(words); !words.empty(); words = without_leading_space(words)) {
    const Word word = first_word(words);
    set = static_cast<Set>(set | table.find(word, otherwise));
    words.remove_prefix(word.size);
  }
}

// RFC 4468, 3.2: "imap" for any server, or the URLs of those that may be used
ValueFault decode_burl(std::string_view value, Capabilities& out) noexcept {
  for (std::string_view word = take_word(value); !word.empty(); word = take_word(value)) {
    out.burl_imap = out.burl_imap || equals_ignoring_case(word, "imap");
  }
  return {};
}

// RFC 3865, 3: words that begin with a letter, with commas between them
ValueFault check_solicitation(std::string_view value) noexcept {
  const std::string_view list = take_word(value);
  bool word_start = true;
  for (const char& c : list) {
    const bool fits = word_start
                          ? is_alphanumeric(c) && !is_digit(c)
                          : is_keyword_octet(c) || c == '.' || c == '_' || c == ':' || c == ',';
    if (!fits) return bad_parameter(&c);
    word_start = c == ',';
  }
  if (word_start && !list.empty()) return bad_parameter(list.data() + list.size());
  return check_end(value);
}

constexpr std::uint64_t kWithValue = kCapSize | kCapAuth | kCapDeliverBy | kCapFutureRelease |
                                     kCapMtPriority | kCapLimits | kCapBurl | kCapXclient |
                                     kCapXforward | kCapNoSoliciting;
constexpr std::uint64_t kWithoutValue = ~kWithValue;

// Nothing of a malformed value is kept but its words: a set, and the limits with a right number.
void forget_value(Capability capability, Capabilities& out) noexcept {
  switch (capability) {
    case kCapSize: out.size_limit = 0; break;
    case kCapDeliverBy: out.deliver_by_min_s = 0; break;
    case kCapFutureRelease:
      out.hold_for_max_s = 0;
      out.hold_until_max_s = 0;
      break;
    case kCapMtPriority: out.priority_profile = PriorityProfile::kNone; break;
    default: break;
  }
}

ValueFault decode_value(Capability capability, std::string_view value, Capabilities& out) noexcept {
  switch (capability) {
    case kCapSize: return decode_size(value, out);
    case kCapAuth: add_words(kMechanisms, kAuthUnknown, value, out.mechanisms); return {};
    case kCapDeliverBy: return decode_deliver_by(value, out);
    case kCapFutureRelease: return decode_future_release(value, out);
    case kCapMtPriority: return decode_priority(value, out);
    case kCapLimits: return decode_limits(value, out);
    case kCapBurl: return decode_burl(value, out);
    case kCapXclient: add_words(kAttributes, kProxyUnknown, value, out.xclient); return {};
    case kCapXforward: add_words(kAttributes, kProxyUnknown, value, out.xforward); return {};
    case kCapNoSoliciting: return check_solicitation(value);
    default: return {};
  }
}

// A line that has more to it than a keyword.
[[gnu::noinline]] CapabilityLine add_value(std::string_view text, Capabilities& out) noexcept {
  CapabilityLine line;
  const std::string_view begun = without_leading_space(text);
  const Word keyword = first_word(begun);
  line.keyword = begun.substr(0, keyword.size);
  line.value = without_outer_space(without_prefix(begun, keyword.size));
  line.capability = kKeywords.find(keyword, kCapNone);
  const ValueFault fault = line.capability == kCapNone
                               ? check_keyword(line.keyword)
                               : decode_value(line.capability, line.value, out);
  out.offered |= line.capability;
  out.malformed &= ~std::uint64_t{line.capability};
  if (!fault.any()) return line;
  out.malformed |= line.capability;
  forget_value(line.capability, out);
  line.error = fault.error;
  line.error_offset = static_cast<std::uint32_t>(fault.at - text.data());
  return line;
}

}  // namespace

std::string_view to_string(Capability capability) noexcept {
  return kKeywords.name_of(capability);
}

std::string_view to_string(AuthMechanism mechanism) noexcept {
  return kMechanisms.name_of(mechanism);
}

CapabilityLine Capabilities::add(std::string_view text) noexcept {
  const Capability whole = kKeywords.find(word_of(text), kCapNone);
  if ((whole & kWithoutValue) == 0) return add_value(text, *this);
  offered |= whole;
  return {whole, SyntaxError::kNone, 0, text, without_prefix(text, text.size())};
}

}  // namespace smtpmark::parser
