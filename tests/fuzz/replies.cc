// The input is what a server sends.
#include "parser/reply_parser.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark::fuzz;
  using smtpmark::parser::FeedResult;
  using smtpmark::parser::ReplyLine;
  using smtpmark::parser::Status;
  using smtpmark::parser::SyntaxError;

  std::string_view bytes = text_of(data, size);
  smtpmark::parser::ReplyParser parser;
  ReplyLine line;
  bool inside = false;
  unsigned code = 0;
  for (;;) {
    const FeedResult result = parser.feed(bytes, line);
    require(result.consumed <= bytes.size(), "no more is consumed than was there");
    if (result.status == Status::kNeedMore) return 0;
    if (result.status == Status::kRejected) {
      const SyntaxError error = line.error;
      require(error != SyntaxError::kNone, "a rejection has a code");
      require(parser.feed(bytes, line).status == Status::kRejected && line.error == error,
              "an error stays");
      return 0;
    }
    const std::string_view raw = bytes.substr(0, result.consumed);
    require(raw.size() >= 5 && raw.ends_with("\r\n"), "a line ends with CRLF");
    require(line.code >= 200 && line.code <= 559, "a code is in its range");
    require(line.first == !inside, "first is the line behind a last one");
    require(!inside || line.code == code, "one reply has one code");
    require(lies_within(line.text, raw), "the text lies within its line");
    require(line.enhanced.class_digit == 0 || line.enhanced.class_digit == line.code / 100,
            "the class is the first digit");
    inside = !line.last;
    code = line.code;
    bytes.remove_prefix(result.consumed);
  }
}
