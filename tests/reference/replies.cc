#include "tests/reference/replies.h"

#include <string>

#include "tests/events/event_text.h"
#include "tests/reference/limits.h"
#include "tests/reference/reference.h"
#include "tests/reference/scanner.h"

namespace smtpmark::reference {
namespace {

using namespace parser;

// Reply-code = %x32-35 %x30-35 %x30-39 (RFC 5321, 4.2)
bool reply_code(Scanner& scan, std::uint16_t& code) {
  constexpr std::string_view kLeast = "200";
  constexpr std::string_view kMost = "559";
  code = 0;
  for (std::size_t i = 0; i < kLeast.size(); ++i) {
    const char digit = static_cast<char>(scan.peek());
    if (digit < kLeast[i] || digit > kMost[i]) {
      return scan.fail(SyntaxError::kBadReplyCode, scan.at());
    }
    code = static_cast<std::uint16_t>(code * 10 + (digit - '0'));
    scan.move_to(scan.at() + 1);
  }
  return true;
}

// textstring = 1*( %d09 / %d32-126 ), and what is not ASCII (RFC 6531, 3.7.4)
bool text_string(Scanner& scan) {
  for (;;) {
    if (scan.peek() >= 0x80) {
      if (!scan.utf8()) return false;
    } else if (scan.peek() == '\t' || (scan.peek() >= ' ' && scan.peek() <= '~')) {
      scan.move_to(scan.at() + 1);
    } else {
      return true;
    }
  }
}

// subject and detail = "0" or up to three digits without a leading zero (RFC 3463, 2)
bool take_number(std::string_view& text, std::uint16_t& number) {
  std::size_t digits = 0;
  number = 0;
  for (; digits < text.size() && is_digit(static_cast<unsigned char>(text[digits])); ++digits) {
    if (digits == 3) return false;
    number = static_cast<std::uint16_t>(number * 10 + (text[digits] - '0'));
  }
  const bool good = digits == 1 || (digits > 1 && text[0] != '0');
  text.remove_prefix(digits);
  return good;
}

// status-code = class "." subject "." detail, and SP or nothing behind it (RFC 2034, 4)
bool enhanced_code(std::string_view text, EnhancedCode& code) {
  const auto take_dot = [&] {
    const bool there = text.starts_with('.');
    if (there) text.remove_prefix(1);
    return there;
  };
  if (text.empty() || std::string_view("245").find(text[0]) == std::string_view::npos) return false;
  code.class_digit = static_cast<std::uint8_t>(text[0] - '0');
  text.remove_prefix(1);
  return take_dot() && take_number(text, code.subject) && take_dot() &&
         take_number(text, code.detail) && (text.empty() || text[0] == ' ');
}

// Reply-line = Reply-code [ ( SP / "-" ) textstring ] CRLF
bool reply_line(Scanner& scan, ReplyLine& line) {
  if (!reply_code(scan, line.code)) return false;
  line.last = true;
  line.text = {};
  line.enhanced = {};
  line.enhanced_mismatch = false;
  if (scan.rest() == "\r\n") return true;
  line.last = scan.peek() != '-';
  if (!scan.take('-') && !scan.take(' ')) return scan.fail(SyntaxError::kBadSyntax, scan.at());
  const std::size_t text = scan.at();
  if (!text_string(scan)) return false;
  line.text = scan.from(text);
  if (scan.rest() != "\r\n") return scan.fail(SyntaxError::kBadSyntax, scan.at());
  EnhancedCode enhanced;
  if (!enhanced_code(line.text, enhanced)) return true;
  line.enhanced_mismatch = enhanced.class_digit != line.code / 100;
  if (!line.enhanced_mismatch) line.enhanced = enhanced;
  return true;
}

std::size_t first_difference(const std::string& a, const std::string& b) {
  std::size_t i = 0;
  while (a[i] == b[i]) ++i;
  return i;
}

}  // namespace

bool ReplyReader::reject(SyntaxError error, std::size_t offset, ReplyLine& line) {
  failed_ = true;
  line.error = error;
  line.error_offset = static_cast<std::uint32_t>(offset);
  return true;
}

bool ReplyReader::next(ReplyLine& line) {
  if (failed_) return false;
  const std::string_view rest = input_.substr(consumed_);
  const std::string_view window = rest.substr(0, kReplyLineLimit);
  const std::size_t lf = window.find('\n');
  if (lf == std::string_view::npos) {
    return window.size() == kReplyLineLimit &&
           reject(SyntaxError::kLineTooLong, kReplyLineLimit, line);
  }
  if (lf == 0 || rest[lf - 1] != '\r') return reject(SyntaxError::kBareLf, lf, line);
  Scanner scan(rest.substr(0, lf + 1));
  const bool good = reply_line(scan, line);
  const std::size_t forbidden = rest.substr(0, lf - 1).find_first_of(std::string_view("\r\0", 2));
  if (forbidden != std::string_view::npos) {
    const bool is_cr = rest[forbidden] == '\r';
    return reject(is_cr ? SyntaxError::kBareCr : SyntaxError::kNulOctet, forbidden, line);
  }
  if (!good) return reject(scan.error(), scan.error_offset(), line);
  line.first = lines_ == 0;
  if (!line.first && line.code != code_) {
    const std::size_t at = first_difference(std::to_string(line.code), std::to_string(code_));
    return reject(SyntaxError::kCodeMismatch, at, line);
  }
  if (lines_ == kReplyLinesLimit) return reject(SyntaxError::kTooManyLines, 0, line);
  if (octets_ + lf + 1 > kReplyOctetsLimit) {
    return reject(SyntaxError::kReplyTooLong, kReplyOctetsLimit - octets_, line);
  }
  line.error = SyntaxError::kNone;
  line.error_offset = 0;
  code_ = line.code;
  lines_ = line.last ? 0 : lines_ + 1;
  octets_ = line.last ? 0 : octets_ + lf + 1;
  consumed_ += lf + 1;
  return true;
}

Log replies(std::string_view input) {
  Log log;
  ReplyReader reader(input);
  for (ReplyLine line; reader.next(line);) {
    log.push_back(std::to_string(reader.consumed()) + ": " + events::describe(line));
  }
  return log;
}

}  // namespace smtpmark::reference
