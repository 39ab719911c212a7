// Parts of a view, without what std::string_view::substr() brings along: it throws, and the code
// that throws lies in the C++ run-time library, which this one must not need. Private to this
// folder.
#ifndef SMTPMARK_PARSER_SLICE_H_
#define SMTPMARK_PARSER_SLICE_H_

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace smtpmark::parser {

// The first `count` octets, or all when there are fewer.
constexpr std::string_view first_octets(std::string_view bytes, std::size_t count) noexcept {
  return {bytes.data(), std::min(count, bytes.size())};
}

// What lies behind the first `count` octets, of which there are so many.
constexpr std::string_view behind_octets(std::string_view bytes, std::size_t count) noexcept {
  return {bytes.data() + count, bytes.size() - count};
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_SLICE_H_
