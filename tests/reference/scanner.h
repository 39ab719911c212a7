// A line and a place in it, and the small rules that many others are made of.
#ifndef SMTPMARK_TESTS_REFERENCE_SCANNER_H_
#define SMTPMARK_TESTS_REFERENCE_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::reference {

bool is_digit(unsigned char c);
bool is_let_dig(unsigned char c);  // RFC 5321, 4.1.2
bool is_atext(unsigned char c);    // RFC 5322, 3.2.3, without what RFC 6531 adds
std::string in_capitals(std::string_view text);

// Every rule returns whether it matched; where it did not, the first failure of all is kept, with
// the place of the octet that no line could have there.
class Scanner {
 public:
  // `line` ends with CRLF, which no rule but end_of_line() takes, so that peek() is always good.
  explicit Scanner(std::string_view line) : line_(line) {}

  parser::SyntaxError error() const { return error_; }
  std::size_t error_offset() const { return error_offset_; }

  std::size_t at() const { return at_; }
  void move_to(std::size_t offset) { at_ = offset; }
  unsigned char peek() const { return static_cast<unsigned char>(line_[at_]); }
  std::string_view from(std::size_t begin) const { return line_.substr(begin, at_ - begin); }
  std::string_view rest() const { return line_.substr(at_); }

  bool fail(parser::SyntaxError error, std::size_t offset);
  bool fail_here();  // bad syntax, or an octet that is not ASCII
  bool expect(char c);
  bool take(char c);                                          // if it is there; no failure
  bool is_at_end_of_word() const;                             // white space or the line end
  bool end_of_line();                                         // WSP* CRLF (RFC 5321, 4.1.1)
  bool keyword(std::string_view wanted);                      // in any case of letters
  int one_of(std::initializer_list<std::string_view> words);  // the index; -1 is a failure
  bool utf8();  // one character that is not ASCII (RFC 3629, 4)

 private:
  std::string_view line_;
  std::size_t at_ = 0;
  parser::SyntaxError error_ = parser::SyntaxError::kNone;
  std::size_t error_offset_ = 0;
};

// Skips white space. kWord: something follows exactly one SP, so that another word may come.
enum class Gap { kNone, kEnd, kWord, kTooWide };
Gap skip_gap(Scanner& scan);

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_SCANNER_H_
