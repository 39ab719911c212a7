// The input is what follows the 354 of a DATA: the stuffed body, its end, and whatever is behind.
#include "parser/body_framer.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark::fuzz;
  using smtpmark::parser::BodyFaults;
  using smtpmark::parser::FeedResult;
  using smtpmark::parser::Status;

  const std::string_view input = text_of(data, size);
  smtpmark::parser::DataFramer framer;
  std::string_view piece;
  std::size_t consumed = 0;
  std::uint64_t octets = 0;
  FeedResult result;
  while (consumed < size && result.status == Status::kNeedMore) {
    result = framer.feed(input.substr(consumed), piece);
    require(result.status != Status::kRejected, "a body is never rejected");
    require(result.consumed > 0 || result.status == Status::kReady, "each call gets on");
    require(result.consumed <= size - consumed, "no more is consumed than was there");
    consumed += result.consumed;
    octets += piece.size();
  }
  require(octets == framer.octets() && octets <= consumed, "octets() counts what was handed out");
  const BodyFaults& faults = framer.faults();
  const std::string_view body = input.substr(0, consumed);
  if (faults.first_bare_lf != BodyFaults::kNowhere) {
    const auto at = static_cast<std::size_t>(faults.first_bare_lf);
    require(at < consumed && body[at] == '\n' && (at == 0 || body[at - 1] != '\r'),
            "a bare LF is one");
  }
  if (faults.first_bare_cr != BodyFaults::kNowhere) {
    const auto at = static_cast<std::size_t>(faults.first_bare_cr);
    require(at < consumed && body[at] == '\r' && (at + 1 == size || input[at + 1] != '\n'),
            "a bare CR is one");
  }
  if (result.status == Status::kReady) {
    require(body == ".\r\n" || body.ends_with("\r\n.\r\n"), "only CRLF.CRLF ends a body");
  }
  return 0;
}
