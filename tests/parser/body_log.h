// What a body is, told in one line, and RFC 5321, 4.5.2 as slowly and as plainly as it can be said.
#ifndef SMTPMARK_TESTS_PARSER_BODY_LOG_H_
#define SMTPMARK_TESTS_PARSER_BODY_LOG_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "parser/body_framer.h"
#include "tests/parser/split_driver.h"

namespace smtpmark::parser::testing {

inline std::string describe_body(const std::string& body, const BodyFaults& faults) {
  std::string text = "body=[" + body + "]";
  const std::initializer_list<std::pair<const char*, std::uint64_t>> kinds{
      {"bare CR", faults.first_bare_cr},
      {"bare LF", faults.first_bare_lf},
      {"NUL", faults.first_nul},
      {"overlong", faults.first_overlong},
      {"non-ASCII", faults.first_non_ascii}};
  for (const auto& [name, offset] : kinds) {
    if (offset != BodyFaults::kNowhere)
      text += std::string(" ") + name + " at " + std::to_string(offset);
  }
  return text;
}

// Looks at one octet after the other.
class BodyReference {
 public:
  BodyReference(std::string_view input, const BodyOptions& options)
      : input_(input), options_(options) {}

  // Empty when the data do not end.
  Log data() {
    for (std::size_t i = 0; i < input_.size(); ++i) {
      const std::size_t end = line_start_ && input_[i] == '.' ? line_end_at(i + 1) : 0;
      if (end != 0) return ended(i + 1, end);
      if (line_start_ && input_[i] == '.') {
        line_start_ = false;
        line_octets_ = 0;
      } else {
        take(i);
      }
    }
    return {};
  }

  std::string opaque() {
    for (std::size_t i = 0; i < input_.size(); ++i) take(i);
    return describe_body(body_, faults_);
  }

 private:
  static void note(std::uint64_t& first, std::uint64_t at) { first = std::min(first, at); }

  bool has(std::size_t i, char octet) const { return i < input_.size() && input_[i] == octet; }

  std::size_t line_end_at(std::size_t i) const {
    if (has(i, '\r') && has(i + 1, '\n')) return 2;
    return has(i, '\n') && options_.bare_lf_ends_line ? 1 : 0;
  }

  Log ended(std::size_t i, std::size_t line_end) {
    if (line_end == 1) note(faults_.first_bare_lf, i);
    return {std::to_string(i + line_end) + ": " + describe_body(body_, faults_)};
  }

  void take(std::size_t i) {
    const bool behind_cr = i > 0 && input_[i - 1] == '\r';
    if (has(i, '\n') && !behind_cr) note(faults_.first_bare_lf, i);
    if (has(i, '\r') && !has(i + 1, '\n')) note(faults_.first_bare_cr, i);
    if (has(i, '\0')) note(faults_.first_nul, i);
    if (static_cast<unsigned char>(input_[i]) > 127) note(faults_.first_non_ascii, i);
    if (++line_octets_ > options_.max_line) note(faults_.first_overlong, i);
    body_ += input_[i];
    line_start_ = has(i, '\n') && (behind_cr || options_.bare_lf_ends_line);
    if (line_start_) line_octets_ = 0;
  }

  std::string_view input_;
  BodyOptions options_;
  std::string body_;
  BodyFaults faults_;
  std::uint64_t line_octets_ = 0;  // without a stuffed dot
  bool line_start_ = true;
};

}  // namespace smtpmark::parser::testing

#endif  // SMTPMARK_TESTS_PARSER_BODY_LOG_H_
