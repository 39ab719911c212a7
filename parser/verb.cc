#include "parser/verb.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "parser/ascii.h"

namespace smtpmark::parser {
namespace {

using Word = std::uint32_t;

// Two octets are equal under this mask when they are the same letter, whatever its case; nothing
// but a letter becomes a lower-case letter under it.
constexpr Word kFoldCase = 0x20202020;

constexpr Word word(const char (&letters)[5]) noexcept {
  return std::bit_cast<Word>(std::array{letters[0], letters[1], letters[2], letters[3]});
}

Verb verb_of(Word folded) noexcept {
  switch (folded) {
    case word("ehlo"): return Verb::kEhlo;
    case word("helo"): return Verb::kHelo;
    case word("lhlo"): return Verb::kLhlo;
    case word("mail"): return Verb::kMail;
    case word("rcpt"): return Verb::kRcpt;
    case word("data"): return Verb::kData;
    case word("bdat"): return Verb::kBdat;
    case word("rset"): return Verb::kRset;
    case word("noop"): return Verb::kNoop;
    case word("quit"): return Verb::kQuit;
    case word("auth"): return Verb::kAuth;
    case word("vrfy"): return Verb::kVrfy;
    case word("expn"): return Verb::kExpn;
    case word("help"): return Verb::kHelp;
    default: return Verb::kUnknown;
  }
}

bool ends_word(char octet) noexcept {
  return static_cast<unsigned char>(octet) <= ' ';
}

}  // namespace

Verb find_verb(std::string_view line) noexcept {
  constexpr std::size_t kLetters = sizeof(Word);
  if (line.size() <= kLetters) return Verb::kUnknown;
  if (ends_word(line[kLetters])) {
    Word letters = 0;
    std::memcpy(&letters, line.data(), kLetters);
    return verb_of(letters | kFoldCase);
  }
  const std::string_view starttls = to_string(Verb::kStarttls);
  if (line.size() > starttls.size() && ends_word(line[starttls.size()]) &&
      equals_ignoring_case(line.substr(0, starttls.size()), starttls)) {
    return Verb::kStarttls;
  }
  return Verb::kUnknown;
}

std::string_view to_string(Verb verb) noexcept {
  switch (verb) {
    case Verb::kUnknown: return "UNKNOWN";
    case Verb::kEhlo: return "EHLO";
    case Verb::kHelo: return "HELO";
    case Verb::kLhlo: return "LHLO";
    case Verb::kMail: return "MAIL";
    case Verb::kRcpt: return "RCPT";
    case Verb::kData: return "DATA";
    case Verb::kBdat: return "BDAT";
    case Verb::kRset: return "RSET";
    case Verb::kNoop: return "NOOP";
    case Verb::kQuit: return "QUIT";
    case Verb::kStarttls: return "STARTTLS";
    case Verb::kAuth: return "AUTH";
    case Verb::kVrfy: return "VRFY";
    case Verb::kExpn: return "EXPN";
    case Verb::kHelp: return "HELP";
  }
  return "UNKNOWN";
}

}  // namespace smtpmark::parser
