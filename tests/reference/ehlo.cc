#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "parser/capabilities.h"
#include "tests/events/event_text.h"
#include "tests/reference/date_time.h"
#include "tests/reference/reference.h"
#include "tests/reference/replies.h"
#include "tests/reference/scanner.h"

namespace smtpmark::reference {
namespace {

using namespace parser;

// A word of an EHLO line and its place in the text behind the reply code.
struct Word {
  std::string_view text;
  std::size_t at = 0;
};

// Split at SP and HTAB; at the end an empty word, so that there is always a next one.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::size_t at = 0;
  const auto is_space = [&] { return text[at] == ' ' || text[at] == '\t'; };
  for (;;) {
    while (at < text.size() && is_space()) ++at;
    const std::size_t begin = at;
    while (at < text.size() && !is_space()) ++at;
    words.push_back({text.substr(begin, at - begin), begin});
    if (at == begin) return words;
  }
}

template <typename Bit>
std::map<std::string, Bit> names_of(unsigned bits) {
  std::map<std::string, Bit> names;
  for (unsigned i = 0; i < bits; ++i) {
    const Bit bit = static_cast<Bit>(std::uint64_t{1} << i);
    if (!to_string(bit).empty()) names.emplace(to_string(bit), bit);
  }
  return names;
}

Capability capability_of(std::string_view keyword) {
  static const auto known_names = names_of<Capability>(64);
  const auto found = known_names.find(in_capitals(keyword));
  return found == known_names.end() ? kCapNone : found->second;
}

AuthMechanism mechanism_of(std::string_view name) {
  static const auto known_names = names_of<AuthMechanism>(31);
  const auto found = known_names.find(in_capitals(name));
  return found == known_names.end() ? kAuthUnknown : found->second;
}

ProxyAttribute attribute_of(std::string_view name) {
  static const std::map<std::string, ProxyAttribute> known_names{
      {"NAME", kProxyName},         {"ADDR", kProxyAddr},         {"PORT", kProxyPort},
      {"PROTO", kProxyProto},       {"HELO", kProxyHelo},         {"LOGIN", kProxyLogin},
      {"DESTADDR", kProxyDestAddr}, {"DESTPORT", kProxyDestPort}, {"IDENT", kProxyIdent},
      {"SOURCE", kProxySource},
  };
  const auto found = known_names.find(in_capitals(name));
  return found == known_names.end() ? kProxyUnknown : found->second;
}

// The value of one keyword; what is wrong with it first is kept.
class Value {
 public:
  Value(std::vector<Word> words, Capabilities& offer, CapabilityLine& line)
      : words_(std::move(words)), offer_(offer), line_(line) {}

  void decode(Capability capability) {
    switch (capability) {
      case kCapSize: size(); break;
      case kCapAuth: auth(); break;
      case kCapDeliverBy: deliver_by(); break;
      case kCapFutureRelease: future_release(); break;
      case kCapMtPriority: mt_priority(); break;
      case kCapLimits: limits(); break;
      case kCapBurl: burl(); break;
      case kCapXclient: attributes(offer_.xclient); break;
      case kCapXforward: attributes(offer_.xforward); break;
      case kCapNoSoliciting: no_soliciting(); break;
      default: break;
    }
  }

 private:
  bool fail(SyntaxError error, std::size_t at) {
    if (line_.error == SyntaxError::kNone) {
      line_.error = error;
      line_.error_offset = static_cast<std::uint32_t>(at);
    }
    return false;
  }

  const Word& word(std::size_t index) const { return words_[index]; }
  bool check_end(std::size_t count) {
    return word(count).text.empty() || fail(SyntaxError::kBadParameter, word(count).at);
  }

  template <typename Number>
  bool number(std::string_view digits, std::size_t at, std::uint64_t most, std::size_t most_digits,
              Number& out) {
    if (digits.empty()) return fail(SyntaxError::kBadParameter, at);
    for (std::size_t i = 1; i <= digits.size(); ++i) {
      std::uint64_t value = 0;
      if (!is_digit(static_cast<unsigned char>(digits[i - 1]))) {
        return fail(SyntaxError::kBadParameter, at + i - 1);
      }
      const auto read = std::from_chars(digits.data(), digits.data() + i, value);
      if (read.ec != std::errc() || value > most) {
        return fail(SyntaxError::kNumberOverflow, at + i - 1);
      }
      if (i > most_digits) return fail(SyntaxError::kBadParameter, at + i - 1);
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return true;
  }

  // size-param ::= [1*20DIGIT] (RFC 1870, 6)
  void size() {
    offer_.size_limit = 0;
    if (word(0).text.empty()) return;
    if (number(word(0).text, word(0).at, UINT64_MAX, 20, offer_.size_limit)) check_end(1);
  }

  // auth-mechanisms (RFC 4954, 3)
  void auth() {
    for (const Word& name : words_) {
      if (!name.text.empty()) offer_.mechanisms |= mechanism_of(name.text);
    }
  }

  // deliverby-param = min-by-time *( ',' extension-token )    min-by-time = [1*9DIGIT]
  // extension-token = 1*<any CHAR excluding SP, COMMA and all control characters> (RFC 2852, 2)
  void deliver_by() {
    offer_.deliver_by_min_s = 0;
    const Word& all = word(0);
    const std::string_view digits = all.text.substr(0, all.text.find(','));
    if (!digits.empty() && !number(digits, all.at, 999'999'999, 9, offer_.deliver_by_min_s)) return;
    for (std::size_t i = digits.size(); i < all.text.size(); ++i) {
      const char c = all.text[i];
      const bool empty_token = c == ',' && i > digits.size() && all.text[i - 1] == ',';
      if (empty_token || c < 0x21 || c > 0x7e) {
        fail(SyntaxError::kBadParameter, all.at + i);
        return;
      }
    }
    if (digits.size() < all.text.size() && all.text.ends_with(',')) {
      fail(SyntaxError::kBadParameter, all.at + all.text.size());
    } else if (!all.text.empty()) {
      check_end(1);
    }
  }

  // max-future-release-interval SP max-future-release-date-time (RFC 4865, 3)
  // future-release-integer = %x31-39 *8DIGIT
  void future_release() {
    offer_.hold_for_max_s = 0;
    offer_.hold_until_max_s = 0;
    if (word(0).text.starts_with('0')) {
      fail(SyntaxError::kBadParameter, word(0).at);
      return;
    }
    if (!number(word(0).text, word(0).at, 999'999'999, 9, offer_.hold_for_max_s)) return;
    const Word& time = word(1);
    const std::string line = std::string(time.text) + "\r\n";
    Scanner scan(line);
    std::int64_t seconds = 0;
    const bool good = date_time(scan, seconds) && scan.rest() == "\r\n";
    if (!good) {
      const bool failed = scan.error() != SyntaxError::kNone;
      fail(SyntaxError::kBadParameter, time.at + (failed ? scan.error_offset() : scan.at()));
      return;
    }
    offer_.hold_until_max_s = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
    check_end(2);
  }

  // One name of a profile (RFC 6710, 3)
  void mt_priority() {
    const std::string name = in_capitals(word(0).text);
    offer_.priority_profile = name.empty()           ? PriorityProfile::kNone
                              : name == "MIXER"      ? PriorityProfile::kMixer
                              : name == "STANAG4406" ? PriorityProfile::kStanag4406
                              : name == "NSEP"       ? PriorityProfile::kNsep
                                                     : PriorityProfile::kOther;
    if (!name.empty()) check_end(1);
  }

  // limits-param = limit-name-value 0*[SP limit-name-value] (RFC 9422, 3)
  void limits() {
    const std::size_t items = std::max<std::size_t>(words_.size() - 1, 1);
    for (std::size_t i = 0; i < items; ++i) {
      if (limit_name_value(word(i))) continue;
      offer_.mail_max = offer_.rcpt_max = offer_.rcpt_domain_max = 0;  // 3.7
      return;
    }
    for (const Word& item : words_) limit(item);
  }

  // limit-name-value = limit-name ["=" limit-value]    limit-name = 1*(ALPHA / DIGIT / "-" / "_")
  // limit-value = 1*(%x21-3A / %x3C-7E) ; Any VCHAR except ";"
  bool limit_name_value(const Word& item) {
    const std::size_t equals = std::min(item.text.find('='), item.text.size());
    for (std::size_t i = 0; i < item.text.size(); ++i) {
      const auto c = static_cast<unsigned char>(item.text[i]);
      const bool fits = i < equals    ? is_let_dig(c) || c == '-' || c == '_'
                        : i == equals ? i > 0
                                      : (c >= 0x21 && c <= 0x3a) || (c >= 0x3c && c <= 0x7e);
      if (!fits) return fail(SyntaxError::kBadParameter, item.at + i);
    }
    if (item.text.empty() || equals + 1 == item.text.size()) {
      return fail(SyntaxError::kBadParameter, item.at + item.text.size());
    }
    return true;
  }

  // %x31-39 0*5DIGIT ; "0" not allowed, six-digit maximum (RFC 9422, 4)
  void limit(const Word& item) {
    const std::size_t equals = std::min(item.text.find('='), item.text.size());
    const std::string name = in_capitals(item.text.substr(0, equals));
    std::uint32_t* const number_of_name = name == "MAILMAX"         ? &offer_.mail_max
                                          : name == "RCPTMAX"       ? &offer_.rcpt_max
                                          : name == "RCPTDOMAINMAX" ? &offer_.rcpt_domain_max
                                                                    : nullptr;
    if (number_of_name == nullptr) return;
    *number_of_name = 0;
    const std::size_t digits = equals + 1;
    if (equals == item.text.size() || item.text.substr(digits).starts_with('0')) {
      fail(SyntaxError::kBadParameter, item.at + std::min(digits, item.text.size()));
      return;
    }
    number(item.text.substr(digits), item.at + digits, 999'999, 6, *number_of_name);
  }

  // "imap" or URLs (RFC 4468, 3.2)
  void burl() {
    for (const Word& name : words_) {
      if (in_capitals(name.text) == "IMAP") offer_.burl_imap = true;
    }
  }

  void attributes(std::uint16_t& set) {
    for (const Word& name : words_) {
      if (!name.text.empty()) set = static_cast<std::uint16_t>(set | attribute_of(name.text));
    }
  }

  // Solicitation-keywords = word *( "," word )    word = ALPHA *wordchar (RFC 3865, 3)
  void no_soliciting() {
    const Word& list = word(0);
    if (list.text.empty()) return;
    bool begins = true;
    for (std::size_t i = 0; i < list.text.size(); ++i) {
      const auto c = static_cast<unsigned char>(list.text[i]);
      const bool is_letter = is_let_dig(c) && !is_digit(c);
      const bool fits =
          begins ? is_letter
                 : is_let_dig(c) || (c < 0x80 &&
                                     std::string_view("-._:,").find(static_cast<char>(c)) !=
                                         std::string_view::npos &&
                                     c != 0);
      if (!fits) {
        fail(SyntaxError::kBadParameter, list.at + i);
        return;
      }
      begins = c == ',';
    }
    if (begins) {
      fail(SyntaxError::kBadParameter, list.at + list.text.size());
    } else {
      check_end(1);
    }
  }

  std::vector<Word> words_;
  Capabilities& offer_;
  CapabilityLine& line_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// ehlo-keyword = ( ALPHA / DIGIT ) *( ALPHA / DIGIT / "-" )
std::size_t viable_keyword(std::string_view keyword) {
  std::size_t at = 0;
  while (at < keyword.size() &&
         (is_let_dig(static_cast<unsigned char>(keyword[at])) || (at > 0 && keyword[at] == '-'))) {
    ++at;
  }
  return at;
}

// What was said of a number or a profile means nothing when it is malformed.
void forget(Capability capability, Capabilities& offer) {
  if (capability == kCapSize) offer.size_limit = 0;
  if (capability == kCapDeliverBy) offer.deliver_by_min_s = 0;
  if (capability == kCapFutureRelease) offer.hold_for_max_s = 0;
  if (capability == kCapFutureRelease) offer.hold_until_max_s = 0;
  if (capability == kCapMtPriority) offer.priority_profile = PriorityProfile::kNone;
}

CapabilityLine ehlo_line(std::string_view text, Capabilities& offer) {
  CapabilityLine line;
  std::vector<Word> words = words_of(text);
  const Word keyword = words.front();
  line.keyword = keyword.text;
  line.value = trimmed(text.substr(keyword.at + keyword.text.size()));
  line.capability = capability_of(keyword.text);
  if (line.capability == kCapNone) {
    const std::size_t viable = viable_keyword(keyword.text);
    if (viable < keyword.text.size() || keyword.text.empty()) {
      line.error = SyntaxError::kBadSyntax;
      line.error_offset = static_cast<std::uint32_t>(keyword.at + viable);
    }
    return line;
  }
  words.erase(words.begin());
  // What is missing is missed behind the last word, not behind the white space there.
  if (!line.value.empty())
    words.back().at = words[words.size() - 2].at + words[words.size() - 2].text.size();
  offer.offered |= line.capability;
  Value(words, offer, line).decode(line.capability);
  offer.malformed &= ~std::uint64_t{line.capability};
  if (line.error == SyntaxError::kNone) return line;
  offer.malformed |= line.capability;
  forget(line.capability, offer);
  return line;
}

}  // namespace

Log ehlo(std::string_view input) {
  Log log;
  ReplyReader reader(input);
  Capabilities offer;
  ReplyLine line;
  while (reader.next(line)) {
    const bool rejected = line.error != SyntaxError::kNone;
    const std::string event = rejected || line.first
                                  ? events::describe(line)
                                  : events::describe(ehlo_line(line.text, offer));
    log.push_back(std::to_string(reader.consumed()) + ": " + event);
    if (rejected) return log;
    if (line.last) break;
  }
  log.push_back(events::describe(offer));
  return log;
}

}  // namespace smtpmark::reference
