// What somebody may have meant who wrote a name that there is not.
#ifndef SMTPMARK_LOADGEN_SPELLING_H_
#define SMTPMARK_LOADGEN_SPELLING_H_

#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::loadgen {

// The one of `names` that takes the fewest insertions, deletions and replacements of a character to
// get from `word`; empty when none is near enough to be meant.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

// "; is NEAREST meant?", or nothing.
std::string is_meant(std::string_view word, const std::vector<std::string>& names);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SPELLING_H_
