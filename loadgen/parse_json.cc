#include "loadgen/parse_json.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <utility>

namespace smtpmark::loadgen {
namespace {

using parser::BodyType;
using parser::Command;
using parser::DomainKind;
using parser::Parameter;
using parser::RrvsAction;
using parser::Verb;

const char* name_of(DomainKind kind) {
  switch (kind) {
    case DomainKind::kNone: return "none";
    case DomainKind::kName: return "name";
    case DomainKind::kIpv4: return "ipv4";
    case DomainKind::kIpv6: return "ipv6";
    case DomainKind::kGeneral: return "general";
  }
  return "none";
}

const char* name_of(BodyType body) {
  switch (body) {
    case BodyType::k7bit: return "7BIT";
    case BodyType::k8bitMime: return "8BITMIME";
    case BodyType::kBinaryMime: return "BINARYMIME";
  }
  return "7BIT";
}

const char* name_of(RrvsAction action) {
  switch (action) {
    case RrvsAction::kUnspecified: return "unspecified";
    case RrvsAction::kContinue: return "continue";
    case RrvsAction::kReject: return "reject";
  }
  return "unspecified";
}

std::string decoded_xtext(std::string_view xtext) {
  std::string decoded(xtext.size(), '\0');
  decoded.resize(parser::decode_xtext(xtext, decoded.data()));
  return text_of(decoded);
}

std::string decoded_orcpt(const Command& command) {
  std::string decoded(command.orcpt_address.size(), '\0');
  decoded.resize(parser::decode_orcpt(command.orcpt_type, command.orcpt_address, decoded.data()));
  return text_of(decoded);
}

Json json_of_path(const parser::Path& path) {
  Json json;
  json["mailbox"] = text_of(path.mailbox);
  json["local_part"] = text_of(path.local_part);
  std::string decoded(path.local_part.size(), '\0');
  decoded.resize(parser::decode_local_part(path, decoded.data()));
  json["local_part_decoded"] = text_of(decoded);
  json["domain"] = text_of(path.domain);
  json["domain_kind"] = name_of(path.domain_kind);
  if (!path.source_route.empty()) json["source_route"] = text_of(path.source_route);
  if (path.is_utf8) json["utf8"] = true;
  return json;
}

Json json_of_notify(std::uint8_t notify) {
  constexpr std::array<std::pair<parser::Notify, const char*>, 4> kNames = {
      {{parser::kNotifyNever, "NEVER"},
       {parser::kNotifySuccess, "SUCCESS"},
       {parser::kNotifyFailure, "FAILURE"},
       {parser::kNotifyDelay, "DELAY"}}};
  Json names = Json::array();
  for (const auto& [bit, name] : kNames) {
    if ((notify & bit) != 0) names.push_back(name);
  }
  return names;
}

Json json_of_mail_parameters(const Command& command) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  Json json = Json::object();
  if (has(parser::kParamSize)) json["SIZE"] = command.size;
  if (has(parser::kParamBody)) json["BODY"] = name_of(command.body);
  if (has(parser::kParamSmtpUtf8)) json["SMTPUTF8"] = true;
  if (has(parser::kParamRet)) json["RET"] = command.ret_full ? "FULL" : "HDRS";
  if (has(parser::kParamEnvid)) json["ENVID"] = decoded_xtext(command.envid);
  if (has(parser::kParamAuth)) json["AUTH"] = decoded_xtext(command.auth_param);
  if (has(parser::kParamBy)) {
    json["BY"] = {{"seconds", command.by_s},
                  {"mode", command.by_mode == parser::ByMode::kNotify ? "notify" : "return"},
                  {"trace", command.by_trace}};
  }
  if (has(parser::kParamHoldFor)) json["HOLDFOR"] = command.hold_for_s;
  if (has(parser::kParamHoldUntil)) json["HOLDUNTIL"] = command.hold_until_s;
  if (has(parser::kParamMtrk)) {
    json["MTRK"] = {{"certifier", text_of(command.mtrk)}, {"seconds", command.mtrk_s}};
  }
  if (has(parser::kParamMtPriority)) json["MT-PRIORITY"] = command.mt_priority;
  if (has(parser::kParamRequireTls)) json["REQUIRETLS"] = true;
  return json;
}

void add_rcpt_parameters(const Command& command, Json& json) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  if (has(parser::kParamNotify)) json["NOTIFY"] = json_of_notify(command.notify);
  if (has(parser::kParamOrcpt)) {
    json["ORCPT"] = {{"type", text_of(command.orcpt_type)}, {"address", decoded_orcpt(command)}};
  }
  if (has(parser::kParamRrvs)) {
    json["RRVS"] = {{"since", command.rrvs_since_s}, {"action", name_of(command.rrvs_action)}};
  }
}

// All of them as on the wire, in their order: [keyword, value], or [keyword] without a value.
Json raw_parameters(std::string_view parameters) {
  Json list = Json::array();
  for (const parser::RawParameter& parameter : parser::RawParameters(parameters)) {
    Json pair = Json::array({text_of(parameter.keyword)});
    if (parameter.value.data() != nullptr) pair.push_back(text_of(parameter.value));
    list.push_back(std::move(pair));
  }
  return list;
}

bool is_hello(Verb verb) {
  return verb == Verb::kEhlo || verb == Verb::kHelo || verb == Verb::kLhlo;
}

void add_arguments(const Command& command, Json& json) {
  switch (command.verb) {
    case Verb::kMail:
    case Verb::kRcpt:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml: {
      json["path"] = json_of_path(command.path);
      Json parameters = json_of_mail_parameters(command);
      add_rcpt_parameters(command, parameters);
      if (!parameters.empty()) json["parameters"] = std::move(parameters);
      if (!command.parameters.empty()) json["raw_parameters"] = raw_parameters(command.parameters);
      return;
    }
    case Verb::kXclient:
    case Verb::kXforward: json["raw_parameters"] = raw_parameters(command.parameters); return;
    case Verb::kBdat:
      json["chunk_size"] = command.chunk_size;
      json["last"] = command.chunk_last;
      return;
    default: break;
  }
  if (!command.argument.empty()) json["argument"] = text_of(command.argument);
  if (is_hello(command.verb)) json["domain_kind"] = name_of(command.hello_kind);
  if (command.verb == Verb::kBurl) json["last"] = command.chunk_last;
  if (command.verb == Verb::kAuth && command.initial_response.data() != nullptr) {
    json["initial_response"] = text_of(command.initial_response);
  }
}

}  // namespace

std::string text_of(std::string_view octets) {
  std::string text;
  text.reserve(octets.size());
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      text += c;
    } else {  // as UTF-8, which is what strings of JSON are made of
      text += static_cast<char>(0xC0 | octet >> 6);
      text += static_cast<char>(0x80 | (octet & 0x3F));
    }
  }
  return text;
}

std::string line_of(const Json& event) {
  constexpr int kOneLine = -1;
  constexpr bool kAscii = true;
  return event.dump(kOneLine, ' ', kAscii) + "\n";
}

Json event_at(std::string_view name, const Extent& extent) {
  Json json;
  json["event"] = name;
  json["offset"] = extent.offset;
  json["consumed"] = extent.consumed;
  return json;
}

Json json_of(const Command& command, const Extent& extent) {
  const bool rejected = command.error != parser::SyntaxError::kNone;
  Json json = rejected ? rejection_of("command", command.error, command.error_offset, extent)
                       : event_at("command", extent);
  json["verb"] = to_string(command.verb);
  if (!rejected) add_arguments(command, json);
  if (rejected && command.verb == Verb::kBdat && command.chunk_size_known) {
    json["chunk_size"] = command.chunk_size;
  }
  json["line"] = text_of(command.line);
  return json;
}

Json json_of(const parser::AuthResponse& response, const Extent& extent) {
  if (response.error != parser::SyntaxError::kNone) {
    return rejection_of("auth-response", response.error, response.error_offset, extent);
  }
  Json json = event_at("auth-response", extent);
  if (response.cancelled) {
    json["cancelled"] = true;
  } else {
    json["base64"] = text_of(response.base64);
  }
  return json;
}

Json json_of(const parser::ReplyLine& line, const Extent& extent) {
  if (line.error != parser::SyntaxError::kNone) {
    return rejection_of("reply", line.error, line.error_offset, extent);
  }
  Json json = event_at("reply", extent);
  json["code"] = line.code;
  json["first"] = line.first;
  json["last"] = line.last;
  const parser::EnhancedCode& code = line.enhanced;
  if (code.class_digit != 0) {
    json["enhanced"] = fmt::format("{}.{}.{}", code.class_digit, code.subject, code.detail);
  }
  if (line.enhanced_mismatch) json["enhanced_mismatch"] = true;
  json["text"] = text_of(line.text);
  return json;
}

Json json_of(const parser::CapabilityLine& line) {
  Json json;
  json["keyword"] = text_of(line.keyword);
  json["known"] = line.capability != parser::kCapNone;
  if (!line.value.empty()) json["value"] = text_of(line.value);
  if (line.error != parser::SyntaxError::kNone) {
    json["error"] = to_string(line.error);
    json["error_at"] = line.error_offset;  // octets from the start of the text
  }
  return json;
}

Json json_of(const parser::Capabilities& capabilities, const Extent& extent) {
  Json json = event_at("capabilities", extent);
  json["offered"] = Json::array();
  for (int bit = 0; bit < 64; ++bit) {
    const auto capability = static_cast<parser::Capability>(std::uint64_t{1} << bit);
    if (capabilities.has(capability)) json["offered"].push_back(to_string(capability));
  }
  if (capabilities.has(parser::kCapSize)) json["SIZE"] = capabilities.size_limit;
  if (capabilities.has(parser::kCapAuth)) {
    json["AUTH"] = Json::array();
    for (int bit = 0; bit < 31; ++bit) {
      const auto mechanism = static_cast<parser::AuthMechanism>(1U << bit);
      if ((capabilities.mechanisms & mechanism) == 0) continue;
      json["AUTH"].push_back(to_string(mechanism));
    }
  }
  if (capabilities.has(parser::kCapLimits)) {
    json["LIMITS"] = {{"MAILMAX", capabilities.mail_max},
                      {"RCPTMAX", capabilities.rcpt_max},
                      {"RCPTDOMAINMAX", capabilities.rcpt_domain_max}};
  }
  if (capabilities.has(parser::kCapFutureRelease)) {
    json["FUTURERELEASE"] = {{"seconds", capabilities.hold_for_max_s},
                             {"until", capabilities.hold_until_max_s}};
  }
  if (capabilities.has(parser::kCapDeliverBy)) json["DELIVERBY"] = capabilities.deliver_by_min_s;
  return json;
}

Json json_of(const parser::BodyFaults& faults, std::uint64_t offset) {
  const std::array<std::pair<const char*, std::uint64_t>, 5> kinds = {
      {{"bare_cr", faults.first_bare_cr},
       {"bare_lf", faults.first_bare_lf},
       {"nul", faults.first_nul},
       {"overlong_line", faults.first_overlong},
       {"non_ascii", faults.first_non_ascii}}};
  Json json = Json::object();
  for (const auto& [name, at] : kinds) {
    if (at != parser::BodyFaults::kNowhere) json[name] = offset + at;
  }
  return json;
}

Json rejection_of(std::string_view what, parser::SyntaxError error, std::uint32_t error_offset,
                  const Extent& extent) {
  Json json = event_at("rejected", extent);
  json["what"] = what;
  json["error"] = to_string(error);
  json["error_offset"] = extent.offset + error_offset;
  return json;
}

}  // namespace smtpmark::loadgen
