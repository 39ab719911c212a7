#include "tests/parser/command_log.h"

namespace smtpmark::parser::testing {
namespace {

std::string bracketed(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=[" + std::string(value) + "]";
}

std::string describe_notify(std::uint8_t notify) {
  std::string text = " notify=";
  if ((notify & kNotifyNever) != 0) text += 'N';
  if ((notify & kNotifySuccess) != 0) text += 'S';
  if ((notify & kNotifyFailure) != 0) text += 'F';
  if ((notify & kNotifyDelay) != 0) text += 'D';
  return text;
}

std::string describe_body(BodyType body) {
  switch (body) {
    case BodyType::k7bit: return " body=7bit";
    case BodyType::k8bitMime: return " body=8bitmime";
    case BodyType::kBinaryMime: return " body=binarymime";
  }
  return " body=?";
}

std::string describe_by(const Command& command) {
  return " by=" + std::to_string(command.by_s) + (command.by_mode == ByMode::kReturn ? "R" : "N") +
         (command.by_trace ? "T" : "");
}

std::string describe_rrvs(const Command& command) {
  switch (command.rrvs_action) {
    case RrvsAction::kUnspecified: return " rrvs=" + std::to_string(command.rrvs_since_s);
    case RrvsAction::kContinue: return " rrvs=" + std::to_string(command.rrvs_since_s) + "C";
    case RrvsAction::kReject: return " rrvs=" + std::to_string(command.rrvs_since_s) + "R";
  }
  return " rrvs=?";
}

std::string describe_kind(DomainKind kind) {
  switch (kind) {
    case DomainKind::kNone: return " kind=none";
    case DomainKind::kName: return "";
    case DomainKind::kIpv4: return " kind=ipv4";
    case DomainKind::kIpv6: return " kind=ipv6";
    case DomainKind::kGeneral: return " kind=general";
  }
  return " kind=?";
}

bool has_path(Verb verb) {
  return verb == Verb::kMail || verb == Verb::kRcpt || verb == Verb::kSend || verb == Verb::kSoml ||
         verb == Verb::kSaml;
}

bool is_hello(Verb verb) {
  return verb == Verb::kEhlo || verb == Verb::kHelo || verb == Verb::kLhlo;
}

std::string describe_orcpt(const Command& command) {
  EXPECT_EQ(command.orcpt,
            std::string(command.orcpt_type) + ";" + std::string(command.orcpt_address));
  return bracketed("orcpt", command.orcpt);
}

std::string describe_parameters(const Command& command) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  std::string text;
  if (has(kParamSize)) text += " size=" + std::to_string(command.size);
  if (has(kParamBody)) text += describe_body(command.body);
  if (has(kParamSmtpUtf8)) text += " smtputf8";
  if (has(kParamRet)) text += command.ret_full ? " ret=full" : " ret=hdrs";
  if (has(kParamEnvid)) text += bracketed("envid", command.envid);
  if (has(kParamNotify)) text += describe_notify(command.notify);
  if (has(kParamOrcpt)) text += describe_orcpt(command);
  if (has(kParamAuth)) text += bracketed("auth", command.auth_param);
  if (has(kParamBy)) text += describe_by(command);
  if (has(kParamHoldFor)) text += " holdfor=" + std::to_string(command.hold_for_s);
  if (has(kParamHoldUntil)) text += " holduntil=" + std::to_string(command.hold_until_s);
  if (has(kParamMtrk)) {
    text += bracketed("mtrk", command.mtrk) + ":" + std::to_string(command.mtrk_s);
  }
  if (has(kParamMtPriority)) text += " priority=" + std::to_string(command.mt_priority);
  if (has(kParamRrvs)) text += describe_rrvs(command);
  if (has(kParamRequireTls)) text += " requiretls";
  if (has(kParamUnknown)) text += " unknown";
  if (!command.parameters.empty()) text += bracketed("raw", command.parameters);
  return text;
}

}  // namespace

FeedResult CommandSession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, command_);
  if (result.status != Status::kNeedMore) {
    EXPECT_TRUE(lies_within(command_.line, bytes));
    EXPECT_TRUE(
        bytes.substr(0, result.consumed).ends_with(leniencies & kAllowBareLf ? "\n" : "\r\n"));
  }
  if (result.status == Status::kReady) {
    EXPECT_EQ(command_.error, SyntaxError::kNone);
    const bool crlf = bytes.substr(0, result.consumed).ends_with("\r\n");
    EXPECT_EQ(command_.line, bytes.substr(0, result.consumed - (crlf ? 2 : 1)));
    expect_views_within_line();
  }
  return result;
}

void CommandSession::expect_views_within_line() const {
  const Path path = has_path(command_.verb) ? command_.path : Path();
  for (const std::string_view view :
       {command_.argument, path.mailbox, path.local_part, path.domain, path.source_route,
        command_.parameters, command_.initial_response}) {
    EXPECT_TRUE(lies_within(view, command_.line));
  }
}

std::string CommandSession::describe_path() const {
  const Path& path = command_.path;
  EXPECT_EQ(path.domain.empty(), path.domain_kind == DomainKind::kNone);
  if (path.domain.empty()) {
    EXPECT_EQ(path.mailbox, path.local_part);
  } else {
    EXPECT_EQ(path.mailbox, std::string(path.local_part) + "@" + std::string(path.domain));
  }
  std::string text = bracketed("local", path.local_part) + bracketed("domain", path.domain);
  if (!path.domain.empty()) text += describe_kind(path.domain_kind);
  if (path.is_quoted) text += " quoted";
  if (path.is_escaped) text += " escaped";
  if (path.is_utf8) text += " utf8";
  if (!path.source_route.empty()) text += bracketed("route", path.source_route);
  return text;
}

// After a rejected BDAT.
std::string CommandSession::describe_what_follows() const {
  if (command_.verb != Verb::kBdat) return "";
  if (!command_.chunk_size_known) {
    EXPECT_EQ(command_.chunk_size, 0U) << "nothing that somebody might take for a size";
    return ", chunk of unknown size";
  }
  return ", chunk of " + std::to_string(command_.chunk_size);
}

std::string CommandSession::describe(Status status) const {
  std::string text(to_string(command_.verb));
  if (status == Status::kRejected) {
    return text + " rejected: " + std::string(to_string(command_.error)) + " at " +
           std::to_string(command_.error_offset) + describe_what_follows();
  }
  EXPECT_TRUE(command_.chunk_size_known);
  if (has_path(command_.verb)) return text + describe_path() + describe_parameters(command_);
  if (command_.verb == Verb::kXclient || command_.verb == Verb::kXforward) {
    return text + bracketed("raw", command_.parameters);
  }
  if (command_.verb == Verb::kBdat) {
    return text + " " + std::to_string(command_.chunk_size) + (command_.chunk_last ? " last" : "");
  }
  if (!command_.argument.empty()) text += " [" + std::string(command_.argument) + "]";
  if (is_hello(command_.verb)) text += describe_kind(command_.hello_kind);
  if (command_.verb == Verb::kBurl && command_.chunk_last) text += " last";
  if (command_.initial_response.data() != nullptr) {
    text += bracketed("initial", command_.initial_response);
  }
  return text;
}

Log commands_of(std::string_view input, Leniencies leniencies) {
  CommandSession::leniencies = leniencies;
  return log_of_every_split<CommandSession>(input);
}

std::string command_of(std::string_view line, Leniencies leniencies) {
  const std::string input = std::string(line) + "\r\n";
  const Log log = commands_of(input, leniencies);
  const std::string prefix = std::to_string(input.size()) + ": ";
  if (log.size() != 1 || !log[0].starts_with(prefix)) return "not one event";
  return log[0].substr(prefix.size());
}

std::string reverse_path_of(std::string_view path, Leniencies leniencies) {
  std::string text = command_of("MAIL FROM:" + std::string(path), leniencies);
  const std::string_view verb = "MAIL ";
  return text.starts_with(verb) ? text.substr(verb.size()) : text;
}

}  // namespace smtpmark::parser::testing
