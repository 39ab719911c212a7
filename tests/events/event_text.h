// Events as readable lines, for the case pages and for everything that compares two parsers.
#ifndef SMTPMARK_TESTS_EVENTS_EVENT_TEXT_H_
#define SMTPMARK_TESTS_EVENTS_EVENT_TEXT_H_

#include <string>
#include <string_view>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace smtpmark::events {

std::string describe(const parser::Command& command);        // taken or rejected: command.error
std::string describe(const parser::AuthResponse& response);  // the same
std::string describe(const parser::ReplyLine& line);         // the same
std::string describe(const parser::CapabilityLine& line);    // the same
std::string describe(const parser::Capabilities& capabilities);
std::string describe(const parser::BodyFaults& faults);  // "" when there are none

// " [a b]", in the notation of the pages.
std::string bracketed(std::string_view octets);

}  // namespace smtpmark::events

#endif  // SMTPMARK_TESTS_EVENTS_EVENT_TEXT_H_
