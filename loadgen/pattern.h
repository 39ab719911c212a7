// Text with a number in it that changes: addresses, and names to say EHLO with.
#ifndef SMTPMARK_LOADGEN_PATTERN_H_
#define SMTPMARK_LOADGEN_PATTERN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "loadgen/random.h"

namespace smtpmark::loadgen {

// Text with fields in braces:
//   {A..B}       the numbers from A to B in turn; "{001..100}" keeps its zeros
//   {rand:A..B}  one of them, drawn
//   {seq}        how many texts of this kind came before, and one: no two are the same
// Several fields in turn run through all their combinations, the first one fastest.
class Pattern {
 public:
  Pattern() = default;
  explicit Pattern(std::string text) : front_(std::move(text)) {}  // taken as it is
  // Refuses with a sentence a field that there is not.
  static tl::expected<Pattern, std::string> parse(std::string_view text);

  // Text number `step`, counted from 0.
  void append(std::string& to, std::uint64_t step, Random& random) const;
  bool fixed() const noexcept { return fields_.empty(); }
  // With the lowest number in every field, and with the highest.
  std::string lowest() const { return filled(false); }
  std::string highest() const { return filled(true); }

 private:
  enum class Kind : std::uint8_t { kInTurn, kDrawn, kSequence };
  struct Field {
    Kind kind = Kind::kSequence;
    std::uint64_t from = 1;
    std::uint64_t count = 1;
    std::size_t width = 0;  // with zeros; 0: as wide as the number is
    std::string behind;     // the text up to the next field
  };

  static tl::expected<Field, std::string> parse_field(std::string_view text);
  std::string filled(bool highest) const;

  std::string front_;
  std::vector<Field> fields_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PATTERN_H_
