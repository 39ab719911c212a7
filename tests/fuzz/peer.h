// The parser that ours is held against: the reference of tests/reference, or yours
// (docs/fuzzing.md).
#ifndef SMTPMARK_TESTS_FUZZ_PEER_H_
#define SMTPMARK_TESTS_FUZZ_PEER_H_

#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::fuzz {

// One line an event, in the order of the events: how many octets of the input had been consumed
// with it, and what it was. Either exactly what ours says, in the words of tests/cases/README.md,
// or only "27: taken" or "27: rejected".
using Log = std::vector<std::string>;

// What a peer can parse; a function that is null is not asked. Each gets a whole input and forgets
// it afterwards.
struct Peer {
  Log (*commands)(std::string_view input) = nullptr;   // command lines, whatever they ask for
  Log (*responses)(std::string_view input) = nullptr;  // what a client says while an AUTH goes on
  Log (*data)(std::string_view input) = nullptr;       // a body behind 354, and what is behind it
  Log (*replies)(std::string_view input) = nullptr;    // reply lines
  Log (*ehlo)(std::string_view input) = nullptr;       // one reply to EHLO
};

// Defined in the file that the Meson option fuzz_peer names.
Peer peer();

}  // namespace smtpmark::fuzz

#endif  // SMTPMARK_TESTS_FUZZ_PEER_H_
