#include "parser/verb.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "parser/ascii.h"

namespace smtpmark::parser {
namespace {

constexpr std::array<std::string_view, kVerbs> kNames = {
    "UNKNOWN", "EHLO",    "HELO",     "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET",
    "NOOP",    "QUIT",    "STARTTLS", "AUTH", "VRFY", "EXPN", "HELP", "BURL", "ETRN",
    "ATRN",    "XCLIENT", "XFORWARD", "TURN", "SEND", "SOML", "SAML",
};

using Word = std::uint32_t;

constexpr std::size_t kLetters = sizeof(Word);

// Two octets are equal under this mask when they are the same letter, whatever its case; nothing
// but a letter becomes a lower-case letter under it.
constexpr Word kFoldCase = 0x20202020;

constexpr Word first_letters(std::string_view verb) noexcept {
  return std::bit_cast<Word>(std::array{verb[0], verb[1], verb[2], verb[3]}) | kFoldCase;
}

// No two verbs begin with the same four letters, and so each has a slot of its own.
struct Slot {
  Word letters = 0;  // folded; no line has these
  Verb verb = Verb::kUnknown;
};

using Slots = std::array<Slot, 64>;

constexpr std::size_t slot_of(Word letters, Word factor) noexcept {
  return letters * factor >> 26;
}

constexpr bool fill(Slots& slots, Word factor) noexcept {
  slots = {};
  for (std::size_t i = 1; i < kVerbs; ++i) {
    const Word letters = first_letters(kNames[i]);
    Slot& slot = slots[slot_of(letters, factor)];
    if (slot.verb != Verb::kUnknown) return false;
    slot = {letters, static_cast<Verb>(i)};
  }
  return true;
}

constexpr Word find_factor() noexcept {
  Slots slots;
  Word factor = 0x9e3779b1;
  while (!fill(slots, factor)) factor += 2;
  return factor;
}

constexpr Word kFactor = find_factor();

constexpr Slots kSlots = [] {
  Slots slots;
  fill(slots, kFactor);
  return slots;
}();

bool ends_word(char octet) noexcept {
  return static_cast<unsigned char>(octet) <= ' ';
}

}  // namespace

Verb find_verb(std::string_view line) noexcept {
  if (line.size() <= kLetters) return Verb::kUnknown;
  Word letters = 0;
  std::memcpy(&letters, line.data(), kLetters);
  letters |= kFoldCase;
  const Slot& slot = kSlots[slot_of(letters, kFactor)];
  if (slot.letters != letters) return Verb::kUnknown;
  const std::size_t length = length_of(slot.verb);
  if (length != kLetters) [[unlikely]] {
    if (line.size() <= length ||
        !equals_ignoring_case(line.substr(0, length), to_string(slot.verb))) {
      return Verb::kUnknown;
    }
  }
  return ends_word(line[length]) ? slot.verb : Verb::kUnknown;
}

std::string_view to_string(Verb verb) noexcept {
  const auto index = static_cast<std::size_t>(verb);
  return kNames[index < kVerbs ? index : 0];
}

}  // namespace smtpmark::parser
