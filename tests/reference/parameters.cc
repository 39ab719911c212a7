#include "tests/reference/parameters.h"

#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/reference/date_time.h"
#include "tests/reference/limits.h"

namespace smtpmark::reference {
namespace {

using namespace parser;

bool is_xchar(unsigned char c) {
  return c >= '!' && c <= '~' && c != '+' && c != '=';
}

bool is_capital_hex(unsigned char c) {
  return is_digit(c) || (c >= 'A' && c <= 'F');
}

// What the hexchars of an xtext may stand for.
enum class Encoded {
  kPrintable,  // "printable (graphic and white space)" US-ASCII (RFC 3461, 4.2 and 4.4)
  kNoControl,  // a mailbox (RFC 4954, 5) or a word, which may be UTF-8
};

// hexchar = "+" 2( DIGIT / "A" to "F" ), behind its "+"
bool hexchar(Scanner& scan, Encoded allowed) {
  const unsigned char high = scan.peek();
  const bool is_ascii = high >= '2' && high <= '7';
  const bool is_above = high == '8' || high == '9' || (high >= 'A' && high <= 'F');
  if (!is_ascii && !(is_above && allowed == Encoded::kNoControl)) return scan.fail_here();
  scan.move_to(scan.at() + 1);
  const unsigned char low = scan.peek();
  if (!is_capital_hex(low) || (high == '7' && low == 'F')) return scan.fail_here();
  scan.move_to(scan.at() + 1);
  return true;
}

// xtext = *( xchar / hexchar ) (RFC 3461, 4)
bool xtext(Scanner& scan, Encoded allowed) {
  for (;;) {
    if (is_xchar(scan.peek())) {
      scan.move_to(scan.at() + 1);
    } else if (scan.take('+')) {
      if (!hexchar(scan, allowed)) return false;
    } else {
      return true;
    }
  }
}

// EmbeddedUnicodeChar = "\x" "{" HEXPOINT "}" (RFC 6533, 3), behind its backslash
bool embedded_unicode_char(Scanner& scan) {
  static const std::string hex = "0123456789ABCDEFabcdef";
  static const std::string nz = hex.substr(1);
  static const std::string nzd = "123456789ABCEFabcef";
  // A line of HEXPOINT each, digit by digit.
  static const std::vector<std::vector<std::string>> points{
      {"01", "123456789", "}"},
      {"1", "0", "}"},
      {"2", "0", "}"},
      {"2", "Bb", "}"},
      {"3", "Dd", "}"},
      {"7", "Ff", "}"},
      {"5", "Cc", "}"},
      {"89ABCDEFabcdef", hex, "}"},
      {nz, hex, hex, "}"},
      {nzd, hex, hex, hex, "}"},
      {"Dd", "01234567", hex, hex, "}"},
      {nz, hex, hex, hex, hex, "}"},
      {"1", "0", hex, hex, hex, hex, "}"},
  };
  if (!scan.expect('x') || !scan.expect('{')) return false;
  std::vector<std::vector<std::string>> viable = points;
  for (std::size_t i = 0;; ++i) {
    const unsigned char c = scan.peek();
    const auto differs = [&](const std::vector<std::string>& point) {
      return i >= point.size() || c == '\0' || c >= 0x80 ||
             point[i].find(static_cast<char>(c)) == std::string::npos;
    };
    std::erase_if(viable, differs);
    if (viable.empty()) return scan.fail_here();
    scan.move_to(scan.at() + 1);
    if (c == '}') return true;
  }
}

// utf-8-addr-xtext, utf-8-addr-unitext = 1*( QUCHAR / EmbeddedUnicodeChar ) (RFC 6533, 3)
bool utf8_address(Scanner& scan) {
  const std::size_t begin = scan.at();
  for (;;) {
    if (scan.peek() >= 0x80) {
      if (!scan.utf8()) return false;
    } else if (scan.take('\\')) {
      if (!embedded_unicode_char(scan)) return false;
    } else if (is_xchar(scan.peek())) {
      scan.move_to(scan.at() + 1);
    } else {
      return scan.at() > begin || scan.fail_here();
    }
  }
}

bool some_xtext(Scanner& scan, Encoded allowed, std::string_view& value) {
  const std::size_t begin = scan.at();
  if (!xtext(scan, allowed)) return false;
  value = scan.from(begin);
  return !value.empty() || scan.fail_here();
}

// least*most DIGIT, no number but below 2^64
bool digits(Scanner& scan, std::size_t most, std::uint64_t& value) {
  const std::size_t begin = scan.at();
  while (is_digit(scan.peek()) && scan.at() - begin < most) {
    scan.move_to(scan.at() + 1);
    const std::string_view text = scan.from(begin);
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
      return scan.fail(SyntaxError::kNumberOverflow, scan.at() - 1);
    }
  }
  return scan.at() > begin || scan.fail_here();
}

bool size_value(Scanner& scan, Command& command) {
  return digits(scan, 20, command.size);  // size-value = 1*20DIGIT (RFC 1870, 6)
}

bool body_value(Scanner& scan, Command& command) {
  const int which = scan.one_of({"7BIT", "8BITMIME", "BINARYMIME"});
  command.body = static_cast<BodyType>(which);
  return which >= 0;
}

bool ret_value(Scanner& scan, Command& command) {
  const int which = scan.one_of({"FULL", "HDRS"});
  command.ret_full = which == 0;
  return which >= 0;
}

bool envid_value(Scanner& scan, Command& command) {
  return some_xtext(scan, Encoded::kPrintable, command.envid);
}

bool auth_value(Scanner& scan, Command& command) {
  return some_xtext(scan, Encoded::kNoControl, command.auth_param);
}

// notify-esmtp-value = "NEVER" / ( notify-list-element *( "," notify-list-element ) )
bool notify_value(Scanner& scan, Command& command) {
  constexpr std::uint8_t kBits[] = {kNotifySuccess, kNotifyFailure, kNotifyDelay, kNotifyNever};
  command.notify = 0;
  int which = scan.one_of({"SUCCESS", "FAILURE", "DELAY", "NEVER"});
  while (which >= 0) {
    command.notify = static_cast<std::uint8_t>(command.notify | kBits[which]);
    if (which == 3 || !scan.take(',')) return true;
    which = scan.one_of({"SUCCESS", "FAILURE", "DELAY"});
  }
  return false;
}

// original-recipient-address = addr-type ";" xtext (RFC 3461, 4.2), or "utf-8;" and its own
// encoding
bool orcpt_value(Scanner& scan, Command& command) {
  const std::size_t begin = scan.at();
  while (is_atext(scan.peek()) && scan.peek() != '=') scan.move_to(scan.at() + 1);
  command.orcpt_type = scan.from(begin);
  if (command.orcpt_type.empty() || !scan.expect(';')) return scan.fail_here();
  const std::size_t address = scan.at();
  const bool is_utf8 = in_capitals(command.orcpt_type) == "UTF-8";
  if (!(is_utf8 ? utf8_address(scan) : xtext(scan, Encoded::kPrintable))) return false;
  command.orcpt_address = scan.from(address);
  command.orcpt = scan.from(begin);
  return true;
}

// by-value = by-time ";" by-mode [by-trace] (RFC 2852, 4)
bool by_value(Scanner& scan, Command& command) {
  const bool is_negative = scan.peek() == '-';
  if (!scan.take('+')) scan.take('-');
  std::uint64_t seconds = 0;
  if (!digits(scan, 9, seconds) || !scan.expect(';')) return false;
  command.by_s = static_cast<std::int32_t>(seconds);
  if (is_negative) command.by_s = -command.by_s;
  const std::size_t mode_at = scan.at();
  const int mode = scan.one_of({"N", "R"});
  if (mode < 0) return false;
  if (mode == 1 && command.by_s <= 0) return scan.fail(SyntaxError::kBadParameter, mode_at);
  command.by_mode = mode == 0 ? ByMode::kNotify : ByMode::kReturn;
  command.by_trace = scan.take('T') || scan.take('t');
  return true;
}

// future-release-integer = %x31-39 *8DIGIT (RFC 4865, 4)
bool hold_for_value(Scanner& scan, Command& command) {
  if (scan.peek() == '0') return scan.fail_here();
  std::uint64_t seconds = 0;
  if (!digits(scan, 9, seconds)) return false;
  command.hold_for_s = static_cast<std::uint32_t>(seconds);
  return true;
}

bool hold_until_value(Scanner& scan, Command& command) {
  return date_time(scan, command.hold_until_s);
}

// mtrk-value = mtrk-certifier [ ":" mtrk-timeout ]    mtrk-certifier = 1*base64 (RFC 3885, 3)
// base64 = %x2b / %x2f / %x30-39 / %x41-5a / %x61-7a (RFC 3885, 1)
bool mtrk_value(Scanner& scan, Command& command) {
  const std::size_t begin = scan.at();
  while (is_let_dig(scan.peek()) || scan.peek() == '+' || scan.peek() == '/') {
    scan.move_to(scan.at() + 1);
  }
  command.mtrk = scan.from(begin);
  if (command.mtrk.empty()) return scan.fail_here();
  command.mtrk_s = 0;
  if (!scan.take(':')) return true;
  std::uint64_t seconds = 0;
  if (!digits(scan, 9, seconds)) return false;
  command.mtrk_s = static_cast<std::uint32_t>(seconds);
  return true;
}

// priority-value = ( ["-"] NZDIGIT ) / "0" (RFC 6710, 6)
bool mt_priority_value(Scanner& scan, Command& command) {
  const bool is_negative = scan.take('-');
  const unsigned char digit = scan.peek();
  if (!is_digit(digit) || (is_negative && digit == '0')) return scan.fail_here();
  scan.move_to(scan.at() + 1);
  const int value = digit - '0';
  command.mt_priority = static_cast<std::int8_t>(is_negative ? -value : value);
  return true;
}

// rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]; a time-secfrac must not be used (RFC 7293,
// 3.1)
bool rrvs_value(Scanner& scan, Command& command) {
  if (!date_time_without_secfrac(scan, command.rrvs_since_s)) return false;
  command.rrvs_action = RrvsAction::kUnspecified;
  if (!scan.take(';')) return true;
  const int which = scan.one_of({"C", "R"});
  command.rrvs_action = which == 0 ? RrvsAction::kContinue : RrvsAction::kReject;
  return which >= 0;
}

struct Rule {
  Verb verb;
  Parameter bit;
  bool (*value)(Scanner&, Command&);      // none: the keyword has no value
  std::size_t limit = std::string::npos;  // of the value, in octets
};

const std::map<std::string, Rule>& known() {
  static const std::map<std::string, Rule> rules{
      {"SIZE", {Verb::kMail, kParamSize, size_value}},
      {"BODY", {Verb::kMail, kParamBody, body_value}},
      {"SMTPUTF8", {Verb::kMail, kParamSmtpUtf8, nullptr}},
      {"RET", {Verb::kMail, kParamRet, ret_value}},
      {"ENVID", {Verb::kMail, kParamEnvid, envid_value, kEnvidLimit}},
      {"NOTIFY", {Verb::kRcpt, kParamNotify, notify_value}},
      {"ORCPT", {Verb::kRcpt, kParamOrcpt, orcpt_value, kOrcptLimit}},
      {"AUTH", {Verb::kMail, kParamAuth, auth_value}},
      {"BY", {Verb::kMail, kParamBy, by_value}},
      {"HOLDFOR", {Verb::kMail, kParamHoldFor, hold_for_value}},
      {"HOLDUNTIL", {Verb::kMail, kParamHoldUntil, hold_until_value}},
      {"MTRK", {Verb::kMail, kParamMtrk, mtrk_value}},
      {"MT-PRIORITY", {Verb::kMail, kParamMtPriority, mt_priority_value}},
      {"RRVS", {Verb::kRcpt, kParamRrvs, rrvs_value}},
      {"REQUIRETLS", {Verb::kMail, kParamRequireTls, nullptr}},
  };
  return rules;
}

// esmtp-keyword = ( ALPHA / DIGIT ) *( ALPHA / DIGIT / "-" )
bool esmtp_keyword(Scanner& scan, std::string& keyword) {
  const std::size_t begin = scan.at();
  if (!is_let_dig(scan.peek())) return scan.fail_here();
  while (is_let_dig(scan.peek()) || scan.peek() == '-') scan.move_to(scan.at() + 1);
  keyword = in_capitals(scan.from(begin));
  return true;
}

// esmtp-value = 1*( %d33-60 / %d62-126 ), and what is not ASCII (RFC 6531, 3.3)
bool esmtp_value(Scanner& scan) {
  const std::size_t begin = scan.at();
  for (;;) {
    const unsigned char c = scan.peek();
    if (c >= 0x80) {
      if (!scan.utf8()) return false;
    } else if (c >= '!' && c <= '~' && c != '=') {
      scan.move_to(scan.at() + 1);
    } else {
      return scan.at() > begin || scan.fail_here();
    }
  }
}

// Whatever goes wrong from here to the end of the parameter has one name.
bool known_parameter(Scanner& scan, std::size_t begin, const Rule& rule, Command& command) {
  const auto bad_value = [&] {
    return scan.error() == SyntaxError::kNone ? scan.fail(SyntaxError::kBadParameter, scan.at())
                                              : false;
  };
  if (rule.value != nullptr ? scan.peek() != '=' : !scan.is_at_end_of_word()) return bad_value();
  constexpr std::uint32_t kHold = kParamHoldFor | kParamHoldUntil;  // one of them (RFC 4865, 4)
  const std::uint32_t rivals = (rule.bit & kHold) != 0 ? kHold : std::uint32_t{rule.bit};
  if ((command.parameters_present & rivals) != 0) {
    return scan.fail(SyntaxError::kDuplicateParameter, begin);
  }
  command.parameters_present |= rule.bit;
  if (rule.value == nullptr) return true;
  scan.take('=');
  const std::size_t value_begin = scan.at();
  Scanner value = scan;
  const bool found = rule.value(value, command);
  scan.move_to(value.at());
  if (value.error() == SyntaxError::kNumberOverflow || value.error() == SyntaxError::kBadUtf8) {
    return scan.fail(value.error(), value.error_offset());
  }
  if (!found) return scan.fail(SyntaxError::kBadParameter, value.error_offset());
  if (!scan.is_at_end_of_word()) return bad_value();
  if (scan.at() - value_begin <= rule.limit) return true;
  return scan.fail(SyntaxError::kBadParameter, value_begin + rule.limit);
}

class Unknowns {
 public:
  bool add(Scanner& scan, std::size_t begin, const std::string& keyword) {
    if (++count_ > kUnknownParametersLimit)
      return scan.fail(SyntaxError::kTooManyParameters, begin);
    return keywords_.insert(keyword).second || scan.fail(SyntaxError::kDuplicateParameter, begin);
  }

 private:
  std::size_t count_ = 0;
  std::set<std::string> keywords_;
};

bool parameter(Scanner& scan, Unknowns& unknowns, Command& command) {
  const std::size_t begin = scan.at();
  std::string keyword;
  if (!esmtp_keyword(scan, keyword)) return false;
  const auto rule = known().find(keyword);
  const Verb verb = command.verb == Verb::kRcpt ? Verb::kRcpt : Verb::kMail;
  if (rule != known().end() && rule->second.verb == verb) {
    return known_parameter(scan, begin, rule->second, command);
  }
  if (scan.peek() != '=' && !scan.is_at_end_of_word()) return scan.fail_here();
  if (rule != known().end()) return scan.fail(SyntaxError::kBadParameter, begin);
  if (!unknowns.add(scan, begin, keyword)) return false;
  command.parameters_present |= kParamUnknown;
  if (scan.take('=') && !esmtp_value(scan)) return false;
  return scan.is_at_end_of_word() || scan.fail_here();
}

// attribute-name "=" xtext (XCLIENT_README, XFORWARD_README)
bool attribute(Scanner& scan, Unknowns& unknowns) {
  const std::size_t begin = scan.at();
  std::string keyword;
  if (!esmtp_keyword(scan, keyword)) return false;
  if (scan.peek() != '=') return scan.fail(SyntaxError::kBadParameter, scan.at());
  if (!unknowns.add(scan, begin, keyword)) return false;
  scan.take('=');
  Scanner value = scan;
  const bool found = xtext(value, Encoded::kNoControl) && value.is_at_end_of_word();
  scan.move_to(value.at());
  return found || scan.fail(SyntaxError::kBadParameter, value.at());
}

// `one` parses what stands behind each SP.
template <typename One>
bool separated_by_spaces(Scanner& scan, Command& command, One one) {
  std::size_t begin = 0;
  for (;;) {
    switch (skip_gap(scan)) {
      case Gap::kEnd: return true;
      case Gap::kNone:
      case Gap::kTooWide: return scan.fail_here();
      case Gap::kWord: break;
    }
    if (begin == 0) begin = scan.at();
    if (!one()) return false;
    command.parameters = scan.from(begin);
  }
}

}  // namespace

bool base64(Scanner& scan) {
  const auto is_base64 = [](unsigned char c) { return is_let_dig(c) || c == '+' || c == '/'; };
  std::size_t count = 0;
  for (; is_base64(scan.peek()); ++count) scan.move_to(scan.at() + 1);
  switch (count % 4) {
    case 0: return count > 0 || scan.fail_here();
    case 2: return scan.expect('=') && scan.expect('=');
    case 3: return scan.expect('=');
    default: return scan.fail_here();
  }
}

bool parameters(Scanner& scan, Command& command) {
  Unknowns unknowns;
  return separated_by_spaces(scan, command, [&] { return parameter(scan, unknowns, command); });
}

bool attributes(Scanner& scan, Command& command) {
  Unknowns unknowns;
  const std::size_t begin = scan.at();
  if (!scan.expect(' ')) return false;
  if (scan.is_at_end_of_word()) return scan.fail_here();  // one at least
  scan.move_to(begin);
  return separated_by_spaces(scan, command, [&] { return attribute(scan, unknowns); });
}

}  // namespace smtpmark::reference
