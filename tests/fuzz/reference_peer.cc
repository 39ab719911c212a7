#include "tests/fuzz/peer.h"
#include "tests/reference/reference.h"

smtpmark::fuzz::Peer smtpmark::fuzz::peer() {
  return {reference::commands, reference::responses, reference::data, reference::replies,
          reference::ehlo};
}
