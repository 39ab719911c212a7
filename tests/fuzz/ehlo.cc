// The input is what a server answers to EHLO: a reply whose lines offer extensions.
#include "parser/capabilities.h"
#include "parser/reply_parser.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark::fuzz;
  using smtpmark::parser::Capabilities;

  std::string_view bytes = text_of(data, size);
  smtpmark::parser::ReplyParser parser;
  smtpmark::parser::ReplyLine line;
  Capabilities offered;
  for (;;) {
    const auto result = parser.feed(bytes, line);
    if (result.status != smtpmark::parser::Status::kReady) return 0;
    const std::uint64_t before = offered.offered;
    if (!line.first) offered.add(line.text);
    require((offered.offered & before) == before, "no line takes an offer back");
    require(offered.mechanisms == 0 || offered.has(smtpmark::parser::kCapAuth),
            "mechanisms come with AUTH");
    bytes.remove_prefix(result.consumed);
  }
}
