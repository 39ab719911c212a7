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

std::string describe_parameters(const Command& command) {
  const auto has = [&](Parameter bit) { return (command.parameters_present & bit) != 0; };
  std::string text;
  if (has(kParamSize)) text += " size=" + std::to_string(command.size);
  if (has(kParamBody)) text += describe_body(command.body);
  if (has(kParamSmtpUtf8)) text += " smtputf8";
  if (has(kParamRet)) text += command.ret_full ? " ret=full" : " ret=hdrs";
  if (has(kParamEnvid)) text += bracketed("envid", command.envid);
  if (has(kParamNotify)) text += describe_notify(command.notify);
  if (has(kParamOrcpt)) text += bracketed("orcpt", command.orcpt);
  if (has(kParamAuth)) text += bracketed("auth", command.auth_param);
  if (has(kParamUnknown)) text += " unknown";
  if (!command.parameters.empty()) text += bracketed("raw", command.parameters);
  return text;
}

}  // namespace

FeedResult CommandSession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, command_);
  if (result.status != Status::kNeedMore) {
    EXPECT_TRUE(lies_within(command_.line, bytes));
    EXPECT_EQ(bytes.substr(result.consumed - 2, 2), "\r\n");
  }
  if (result.status == Status::kReady) {
    EXPECT_EQ(command_.error, SyntaxError::kNone);
    EXPECT_EQ(command_.line, bytes.substr(0, result.consumed - 2));
    for (const std::string_view view :
         {command_.argument, command_.path.mailbox, command_.path.local_part, command_.path.domain,
          command_.path.source_route, command_.parameters, command_.initial_response}) {
      EXPECT_TRUE(lies_within(view, command_.line));
    }
  }
  return result;
}

std::string CommandSession::describe_path() const {
  const Path& path = command_.path;
  if (path.domain.empty()) {
    EXPECT_EQ(path.mailbox, path.local_part);
  } else {
    EXPECT_EQ(path.mailbox, std::string(path.local_part) + "@" + std::string(path.domain));
  }
  std::string text = bracketed("local", path.local_part) + bracketed("domain", path.domain);
  if (!path.source_route.empty()) text += bracketed("route", path.source_route);
  return text;
}

std::string CommandSession::describe(Status status) const {
  std::string text(to_string(command_.verb));
  if (status == Status::kRejected) {
    return text + " rejected: " + std::string(to_string(command_.error)) + " at " +
           std::to_string(command_.error_offset);
  }
  if (command_.verb == Verb::kMail || command_.verb == Verb::kRcpt) {
    return text + describe_path() + describe_parameters(command_);
  }
  if (command_.verb == Verb::kBdat) {
    return text + " " + std::to_string(command_.chunk_size) + (command_.chunk_last ? " last" : "");
  }
  if (!command_.argument.empty()) text += " [" + std::string(command_.argument) + "]";
  if (command_.initial_response.data() != nullptr) {
    text += bracketed("initial", command_.initial_response);
  }
  return text;
}

Log commands_of(std::string_view input) {
  return log_of_every_split<CommandSession>(input);
}

std::string command_of(std::string_view line) {
  const std::string input = std::string(line) + "\r\n";
  const Log log = commands_of(input);
  const std::string prefix = std::to_string(input.size()) + ": ";
  if (log.size() != 1 || !log[0].starts_with(prefix)) return "not one event";
  return log[0].substr(prefix.size());
}

std::string reverse_path_of(std::string_view path) {
  std::string text = command_of("MAIL FROM:" + std::string(path));
  const std::string_view verb = "MAIL ";
  return text.starts_with(verb) ? text.substr(verb.size()) : text;
}

}  // namespace smtpmark::parser::testing
