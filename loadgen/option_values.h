// Values of the command line: times, numbers, and texts that become a part of a dialogue.
#ifndef SMTPMARK_LOADGEN_OPTION_VALUES_H_
#define SMTPMARK_LOADGEN_OPTION_VALUES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "parser/leniency.h"

namespace CLI {
class App;
class Option;
class Validator;
}  // namespace CLI

namespace smtpmark::loadgen {

inline constexpr std::uint64_t kMostProcessor = 1023;  // as many as a cpu_set_t has

// What is done to an option behind its definition, beyond its value.
using OptionMark = std::function<CLI::Option*(CLI::Option*)>;

// "10", "500ms", "2m", "300us" as seconds.
CLI::Validator seconds();
// A millisecond to a year.
CLI::Validator sensible_time();
// Numbers from `least` to `most`; CLI11's own lets "nan" pass.
CLI::Validator number_between(double least, double most);
// The same of digits alone; CLI11's own, and its conversion to unsigned types, let a negative
// number and one that is too large pass for another one.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

// Seconds of the command line, which are limited to a year, as nanoseconds.
std::uint64_t to_ns(double seconds);

// --profile: how far commands may deviate from the RFCs.
CLI::Option* define_profile(CLI::App& command, parser::Profile& profile);

// Refuses with a sentence an empty value that was given, of any option: it is mostly what a
// variable of a shell holds behind a command that failed, and would pass for an option that was
// left out, as for a --tls-pin, so that nothing is verified.
tl::expected<void, std::string> refuse_empty_values(const CLI::App& command);
// The sentence of it.
std::string must_not_be_empty(const std::string& option);

// Without what would end a command line early or start another one.
bool is_clean(const std::string& text);
// What our own parser takes for a path: a local part and a domain or an address literal, which may
// be beyond ASCII (RFC 6531).
bool is_mailbox(const std::string& text);
// What may stand behind EHLO and in a greeting: a domain or an address literal, in ASCII.
bool is_host(const std::string& text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_OPTION_VALUES_H_
