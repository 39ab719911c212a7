#include "loadgen/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kPlainText =
    "The quick brown fox jumps over the lazy dog while the queue manager sleeps. ";
constexpr std::string_view kEightBitText =
    "Der schnelle braune Fuchs springt \xC3\xBC"
    "ber den tr\xC3\xA4gen Hund, w\xC3\xA4hrend das Postamt schl\xC3\xA4"
    "ft. ";
constexpr std::string_view kHtmlText =
    "<p>The quick <b>brown fox</b> jumps over the <i>lazy dog</i> while the queue manager "
    "sleeps.</p> ";
constexpr std::string_view kHtmlBegin = "<!DOCTYPE html>\r\n<html><body>\r\n";
constexpr std::string_view kHtmlEnd = "</body></html>\r\n";
constexpr std::string_view kAlternative = "smtpmark-alternative";
constexpr std::string_view kMixed = "smtpmark-mixed";
constexpr std::size_t kBase64Line = 76;  // RFC 2045, 6.8
constexpr std::uint64_t kLeastText = 80;
constexpr std::uint64_t kLeastAttachment = kBase64Line + 2;

// Of a letter in UTF-8.
bool is_second_octet(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string header_of(std::string_view from, std::string_view to, std::uint64_t number) {
  return fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: smtpmark {:06}\r\n"
      "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\n",
      from, to, number % 1'000'000);
}

std::string_view encoding_of(const ContentPlan& plan) {
  return plan.eight_bit ? "8bit" : "7bit";
}

std::string text_type(const ContentPlan& plan) {
  return fmt::format(
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n",
      encoding_of(plan));
}

// The fixed parts around text, HTML and attachment.
struct Frame {
  std::string before_text;
  std::string before_html;
  std::string before_attachment;
  std::string end;

  std::uint64_t octets() const {
    return before_text.size() + before_html.size() + before_attachment.size() + end.size();
  }
};

Frame alternative_frame(const ContentPlan& plan, const std::string& header) {
  Frame frame;
  frame.before_text = fmt::format("{0}Content-Type: multipart/alternative; boundary={1}\r\n\r\n",
                                  header, kAlternative) +
                      fmt::format("--{}\r\n{}", kAlternative, text_type(plan));
  frame.before_html = fmt::format(
      "--{}\r\nContent-Type: text/html; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 7bit\r\n\r\n{}",
      kAlternative, kHtmlBegin);
  frame.end = fmt::format("{}--{}--\r\n", kHtmlEnd, kAlternative);
  return frame;
}

Frame mixed_frame(const ContentPlan& plan, const std::string& header) {
  Frame inner = alternative_frame(
      plan, fmt::format("{0}Content-Type: multipart/mixed; boundary={1}\r\n\r\n--{1}\r\n", header,
                        kMixed));
  inner.before_attachment = fmt::format(
      "{}--{}\r\nContent-Type: application/octet-stream; name=smtpmark.bin\r\n"
      "Content-Disposition: attachment; filename=smtpmark.bin\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n",
      inner.end, kMixed);
  inner.end = fmt::format("--{}--\r\n", kMixed);
  return inner;
}

// Lines of base64 that have about `octets`; returns how many are left over: 0 to 5.
std::uint64_t append_base64(std::string& to, std::uint64_t octets, std::uint64_t number) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::mt19937_64 random(number);
  while (octets >= 6) {  // four characters and a line end
    const std::uint64_t line = std::min<std::uint64_t>(kBase64Line, (octets - 2) / 4 * 4);
    for (std::uint64_t i = 0; i < line; i += 4) {
      const std::uint64_t bits = random();
      const char group[] = {kAlphabet[bits % 64], kAlphabet[bits / 64 % 64],
                            kAlphabet[bits / 4096 % 64], kAlphabet[bits / 262144 % 64]};
      to.append(group, 4);
    }
    to.append("\r\n");
    octets -= line + 2;
  }
  return octets;
}

void append_html(std::string& to, std::uint64_t octets) {
  while (octets > 0) {
    std::uint64_t line = std::min<std::uint64_t>(kHtmlText.size() + 2, octets);
    if (octets - line == 1) --line;
    to.append(kHtmlText.substr(0, line - 2)).append("\r\n");
    octets -= line;
  }
}

// Text and HTML of `octets` in all inside their frame; a third of it is text.
void append_alternative(std::string& to, const Frame& frame, TextWriter& text,
                        std::uint64_t octets) {
  to += frame.before_text;
  text.append_lines(to, octets / 3);
  to += frame.before_html;
  append_html(to, octets - octets / 3);
}

std::string render_text(const ContentPlan& plan, const std::string& header, std::uint64_t octets,
                        std::uint64_t number) {
  std::string content = header + text_type(plan);
  const std::uint64_t least = content.size() + 2;
  TextWriter(plan, number).append_lines(content, std::max(octets, least) - content.size());
  return content;
}

}  // namespace

std::string_view to_string(BodyKind kind) noexcept {
  switch (kind) {
    case BodyKind::kText: return "text";
    case BodyKind::kAlternative: return "alternative";
    case BodyKind::kMime: return "mime";
  }
  return "text";
}

TextWriter::TextWriter(const ContentPlan& plan, std::uint64_t number)
    : plan_(plan), text_(plan.eight_bit ? kEightBitText : kPlainText), at_(0) {
  for (at_ = number * 7 % text_.size(); is_second_octet(text_[at_]);) --at_;
}

void TextWriter::append_lines(std::string& to, std::uint64_t octets) {
  while (octets > 0) {
    // Never leave less than a line end for the last line.
    std::uint64_t line = std::min<std::uint64_t>(plan_.line_length + 2, octets);
    if (octets - line == 1) --line;
    append_line(to, line - 2);
    octets -= line;
  }
}

// No letter of two octets is cut in two.
void TextWriter::append_line(std::string& to, std::uint64_t octets) {
  const std::size_t begin = to.size();
  while (octets > 0) {
    std::uint64_t piece = std::min<std::uint64_t>(octets, text_.size() - at_);
    if (at_ + piece < text_.size() && is_second_octet(text_[at_ + piece])) --piece;
    to.append(text_.substr(at_, piece));
    at_ = (at_ + piece) % text_.size();
    octets -= piece;
    if (piece == 0) {
      to.push_back('o');
      --octets;
      at_ = (at_ + 2) % text_.size();
    }
  }
  dots_due_ += plan_.dot_share;
  if (dots_due_ >= 1.0 - 1e-9 && to.size() > begin + 3) {
    dots_due_ -= 1.0;
    std::size_t end = begin + (double_dot_ ? 2 : 1);
    if (is_second_octet(to[end])) ++end;  // the rest of a letter that goes
    std::fill(to.begin() + static_cast<std::ptrdiff_t>(begin),
              to.begin() + static_cast<std::ptrdiff_t>(end), '.');
    double_dot_ = !double_dot_;
  }
  to.append("\r\n");
}

std::string render_content(const ContentPlan& plan, std::string_view from, std::string_view to,
                           std::uint64_t octets, std::uint64_t number) {
  const std::string header = header_of(from, to, number);
  const Frame mixed = mixed_frame(plan, header);
  const Frame alternative = alternative_frame(plan, header);
  std::string content;
  content.reserve(octets);
  TextWriter text(plan, number);
  const std::uint64_t text_limit = std::max(plan.text_limit, kLeastText);
  if (plan.kind == BodyKind::kMime && octets >= mixed.octets() + text_limit + kLeastAttachment) {
    const std::uint64_t rest = octets - mixed.octets() - text_limit;
    std::string attachment;
    attachment.reserve(rest);
    const std::uint64_t left_over = append_base64(attachment, rest, number);
    append_alternative(content, mixed, text, text_limit + left_over);
    content.append(mixed.before_attachment).append(attachment).append(mixed.end);
    return content;
  }
  if (plan.kind != BodyKind::kText && octets >= alternative.octets() + kLeastText) {
    append_alternative(content, alternative, text, octets - alternative.octets());
    content += alternative.end;
    return content;
  }
  return render_text(plan, header, octets, number);
}

std::uint64_t least_content(std::string_view from, std::string_view to) {
  return render_text(ContentPlan{}, header_of(from, to, 0), 0, 0).size();
}

}  // namespace smtpmark::loadgen
