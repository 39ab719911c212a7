// Files and lists that options name.
#ifndef SMTPMARK_LOADGEN_TEXT_INPUT_H_
#define SMTPMARK_LOADGEN_TEXT_INPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

// All of a file, or of a pipe that somebody writes into, up to 1 GiB. Fails with a sentence that
// names it.
tl::expected<std::string, std::string> read_text(const std::string& path);

// The parts between separators; one more than there are separators.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without white space around it, CR of a line end included.
std::string_view trimmed(std::string_view text) noexcept;

bool is_ascii(std::string_view text) noexcept;

// Digits of a number up to 10^12, and nothing else.
std::optional<std::uint64_t> parse_count(std::string_view text);
// A finite number, and nothing else.
std::optional<double> parse_number(std::string_view text);
// A share as "0.05" or "5%", from 0 to 1.
std::optional<double> parse_share(std::string_view text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TEXT_INPUT_H_
