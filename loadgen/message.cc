#include "loadgen/message.h"

#include <algorithm>

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kText =
    "The quick brown fox jumps over the lazy dog while the queue manager sleeps. ";
constexpr std::size_t kLineLength = 76;  // octets, CRLF excluded

// Lines of text, `octets` in all; the last one is cut or stretched to fit.
void append_lines(std::string& to, std::uint64_t octets) {
  std::size_t at = 0;
  while (octets > 0) {
    // Never leave less than a line end for the last line.
    std::uint64_t line = std::min<std::uint64_t>(kLineLength + 2, octets);
    if (octets - line == 1) --line;
    for (std::uint64_t i = 0; i + 2 < line; ++i) to.push_back(kText[at++ % kText.size()]);
    to.append("\r\n");
    octets -= line;
  }
}

}  // namespace

std::string dot_stuff(std::string_view body) {
  std::string stuffed;
  stuffed.reserve(body.size() + body.size() / 64);
  bool line_start = true;
  for (const char c : body) {
    if (line_start && c == '.') stuffed.push_back('.');
    stuffed.push_back(c);
    line_start = c == '\n';
  }
  return stuffed;
}

Message Message::render(const SessionPlan& plan) {
  std::string body = "From: <" + plan.sender + ">\r\nTo: <" + plan.recipient +
                     ">\r\nSubject: smtpmark\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                     "Message-ID: <1@smtpmark.invalid>\r\n\r\n";
  // A size below the header's is honoured all the same: then it is all text.
  if (body.size() + 2 > plan.message_size) body.clear();
  if (plan.message_size >= body.size() + 2) append_lines(body, plan.message_size - body.size());
  Message message;
  message.size_ = body.size();
  message.wire_ = dot_stuff(body) + ".\r\n";
  return message;
}

}  // namespace smtpmark::loadgen
