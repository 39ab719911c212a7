#include <algorithm>
#include <string>

#include "parser/body_framer.h"
#include "tests/events/event_text.h"
#include "tests/reference/reference.h"

namespace smtpmark::reference {
namespace {

using parser::BodyFaults;

constexpr std::size_t kMaxTextLine =
    1000;  // with CRLF, without a stuffed dot (RFC 5321, 4.5.3.1.6)

// Behind the end of data: CRLF.CRLF, or .CRLF at once (RFC 5321, 4.1.1.4 and 4.5.2).
std::size_t end_of_data(std::string_view input) {
  if (input.starts_with(".\r\n")) return 3;
  const std::size_t end = input.find("\r\n.\r\n");
  return end == std::string_view::npos ? end : end + 5;
}

void note(std::uint64_t& first, std::size_t at) {
  first = std::min<std::uint64_t>(first, at);
}

// Line by line: what of `stuffed` belongs to the body, and what is wrong with it. An end that is
// not there leaves the last octets undecided: a CR, and "." or ".CR" at the start of a line.
struct Unstuffed {
  std::string body;
  BodyFaults faults;
};

void scan_line(std::string_view line, std::size_t at, bool is_whole, Unstuffed& out) {
  const bool is_stuffed = line.starts_with('.');
  const std::size_t begin = is_stuffed ? 1 : 0;
  for (std::size_t i = begin; i < line.size(); ++i) {
    const auto octet = static_cast<unsigned char>(line[i]);
    const bool is_line_end = is_whole && i + 2 >= line.size();
    const bool is_last = i + 1 == line.size();
    if (octet == '\r' && !is_line_end && !is_last) note(out.faults.first_bare_cr, at + i);
    if (octet == '\n' && !is_line_end) note(out.faults.first_bare_lf, at + i);
    if (octet == '\0') note(out.faults.first_nul, at + i);
    if (octet >= 0x80) note(out.faults.first_non_ascii, at + i);
    if (i - begin == kMaxTextLine) note(out.faults.first_overlong, at + i);
  }
  out.body += line.substr(begin);
}

Unstuffed unstuff(std::string_view stuffed) {
  Unstuffed out;
  for (std::size_t at = 0; at < stuffed.size();) {
    const std::size_t crlf = stuffed.find("\r\n", at);
    const bool is_whole = crlf != std::string_view::npos;
    const std::size_t end = is_whole ? crlf + 2 : stuffed.size();
    const std::string_view line = stuffed.substr(at, end - at);
    // ".CR" may still become the end of data: its CR is held back.
    if (is_whole || line != ".\r") scan_line(line, at, is_whole, out);
    at = end;
  }
  return out;
}

}  // namespace

Log data(std::string_view input) {
  const std::size_t end = end_of_data(input);
  const bool is_over = end != std::string_view::npos;
  const Unstuffed content = unstuff(is_over ? input.substr(0, end - 3) : input);
  const std::string text = std::to_string(content.body.size()) + " octets" +
                           events::bracketed(content.body) + events::describe(content.faults);
  if (is_over) return {std::to_string(end) + ": end of data, " + text};
  return {"no end of data, " + text};
}

}  // namespace smtpmark::reference
