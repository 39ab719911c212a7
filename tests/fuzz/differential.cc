// The input is parsed by ours and by a peer, which must say the same. What begins with a digit is
// taken for replies, everything else for commands, for AUTH responses, and for a body.
#include "tests/fuzz/feed.h"
#include "tests/fuzz/peer.h"
#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

// `theirs` may be only a verdict.
bool agree(std::string_view ours, std::string_view theirs) {
  if (ours == theirs) return true;
  const std::string_view number = ours.substr(0, ours.find(' ') + 1);
  if (!theirs.starts_with(number)) return false;
  const std::string_view verdict = theirs.substr(number.size());
  const bool is_rejected = ours.find("rejected: ") != std::string_view::npos;
  return verdict == (is_rejected ? "rejected" : "taken");
}

bool agree(const Log& ours, const Log& theirs) {
  if (ours.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!agree(ours[i], theirs[i])) return false;
  }
  return true;
}

template <typename Session>
void compare(const char* what, std::string_view input, Log (*peer_log)(std::string_view)) {
  if (peer_log == nullptr) return;
  const Log ours = log_of<Session>(input);
  const Log theirs = peer_log(input);
  if (agree(ours, theirs)) [[likely]]
    return;
  print(what, {});
  print("ours:", ours);
  print("theirs:", theirs);
  require(false, "both parsers say the same");
}

}  // namespace
}  // namespace smtpmark::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace smtpmark;
  using namespace smtpmark::fuzz;
  static const Peer other = peer();
  const std::string_view input = text_of(data, size);
  if (is_from_server(input)) {
    compare<events::ReplySession>("as replies", input, other.replies);
    compare<events::EhloSession>("as a reply to EHLO", input, other.ehlo);
  } else {
    compare<events::CommandSession>("as commands", input, other.commands);
    compare<events::ResponseSession>("as AUTH responses", input, other.responses);
    compare<events::DataSession>("as a body", input, other.data);
  }
  return 0;
}
