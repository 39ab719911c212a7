// Text of servers and results on its way to a terminal.
#ifndef SMTPMARK_LOADGEN_TERMINAL_TEXT_H_
#define SMTPMARK_LOADGEN_TERMINAL_TEXT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace smtpmark::loadgen {

// With \xNN for each octet that a terminal may take for a command and not for text: control
// characters (C0, DEL, and C1 as UTF-8 has it), and what is no UTF-8.
std::string printable(std::string_view text);

// The same of several lines: their ends are kept.
std::string printable_lines(std::string_view text);

// The same of every string and key in `value`.
nlohmann::json printable_json(const nlohmann::json& value);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TERMINAL_TEXT_H_
