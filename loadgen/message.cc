#include "loadgen/message.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "loadgen/content.h"

namespace smtpmark::loadgen {

std::string dot_stuff(std::string_view body) {
  std::string stuffed;
  stuffed.reserve(body.size() + body.size() / 64 + 3);
  while (!body.empty()) {
    if (body.front() == '.') stuffed.push_back('.');
    const std::size_t line = std::min(body.find('\n'), body.size() - 1) + 1;
    stuffed.append(body.substr(0, line));
    body.remove_prefix(line);
  }
  return stuffed;
}

std::string_view body_of(std::string_view content) noexcept {
  if (content.starts_with("\r\n")) return content.substr(2);
  const std::size_t end = content.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : content.substr(end + 4);
}

Message::Message(std::string content) : size_(content.size()), wire_(dot_stuff(content)) {
  const std::string_view body = body_of(content);
  body_octets_ = body.size();
  body_crc_ = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
  eight_bit_ = std::any_of(content.begin(), content.end(),
                           [](char c) { return static_cast<unsigned char>(c) > 127; });
  if (wire_.size() != content.size()) unstuffed_ = std::move(content);
  wire_ += ".\r\n";
}

Message Message::render(const SessionPlan& plan) {
  const std::string sender = plan.sender.empty() ? "postmaster@example.com" : plan.sender;
  std::string content = "From: <" + sender + ">\r\nTo: <" + plan.recipient +
                        ">\r\nSubject: smtpmark\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                        "Message-ID: <1@smtpmark.invalid>\r\n\r\n";
  // A size below the header's is honoured all the same: then it is all text.
  if (content.size() + 2 > plan.message_size) content.clear();
  if (plan.message_size >= content.size() + 2) {
    TextWriter(ContentPlan{}, 0).append_lines(content, plan.message_size - content.size());
  }
  return Message(std::move(content));
}

}  // namespace smtpmark::loadgen
