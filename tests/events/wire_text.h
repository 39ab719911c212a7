// Octets as text that a person can read and write: the notation of the case pages (README.md).
#ifndef SMTPMARK_TESTS_EVENTS_WIRE_TEXT_H_
#define SMTPMARK_TESTS_EVENTS_WIRE_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace smtpmark::events {

// The octets that `text` stands for; nothing when it does not follow the notation. Line feeds of
// the text itself stand for nothing.
std::optional<std::string> octets_of(std::string_view text);

// The other way round, for a view inside an event; a run of one octet is written {a*64}.
std::string text_of(std::string_view octets);

}  // namespace smtpmark::events

#endif  // SMTPMARK_TESTS_EVENTS_WIRE_TEXT_H_
