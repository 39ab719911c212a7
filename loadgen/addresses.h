// Whom messages are from and for, where that changes from message to message.
#ifndef SMTPMARK_LOADGEN_ADDRESSES_H_
#define SMTPMARK_LOADGEN_ADDRESSES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "loadgen/pattern.h"
#include "loadgen/random.h"

namespace smtpmark::loadgen {

// A pattern that makes addresses.
class AddressPattern : public Pattern {
 public:
  AddressPattern() = default;
  // Refuses with a sentence a field that there is not, and what is no address with its fields
  // filled in. "<>" is the null reverse-path where `null_allowed`.
  static tl::expected<AddressPattern, std::string> parse(std::string_view text, bool null_allowed);

 private:
  explicit AddressPattern(Pattern pattern) : Pattern(std::move(pattern)) {}
};

// Names by weight.
class WeightedNames {
 public:
  // "a.example=80,b.example=20".
  static tl::expected<WeightedNames, std::string> parse(std::string_view text);

  bool empty() const noexcept { return names_.empty(); }
  const std::string& draw(Random& random) const;
  const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  std::vector<std::string> names_;
  std::vector<double> until_;  // the share of this one and those before it
};

// Either a pattern or a list, which is gone through in turn.
class AddressSource {
 public:
  AddressSource() = default;
  explicit AddressSource(AddressPattern pattern) : pattern_(std::move(pattern)) {}
  // From lines of text, one address each. `name` begins the sentence when one is refused.
  static tl::expected<AddressSource, std::string> from_lines(std::string_view lines,
                                                             const std::string& name);
  // Takes the place of the domain of every address.
  void set_domains(WeightedNames domains) { domains_ = std::move(domains); }

  void append(std::string& to, std::uint64_t step, Random& random) const;
  // Whether there is one address and no more.
  bool fixed() const noexcept {
    return domains_.empty() && (list_.empty() ? pattern_.fixed() : list_.size() == 1);
  }
  // Whether local parts are all the same, so that recipients of one message need a tag.
  bool one_local_part() const noexcept { return list_.empty() && pattern_.fixed(); }
  // One address of each domain that there may be, and the line it is on (0: none).
  std::vector<std::pair<std::string, std::size_t>> of_each_domain() const;
  // Whether one of them may be beyond ASCII.
  bool any_utf8() const;
  std::size_t listed() const noexcept { return list_.size(); }

 private:
  AddressPattern pattern_;
  std::vector<std::string> list_;  // empty: pattern_
  std::vector<std::size_t> lines_;
  WeightedNames domains_;
};

// Recipients a message.
class RecipientCount {
 public:
  // "3", or "zipf:MAX,S": a message for n recipients is n^S times rarer than one for one.
  static tl::expected<RecipientCount, std::string> parse(std::string_view text);

  bool fixed() const noexcept { return until_.size() <= 1; }
  std::uint32_t most() const noexcept {
    return fixed() ? count_ : static_cast<std::uint32_t>(until_.size());
  }
  std::uint32_t draw(Random& random) const;

 private:
  std::uint32_t count_ = 1;
  std::vector<double> until_;  // share of messages with so many or fewer
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_ADDRESSES_H_
