#include "tests/reference/scanner.h"

#include <algorithm>

namespace smtpmark::reference {

using parser::SyntaxError;

bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

bool is_let_dig(unsigned char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_atext(unsigned char c) {
  return is_let_dig(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) !=
                           std::string_view::npos);
}

std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return capitals;
}

bool Scanner::fail(SyntaxError error, std::size_t offset) {
  if (error_ == SyntaxError::kNone) {
    error_ = error;
    error_offset_ = offset;
  }
  return false;
}

bool Scanner::fail_here() {
  return fail(peek() >= 0x80 ? SyntaxError::kNonAscii : SyntaxError::kBadSyntax, at_);
}

bool Scanner::take(char c) {
  if (line_[at_] != c) return false;
  ++at_;
  return true;
}

bool Scanner::expect(char c) {
  return take(c) || fail_here();
}

bool Scanner::is_at_end_of_word() const {
  return peek() == ' ' || peek() == '\t' || at_ + 2 == line_.size();
}

bool Scanner::end_of_line() {
  while (peek() == ' ' || peek() == '\t') ++at_;
  return at_ + 2 == line_.size() || fail_here();
}

bool Scanner::keyword(std::string_view wanted) {
  return one_of({wanted}) == 0;
}

int Scanner::one_of(std::initializer_list<std::string_view> words) {
  const std::string here = in_capitals(rest());
  std::size_t furthest = 0;
  int found = -1;
  int index = 0;
  for (const std::string_view word : words) {
    const auto differ = std::mismatch(word.begin(), word.end(), here.begin(), here.end());
    const auto same = static_cast<std::size_t>(differ.first - word.begin());
    if (same == word.size() && same >= furthest) found = index;
    furthest = std::max(furthest, same);
    ++index;
  }
  at_ += furthest;
  if (found < 0) fail_here();
  return found;
}

bool Scanner::utf8() {
  const unsigned char lead = peek();
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  int tails = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    tails = 1;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    tails = 2;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    tails = 3;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return fail(SyntaxError::kBadUtf8, at_);
  }
  ++at_;
  for (; tails > 0; --tails) {
    if (peek() < low || peek() > high) return fail(SyntaxError::kBadUtf8, at_);
    ++at_;
    low = 0x80;
    high = 0xbf;
  }
  return true;
}

Gap skip_gap(Scanner& scan) {
  const std::size_t begin = scan.at();
  while (scan.take(' ') || scan.take('\t')) {
  }
  const std::string_view gap = scan.from(begin);
  if (scan.rest() == "\r\n") return Gap::kEnd;
  if (gap.empty()) return Gap::kNone;
  return gap == " " ? Gap::kWord : Gap::kTooWide;
}

}  // namespace smtpmark::reference
