// Reply lines one by one, for what is made of them.
#ifndef SMTPMARK_TESTS_REFERENCE_REPLIES_H_
#define SMTPMARK_TESTS_REFERENCE_REPLIES_H_

#include <cstddef>
#include <string_view>

#include "parser/reply_parser.h"

namespace smtpmark::reference {

class ReplyReader {
 public:
  explicit ReplyReader(std::string_view input) : input_(input) {}

  // False when no verdict can be given yet. A malformed line is the last one.
  bool next(parser::ReplyLine& line);
  std::size_t consumed() const { return consumed_; }

 private:
  bool reject(parser::SyntaxError error, std::size_t offset, parser::ReplyLine& line);

  std::string_view input_;
  std::size_t consumed_ = 0;
  std::size_t lines_ = 0;   // of the reply under way
  std::size_t octets_ = 0;  // of the reply under way
  unsigned code_ = 0;       // of the reply under way
  bool failed_ = false;
};

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_REPLIES_H_
