#include "parser/body_framer.h"

#include <algorithm>
#include <array>

namespace smtpmark::parser {
namespace {

// CR and any octet, 256 times. A CR withheld at the end of one buffer and the octet behind it in
// the next are one piece, and lie together only here.
constexpr auto kCrAndOctet = [] {
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    pairs[i] = '\r';
    pairs[i + 1] = static_cast<char>(i / 2);
  }
  return pairs;
}();

std::string_view cr_and(char octet) noexcept {
  return {&kCrAndOctet[std::size_t{static_cast<unsigned char>(octet)} * 2], 2};
}

}  // namespace

FeedResult DataFramer::feed(std::string_view bytes, std::string_view& piece) noexcept {
  piece = {};
  if (bytes.empty()) return {};
  const FeedResult result = advance(bytes, piece);
  octets_ += piece.size();
  return result;
}

FeedResult DataFramer::advance(std::string_view bytes, std::string_view& piece) noexcept {
  if (state_ == State::kBehindDotCr) return advance_behind_dot_cr(bytes[0], piece);
  if (state_ == State::kBehindDot) {
    const FeedResult result = advance_behind_dot(bytes);
    if (result.consumed != 0) return result;
  }
  const std::size_t end = checker_.scan(bytes, true);
  piece = bytes.substr(0, end);
  if (end == bytes.size()) return {Status::kNeedMore, end};

  checker_.skip_dot();
  state_ = State::kBehindDot;
  bytes.remove_prefix(end + 1);
  FeedResult result = advance_behind_dot(bytes);
  result.consumed += end + 1;
  return result;
}

// Consumes what may belong to the end of the data, and nothing when the dot was a stuffed one.
FeedResult DataFramer::advance_behind_dot(std::string_view bytes) noexcept {
  if (bytes.empty()) return {};
  if (bytes == "\r") {
    state_ = State::kBehindDotCr;
    return {Status::kNeedMore, 1};
  }
  if (bytes.starts_with("\r\n")) return {Status::kReady, 2};
  state_ = State::kText;
  if (bytes[0] != '\n' || !checker_.options_.bare_lf_ends_line) return {};
  checker_.check("\n");  // for its fault
  return {Status::kReady, 1};
}

FeedResult DataFramer::advance_behind_dot_cr(char octet, std::string_view& piece) noexcept {
  if (octet == '\n') return {Status::kReady, 1};
  state_ = State::kText;
  piece = cr_and(octet);
  checker_.check(piece);
  return {Status::kNeedMore, 1};
}

FeedResult ChunkFramer::feed(std::string_view bytes, std::string_view& piece) noexcept {
  piece = bytes.substr(0, std::min<std::uint64_t>(remaining_, bytes.size()));
  remaining_ -= piece.size();
  return {remaining_ == 0 ? Status::kReady : Status::kNeedMore, piece.size()};
}

}  // namespace smtpmark::parser
