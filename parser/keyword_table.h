// Words looked up without regard to case, in constant time. Private to this folder.
#ifndef SMTPMARK_PARSER_KEYWORD_TABLE_H_
#define SMTPMARK_PARSER_KEYWORD_TABLE_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "parser/swar.h"

namespace smtpmark::parser {

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t';
}

// The octets of a word, 0 behind its end. Of a longer one than kLongest only the size is told.
struct Word {
  static constexpr std::size_t kLongest = 24;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  std::size_t size = 0;
};

namespace keyword_table {

// Takes up to 8 octets of `text`, of which `loaded` begins with the next ones; true at its end.
constexpr bool take_octets(std::uint64_t loaded, std::uint64_t& octets,
                           std::size_t& size) noexcept {
  const std::uint64_t ends = swar::first_below(loaded, '!');  // what is behind the text is 0
  octets = loaded;
  if (ends == 0) {
    size += swar::kOctets;
    return false;
  }
  const auto count = static_cast<std::size_t>(std::countr_zero(ends)) / 8;
  octets &= ~(~std::uint64_t{0} << (8 * count));
  size += count;
  return true;
}

}  // namespace keyword_table

// The word that `text` begins with, up to an SP, an HTAB or its end.
[[gnu::always_inline]] constexpr Word first_word(std::string_view text) noexcept {
  using keyword_table::take_octets;
  Word word;
  const bool ended = take_octets(swar::load(text, 0), word.first, word.size) ||
                     take_octets(swar::load(text, swar::kOctets), word.second, word.size) ||
                     take_octets(swar::load(text, 2 * swar::kOctets), word.third, word.size);
  // A control octet belongs to the word, which is then none that anybody looks for.
  if (ended && (word.size == text.size() || is_space(text[word.size]))) return word;
  while (word.size < text.size() && !is_space(text[word.size])) ++word.size;
  return word;
}

// All of `text` as a word, whatever its octets are. Only the size is told of a longer one.
[[gnu::always_inline]] constexpr Word word_of(std::string_view text) noexcept {
  Word word;
  word.size = text.size();
  if (text.size() > Word::kLongest) return word;
  word.first = swar::load(text, 0);
  if (text.size() > swar::kOctets) word.second = swar::load(text, swar::kOctets);
  if (text.size() > 2 * swar::kOctets) word.third = swar::load(text, 2 * swar::kOctets);
  return word;
}

template <typename Value>
struct Keyword {
  std::string_view name;  // in capitals
  Value value;
};

// A hash table without collisions, made by the compiler.
template <typename Value, std::size_t kSize>
class KeywordTable {
 public:
  constexpr explicit KeywordTable(const std::array<Keyword<Value>, kSize>& keywords) noexcept
      : keywords_(keywords) {
    while (!has_no_collision()) multiplier_ += 2 * kStep;
    for (const auto& keyword : keywords_) {
      const Word word = word_of(keyword.name);
      slots_[slot_of(word)] = {word, cases_of(word), keyword.value};
    }
  }

  // `otherwise` when `word` is none of the keywords.
  constexpr Value find(const Word& word, Value otherwise) const noexcept {
    const Slot& slot = slots_[slot_of(word)];
    if (word.size != slot.word.size || word.size == 0) return otherwise;
    if (((word.first ^ slot.word.first) & ~slot.cases.first) != 0) return otherwise;
    if (word.size <= swar::kOctets) return slot.value;
    const std::uint64_t differing = ((word.second ^ slot.word.second) & ~slot.cases.second) |
                                    ((word.third ^ slot.word.third) & ~slot.cases.third);
    return differing == 0 ? slot.value : otherwise;
  }

  constexpr std::string_view name_of(Value value) const noexcept {
    for (const auto& keyword : keywords_) {
      if (keyword.value == value) return keyword.name;
    }
    return {};
  }

 private:
  struct Slot {
    Word word;
    Word cases;  // the bit of each letter that tells its two cases apart
    Value value;
  };
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio
  static constexpr std::uint64_t kCaseBit = 'a' ^ 'A';
  static constexpr std::size_t kSlots = std::bit_ceil(kSize * 4);

  static constexpr std::uint64_t cases_of(std::uint64_t octets) noexcept {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) {
      const auto octet = static_cast<unsigned char>(octets >> shift);
      if (octet >= 'A' && octet <= 'Z') bits |= kCaseBit << shift;
    }
    return bits;
  }
  static constexpr Word cases_of(const Word& word) noexcept {
    return {cases_of(word.first), cases_of(word.second), cases_of(word.third), 0};
  }

  constexpr std::size_t slot_of(const Word& word) const noexcept {
    const std::uint64_t mixed = word.first ^ std::rotl(word.second, 24) ^ std::rotl(word.third, 40);
    return ((mixed & ~(kCaseBit * swar::kOnes)) * multiplier_) >> (64 - std::bit_width(kSlots - 1));
  }

  constexpr bool has_no_collision() const noexcept {
    std::array<bool, kSlots> taken{};
    return std::none_of(keywords_.begin(), keywords_.end(), [&](const auto& keyword) {
      return std::exchange(taken[slot_of(word_of(keyword.name))], true);
    });
  }

  std::array<Keyword<Value>, kSize> keywords_;
  std::array<Slot, kSlots> slots_{};
  std::uint64_t multiplier_ = kStep;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_KEYWORD_TABLE_H_
