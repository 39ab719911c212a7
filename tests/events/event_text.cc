#include "tests/events/event_text.h"

#include <algorithm>
#include <array>
#include <bit>

#include "tests/events/wire_text.h"

namespace smtpmark::events {
namespace {

using namespace parser;

std::string field(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=[" + text_of(value) + "]";
}

template <typename Number>
std::string number(std::string_view name, Number value) {
  return " " + std::string(name) + "=" + std::to_string(value);
}

std::string rejected(SyntaxError error, std::uint32_t offset) {
  return "rejected: " + std::string(to_string(error)) + " at " + std::to_string(offset);
}

bool has_path(Verb verb) {
  constexpr std::array kWithPath{Verb::kMail, Verb::kRcpt, Verb::kSend, Verb::kSoml, Verb::kSaml};
  return std::find(kWithPath.begin(), kWithPath.end(), verb) != kWithPath.end();
}

std::string_view name_of(DomainKind kind) {
  switch (kind) {
    case DomainKind::kNone:
    case DomainKind::kName: return "";
    case DomainKind::kIpv4: return " ipv4";
    case DomainKind::kIpv6: return " ipv6";
    case DomainKind::kGeneral: return " general";
  }
  return " ?";
}

bool is_hello(Verb verb) {
  return verb == Verb::kEhlo || verb == Verb::kHelo || verb == Verb::kLhlo;
}

std::string_view describe_hello(const Command& command) {
  const bool is_text = command.hello_kind == DomainKind::kNone && !command.argument.empty();
  return is_text ? " text" : name_of(command.hello_kind);
}

std::string describe_path(const Path& path) {
  std::string text = field("local", path.local_part);
  if (path.is_quoted) {
    std::string decoded(path.local_part.size(), '\0');
    decoded.resize(decode_local_part(path, decoded.data()));
    text += field("decoded", decoded);
  }
  text += field("domain", path.domain);
  text += name_of(path.domain_kind);
  if (!path.source_route.empty()) text += field("route", path.source_route);
  if (path.is_utf8) text += " utf8";
  return text;
}

std::string describe_notify(std::uint8_t notify) {
  std::string text = " NOTIFY=";
  if ((notify & kNotifyNever) != 0) text += "never,";
  if ((notify & kNotifySuccess) != 0) text += "success,";
  if ((notify & kNotifyFailure) != 0) text += "failure,";
  if ((notify & kNotifyDelay) != 0) text += "delay,";
  text.pop_back();
  return text;
}

std::string_view describe_body(BodyType body) {
  switch (body) {
    case BodyType::k7bit: return " BODY=7bit";
    case BodyType::k8bitMime: return " BODY=8bitmime";
    case BodyType::kBinaryMime: return " BODY=binarymime";
  }
  return " BODY=?";
}

std::string describe_by(const Command& command) {
  return number("BY", command.by_s) + (command.by_mode == ByMode::kReturn ? " return" : " notify") +
         (command.by_trace ? " trace" : "");
}

std::string describe_rrvs(const Command& command) {
  const std::string since = number("RRVS", command.rrvs_since_s);
  switch (command.rrvs_action) {
    case RrvsAction::kUnspecified: return since;
    case RrvsAction::kContinue: return since + " continue";
    case RrvsAction::kReject: return since + " reject";
  }
  return since + " ?";
}

std::string describe_orcpt(const Command& command) {
  std::string text = field("ORCPT", command.orcpt) + field("type", command.orcpt_type) +
                     field("address", command.orcpt_address);
  std::string decoded(command.orcpt_address.size(), '\0');
  decoded.resize(decode_orcpt(command.orcpt_type, command.orcpt_address, decoded.data()));
  if (decoded != command.orcpt_address) text += field("decoded", decoded);
  return text;
}

std::string describe_mail_parameters(const Command& command) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  std::string text;
  if (has(kParamSize)) text += number("SIZE", command.size);
  if (has(kParamBody)) text += describe_body(command.body);
  if (has(kParamSmtpUtf8)) text += " SMTPUTF8";
  if (has(kParamRet)) text += command.ret_full ? " RET=full" : " RET=hdrs";
  if (has(kParamEnvid)) text += field("ENVID", command.envid);
  if (has(kParamAuth)) text += field("AUTH", command.auth_param);
  if (has(kParamBy)) text += describe_by(command);
  if (has(kParamHoldFor)) text += number("HOLDFOR", command.hold_for_s);
  if (has(kParamHoldUntil)) text += number("HOLDUNTIL", command.hold_until_s);
  if (has(kParamMtrk)) text += field("MTRK", command.mtrk) + number("timeout", command.mtrk_s);
  if (has(kParamMtPriority)) text += number("MT-PRIORITY", int{command.mt_priority});
  if (has(kParamRequireTls)) text += " REQUIRETLS";
  return text;
}

std::string describe_rcpt_parameters(const Command& command) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  std::string text;
  if (has(kParamNotify)) text += describe_notify(command.notify);
  if (has(kParamOrcpt)) text += describe_orcpt(command);
  if (has(kParamRrvs)) text += describe_rrvs(command);
  return text;
}

std::string describe_unknown_parameters(const Command& command) {
  if ((command.parameters_present & kParamUnknown) == 0) return "";
  return " unknown in [" + text_of(command.parameters) + "]";
}

std::string describe_attributes(const Command& command) {
  std::string text;
  for (const RawParameter attribute : RawParameters(command.parameters)) {
    text += field(attribute.keyword, attribute.value);
    std::string decoded(attribute.value.size(), '\0');
    decoded.resize(decode_xtext(attribute.value, decoded.data()));
    if (decoded != attribute.value) text += field("decoded", decoded);
  }
  return text;
}

std::string describe_rejected(const Command& command) {
  std::string text = std::string(to_string(command.verb)) + " ";
  text += rejected(command.error, command.error_offset);
  if (command.verb != Verb::kBdat) return text;
  return text + (command.chunk_size_known
                     ? ", " + std::to_string(command.chunk_size) + " octets to skip"
                     : ", nobody knows how many octets to skip");
}

std::string joined(std::string text, std::string_view word) {
  return (text.empty() ? "" : text + ",") + std::string(word);
}

template <typename Bit, typename Set>
std::string names_of(Set set) {
  std::string text;
  for (; set != 0; set = static_cast<Set>(set & (set - 1))) {
    const Bit bit = static_cast<Bit>(Set{1} << std::countr_zero(set));
    text = joined(text, to_string(bit).empty() ? "?" : to_string(bit));
  }
  return text;
}

std::string describe_attributes(std::uint16_t set) {
  constexpr std::array<std::string_view, 10> kNames{
      "NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT", "IDENT", "SOURCE"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((set >> i & 1U) != 0) text = joined(text, kNames[i]);
  }
  return (set & kProxyUnknown) != 0 ? joined(text, "?") : text;
}

std::string_view name_of(PriorityProfile profile) {
  switch (profile) {
    case PriorityProfile::kNone: return "none";
    case PriorityProfile::kMixer: return "mixer";
    case PriorityProfile::kStanag4406: return "stanag4406";
    case PriorityProfile::kNsep: return "nsep";
    case PriorityProfile::kOther: return "other";
  }
  return "?";
}

std::string_view name_of(ReplyOrigin origin) {
  switch (origin) {
    case ReplyOrigin::kNotCounted: return "";
    case ReplyOrigin::kExpected: return " expected";
    case ReplyOrigin::kUnsolicited: return " unsolicited";
    case ReplyOrigin::kShutdown: return " shutdown";
  }
  return " ?";
}

}  // namespace

std::string bracketed(std::string_view octets) {
  return " [" + text_of(octets) + "]";
}

std::string describe(const Command& command) {
  if (command.error != SyntaxError::kNone) return describe_rejected(command);
  std::string text(to_string(command.verb));
  if (command.verb == Verb::kBdat) text += " " + std::to_string(command.chunk_size);
  if (!command.argument.empty()) text += bracketed(command.argument);
  if (is_hello(command.verb)) text += describe_hello(command);
  if (command.initial_response.data() != nullptr)
    text += field("initial", command.initial_response);
  const bool may_be_last = command.verb == Verb::kBdat || command.verb == Verb::kBurl;
  if (may_be_last && command.chunk_last) text += " last";
  if (has_path(command.verb)) {
    text += describe_path(command.path);
    text += command.verb == Verb::kRcpt ? describe_rcpt_parameters(command)
                                        : describe_mail_parameters(command);
    text += describe_unknown_parameters(command);
  }
  const bool has_attributes = command.verb == Verb::kXclient || command.verb == Verb::kXforward;
  if (has_attributes) text += describe_attributes(command);
  if (pauses(command)) text += " (pause)";
  return text;
}

std::string describe(const AuthResponse& response) {
  if (response.error != SyntaxError::kNone) {
    return "response " + rejected(response.error, response.error_offset);
  }
  return response.cancelled ? "response cancelled" : "response" + bracketed(response.base64);
}

std::string describe(const ReplyLine& line) {
  if (line.error != SyntaxError::kNone) return rejected(line.error, line.error_offset);
  std::string text = std::to_string(line.code);
  if (line.first) text += " first";
  if (line.last) text += " last";
  if (line.enhanced.class_digit != 0) {
    text += " enhanced=" + std::to_string(line.enhanced.class_digit) + "." +
            std::to_string(line.enhanced.subject) + "." + std::to_string(line.enhanced.detail);
  }
  if (line.enhanced_mismatch) text += " mismatch";
  return text + std::string(name_of(line.origin)) + bracketed(line.text);
}

std::string describe(const CapabilityLine& line) {
  std::string text =
      line.capability == kCapNone ? "unknown" : std::string(to_string(line.capability));
  if (line.error != SyntaxError::kNone) return text + " " + rejected(line.error, line.error_offset);
  if (line.capability == kCapNone) text += bracketed(line.keyword);
  return text + bracketed(line.value);
}

std::string describe(const Capabilities& offer) {
  std::string text = "offers " + names_of<Capability>(offer.offered);
  if (offer.malformed != 0) text += " malformed=" + names_of<Capability>(offer.malformed);
  if (offer.size_limit != 0) text += number("size_limit", offer.size_limit);
  if (offer.mechanisms != 0) text += " mechanisms=" + names_of<AuthMechanism>(offer.mechanisms);
  if (offer.deliver_by_min_s != 0) text += number("deliver_by_min_s", offer.deliver_by_min_s);
  if (offer.hold_for_max_s != 0) text += number("hold_for_max_s", offer.hold_for_max_s);
  if (offer.hold_until_max_s != 0) text += number("hold_until_max_s", offer.hold_until_max_s);
  if (offer.mail_max != 0) text += number("mail_max", offer.mail_max);
  if (offer.rcpt_max != 0) text += number("rcpt_max", offer.rcpt_max);
  if (offer.rcpt_domain_max != 0) text += number("rcpt_domain_max", offer.rcpt_domain_max);
  if (offer.xclient != 0) text += " xclient=" + describe_attributes(offer.xclient);
  if (offer.xforward != 0) text += " xforward=" + describe_attributes(offer.xforward);
  if (offer.priority_profile != PriorityProfile::kNone) {
    text += " priority_profile=" + std::string(name_of(offer.priority_profile));
  }
  if (offer.burl_imap) text += " burl_imap";
  return text;
}

std::string describe(const BodyFaults& faults) {
  std::string text;
  const auto add = [&](std::string_view what, std::uint64_t offset) {
    if (offset != BodyFaults::kNowhere)
      text += ", " + std::string(what) + " at " + std::to_string(offset);
  };
  add("bare CR", faults.first_bare_cr);
  add("bare LF", faults.first_bare_lf);
  add("NUL", faults.first_nul);
  add("line too long", faults.first_overlong);
  add("not ASCII", faults.first_non_ascii);
  return text;
}

}  // namespace smtpmark::events
