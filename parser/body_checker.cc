#include <algorithm>
#include <bit>

#include "parser/body_framer.h"
#include "parser/octet_masks.h"

namespace smtpmark::parser {
namespace {

constexpr std::uint64_t first_bits(std::size_t count) noexcept {
  return count >= kBlock ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

constexpr std::size_t index_of_first(std::uint64_t bits) noexcept {
  return static_cast<std::size_t>(std::countr_zero(bits));
}

constexpr std::size_t index_of_last(std::uint64_t bits) noexcept {
  return kBlock - 1 - static_cast<std::size_t>(std::countl_zero(bits));
}

void note(std::uint64_t& first, std::uint64_t block_offset, std::uint64_t bits) noexcept {
  if (bits != 0) first = std::min(first, block_offset + index_of_first(bits));
}

}  // namespace

bool is_supported(ScanPath path) noexcept {
  return path == ScanPath::kBest || path == ScanPath::kPortable;
}

// Consumes octets up to the first dot that begins a line, or all of them.
std::size_t BodyChecker::scan(std::string_view bytes, bool to_line_dot) noexcept {
  std::size_t scanned = 0;
  while (!bytes.empty()) {
    const std::size_t block = std::min(kBlock, bytes.size());
    const std::size_t count = scan_block({bytes.data(), block}, to_line_dot);
    scanned += count;
    if (count != block) break;
    bytes.remove_prefix(block);
  }
  return scanned;
}

std::size_t BodyChecker::scan_block(std::string_view block, bool to_line_dot) noexcept {
  const std::size_t count = block.size();
  const OctetMasks octets = count == kBlock ? masks_of(block.data()) : masks_of_rest(block);
  const std::uint64_t behind_cr = octets.cr << 1 | std::uint64_t{behind_cr_};
  const std::uint64_t line_ends = options_.bare_lf_ends_line ? octets.lf : octets.lf & behind_cr;
  const std::uint64_t line_starts = line_ends << 1 | std::uint64_t{line_start_};
  const std::uint64_t dots = to_line_dot ? octets.dot & line_starts & first_bits(count) : 0;
  const std::size_t end = dots != 0 ? index_of_first(dots) : count;
  const std::uint64_t seen = first_bits(end);

  note(faults_.first_bare_lf, octets_, octets.lf & ~behind_cr & seen);
  note(faults_.first_bare_cr, octets_ - 1, behind_cr & ~octets.lf & seen);
  note(faults_.first_nul, octets_, octets.nul & seen);
  note(faults_.first_non_ascii, octets_, octets.non_ascii & seen);
  const std::uint64_t ends = line_ends & seen;
  const std::size_t line_octets = ends != 0 ? index_of_first(ends) + 1 : end;
  if (octets_ + line_octets - line_begin_ > options_.max_line) {
    faults_.first_overlong = std::min(faults_.first_overlong, line_begin_ + options_.max_line);
  }
  if (ends != 0) line_begin_ = octets_ + index_of_last(ends) + 1;

  octets_ += end;
  if (end == 0) return end;
  behind_cr_ = (octets.cr >> (end - 1) & 1) != 0;
  line_start_ = (line_ends >> (end - 1) & 1) != 0;
  return end;
}

void BodyChecker::skip_dot() noexcept {
  octets_ += 1;
  line_begin_ = octets_;
  line_start_ = false;
  behind_cr_ = false;
}

void BodyChecker::finish() noexcept {
  if (behind_cr_) note(faults_.first_bare_cr, octets_ - 1, 1);
  behind_cr_ = false;
}

}  // namespace smtpmark::parser
