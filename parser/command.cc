#include <cstddef>
#include <string_view>

#include "parser/command_parser.h"
#include "parser/line.h"

namespace smtpmark::parser {
namespace {

constexpr std::string_view kWhiteSpace = " \t";

constexpr unsigned hex_value(char digit) noexcept {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

}  // namespace

std::size_t decode_local_part(const Path& path, char* out) noexcept {
  const std::string_view from = path.unquoted();
  std::size_t size = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (path.is_quoted && from[i] == '\\' && i + 1 < from.size()) ++i;
    out[size++] = from[i];
  }
  return size;
}

std::size_t decode_xtext(std::string_view xtext, char* out) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < xtext.size(); ++i) {
    if (xtext[i] == '+' && i + 2 < xtext.size()) {
      out[size++] = static_cast<char>(hex_value(xtext[i + 1]) << 4 | hex_value(xtext[i + 2]));
      i += 2;
    } else {
      out[size++] = xtext[i];
    }
  }
  return size;
}

bool pauses(const Command& command) noexcept {
  if (command.error != SyntaxError::kNone) return command.verb == Verb::kBdat;
  switch (command.verb) {
    case Verb::kStarttls:
    case Verb::kData:
    case Verb::kBdat:
    case Verb::kAuth:
    case Verb::kBurl:
    case Verb::kXclient:
    case Verb::kAtrn:
    case Verb::kQuit: return true;
    default: return false;
  }
}

void RawParameters::Iterator::advance() noexcept {
  parameter_ = {};
  const std::size_t begin = rest_.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return;
  rest_.remove_prefix(begin);
  const std::string_view whole = rest_.substr(0, rest_.find_first_of(kWhiteSpace));
  rest_.remove_prefix(whole.size());
  const std::size_t equals = whole.find('=');
  parameter_.keyword = whole.substr(0, equals);
  if (equals != std::string_view::npos) parameter_.value = without_prefix(whole, equals + 1);
}

std::uint32_t max_line(Verb verb, Leniencies leniencies) noexcept {
  if (verb == Verb::kAuth) return kMaxAuthLine;
  if ((leniencies & kAllowLongLine) != 0) return kMaxLenientLine;
  switch (verb) {
    case Verb::kMail:
    case Verb::kSend:
    case Verb::kSoml:
    case Verb::kSaml: return kMaxMailLine;
    case Verb::kRcpt: return kMaxRcptLine;
    default: return kMaxCommandLine;
  }
}

}  // namespace smtpmark::parser
