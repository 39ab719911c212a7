// What the parsers found, as lines of JSON: `smtpmark parse` (docs/parser.md).
#ifndef SMTPMARK_LOADGEN_PARSE_JSON_H_
#define SMTPMARK_LOADGEN_PARSE_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace smtpmark::loadgen {

using Json = nlohmann::ordered_json;

// Where an event lies in the stream, in octets from its start.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t consumed = 0;
};

// Octets as text: each octet is the character of its number, U+0000 to U+00FF.
std::string text_of(std::string_view octets);

// The line of one event, in ASCII, with its line end.
std::string line_of(const Json& event);

// An event of that name with its extent.
Json event_at(std::string_view name, const Extent& extent);

Json json_of(const parser::Command& command, const Extent& extent);
Json json_of(const parser::AuthResponse& response, const Extent& extent);
Json json_of(const parser::ReplyLine& line, const Extent& extent);
Json json_of(const parser::CapabilityLine& line);
Json json_of(const parser::Capabilities& capabilities, const Extent& extent);
// Offsets from the start of the stream, of what begins at `offset`; empty without a fault.
Json json_of(const parser::BodyFaults& faults, std::uint64_t offset);
// `what` was rejected: "command", "auth-response" or "reply".
Json rejection_of(std::string_view what, parser::SyntaxError error, std::uint32_t error_offset,
                  const Extent& extent);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PARSE_JSON_H_
