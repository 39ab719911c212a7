#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/ascii.h"
#include "parser/reply_parser.h"

namespace smtpmark::parser {
namespace {

template <typename Bit>
struct Keyword {
  std::string_view name;
  Bit bit;
};

constexpr std::array kKeywords{
    Keyword<Capability>{"PIPELINING", kCapPipelining},
    Keyword<Capability>{"SIZE", kCapSize},
    Keyword<Capability>{"8BITMIME", kCap8bitMime},
    Keyword<Capability>{"SMTPUTF8", kCapSmtpUtf8},
    Keyword<Capability>{"CHUNKING", kCapChunking},
    Keyword<Capability>{"BINARYMIME", kCapBinaryMime},
    Keyword<Capability>{"ENHANCEDSTATUSCODES", kCapEnhancedStatusCodes},
    Keyword<Capability>{"STARTTLS", kCapStarttls},
    Keyword<Capability>{"AUTH", kCapAuth},
    Keyword<Capability>{"DSN", kCapDsn},
};

constexpr std::array kMechanisms{
    Keyword<AuthMechanism>{"PLAIN", kAuthPlain},
    Keyword<AuthMechanism>{"LOGIN", kAuthLogin},
    Keyword<AuthMechanism>{"CRAM-MD5", kAuthCramMd5},
    Keyword<AuthMechanism>{"SCRAM-SHA-1", kAuthScramSha1},
    Keyword<AuthMechanism>{"SCRAM-SHA-256", kAuthScramSha256},
    Keyword<AuthMechanism>{"XOAUTH2", kAuthXoauth2},
    Keyword<AuthMechanism>{"OAUTHBEARER", kAuthOauthBearer},
};

// 0 when no keyword of the table is `word`.
template <typename Bit, std::size_t kSize>
std::uint32_t bit_of(const std::array<Keyword<Bit>, kSize>& table, std::string_view word) noexcept {
  for (const auto& keyword : table) {
    if (equals_ignoring_case(keyword.name, word)) return keyword.bit;
  }
  return 0;
}

// Takes the next word off the front of `text`; empty at its end.
std::string_view take_word(std::string_view& text) noexcept {
  constexpr std::string_view kWhiteSpace = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kWhiteSpace));
  text.remove_prefix(word.size());
  return word;
}

// RFC 1870, 3: absent and 0 both mean that no limit is stated. So does what is not a number.
std::uint64_t size_limit_of(std::string_view digits) noexcept {
  std::uint64_t limit = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9' || !append_digit(limit, static_cast<unsigned char>(c))) return 0;
  }
  return limit;
}

}  // namespace

void Capabilities::add(std::string_view text) noexcept {
  const std::uint32_t capability = bit_of(kKeywords, take_word(text));
  offered |= capability;
  if (capability == kCapSize) size_limit = size_limit_of(take_word(text));
  if (capability != kCapAuth) return;
  for (std::string_view name = take_word(text); !name.empty(); name = take_word(text)) {
    mechanisms = static_cast<std::uint16_t>(mechanisms | bit_of(kMechanisms, name));
  }
}

}  // namespace smtpmark::parser
