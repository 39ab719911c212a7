#include "parser/body_framer.h"

#include <algorithm>
#include <array>
#include <bit>

#include "parser/octet_masks.h"

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

std::uint64_t first_bits(std::size_t count) noexcept {
  return count >= kBlock ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

std::size_t index_of_first(std::uint64_t bits) noexcept {
  return static_cast<std::size_t>(std::countr_zero(bits));
}

// What one block has to know of the octet before it; each is 0 or 1.
struct Carry {
  std::uint64_t behind_cr;
  std::uint64_t line_start;
};

struct LineMasks {
  std::uint64_t line_end;  // LF behind CR
  std::uint64_t dots;      // at the start of a line
  std::uint64_t bare;      // LF that is not behind CR; or the octet behind a CR that is not LF
};

LineMasks lines_of(const OctetMasks& octets, const Carry& carry) noexcept {
  const std::uint64_t behind_cr = octets.cr << 1 | carry.behind_cr;
  const std::uint64_t line_end = octets.lf & behind_cr;
  const std::uint64_t line_start = line_end << 1 | carry.line_start;
  return {line_end, octets.dot & line_start, octets.lf ^ behind_cr};
}

}  // namespace

FeedResult DataFramer::feed(std::string_view bytes, std::string_view& piece) noexcept {
  piece = {};
  if (bytes.empty()) return {};
  const FeedResult result = advance(bytes, piece);
  octets_ += piece.size();
  stream_offset_ += result.consumed;
  return result;
}

FeedResult DataFramer::advance(std::string_view bytes, std::string_view& piece) noexcept {
  if (state_ == State::kBehindDotCr) return advance_behind_dot_cr(bytes[0], piece);
  if (state_ == State::kBehindDot) {
    if (bytes == "\r") {
      state_ = State::kBehindDotCr;
      return {Status::kNeedMore, 1};
    }
    if (bytes.starts_with("\r\n")) return {Status::kReady, 2};
    state_ = State::kMidLine;
  }
  const std::size_t end = find_line_dot(bytes);
  piece = bytes.substr(0, end);
  if (end == bytes.size()) return {Status::kNeedMore, end};
  state_ = State::kBehindDot;
  if (bytes.substr(end + 1).starts_with("\r\n")) return {Status::kReady, end + 3};
  return {Status::kNeedMore, end + 1};
}

FeedResult DataFramer::advance_behind_dot_cr(char octet, std::string_view& piece) noexcept {
  if (octet == '\n') return {Status::kReady, 1};
  note_bare_cr(stream_offset_ - 1);
  piece = cr_and(octet);
  state_ = octet == '\r' ? State::kBehindCr : State::kMidLine;
  return {Status::kNeedMore, 1};
}

// The offset of the first dot that begins a line, or the end of `bytes`; notes the faults before
// it.
std::size_t DataFramer::find_line_dot(std::string_view bytes) noexcept {
  Carry carry{state_ == State::kBehindCr, state_ == State::kLineStart};
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    const std::size_t count = std::min(kBlock, bytes.size() - at);
    const OctetMasks octets =
        count == kBlock ? masks_of(bytes.data() + at) : masks_of_rest(bytes.substr(at));
    const LineMasks lines = lines_of(octets, carry);
    if ((lines.dots | lines.bare) != 0) [[unlikely]] {
      const std::size_t end = lines.dots != 0 ? index_of_first(lines.dots) : count;
      const std::uint64_t bare = lines.bare & first_bits(end);
      note_faults(stream_offset_ + at, bare & octets.lf, bare & ~octets.lf);
      if (lines.dots != 0) return at + end;
    }
    carry.behind_cr = octets.cr >> (count - 1) & 1;
    carry.line_start = lines.line_end >> (count - 1) & 1;
  }
  state_ = carry.behind_cr != 0    ? State::kBehindCr
           : carry.line_start != 0 ? State::kLineStart
                                   : State::kMidLine;
  return bytes.size();
}

void DataFramer::note_faults(std::uint64_t offset, std::uint64_t bare_lf,
                             std::uint64_t behind_bare_cr) noexcept {
  if (bare_lf != 0 && faults_.first_bare_lf == BodyFaults::kNowhere) {
    faults_.first_bare_lf = offset + index_of_first(bare_lf);
  }
  if (behind_bare_cr != 0) note_bare_cr(offset + index_of_first(behind_bare_cr) - 1);
}

void DataFramer::note_bare_cr(std::uint64_t offset) noexcept {
  faults_.first_bare_cr = std::min(faults_.first_bare_cr, offset);
}

FeedResult ChunkFramer::feed(std::string_view bytes, std::string_view& piece) noexcept {
  piece = bytes.substr(0, std::min<std::uint64_t>(remaining_, bytes.size()));
  remaining_ -= piece.size();
  return {remaining_ == 0 ? Status::kReady : Status::kNeedMore, piece.size()};
}

}  // namespace smtpmark::parser
