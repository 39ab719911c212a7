#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "parser/body_framer.h"
#include "parser/clean_lines.h"
#include "parser/octet_masks.h"

namespace smtpmark::parser {
namespace {

static_assert(kGroup % kBlock == 0);

constexpr std::uint64_t first_bits(std::size_t count) noexcept {
  return count >= kBlock ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

constexpr std::size_t index_of_first(std::uint64_t bits) noexcept {
  return static_cast<std::size_t>(std::countr_zero(bits));
}

constexpr std::size_t index_of_last(std::uint64_t bits) noexcept {
  return kBlock - 1 - static_cast<std::size_t>(std::countl_zero(bits));
}

// Looks at a block, or at the octets that are left of one and at none behind them; the bits that
// stand for octets behind it are unspecified.
OctetMasks look_at(std::string_view block, ScanPath path) noexcept {
  std::array<char, kBlock> padded{};
  const char* octets = block.data();
  if (block.size() < kBlock) {
    std::memcpy(padded.data(), block.data(), block.size());
    octets = padded.data();
  }
  return path == ScanPath::kPortable ? swar::masks_of(octets) : masks_of(octets);
}

void note(std::uint64_t& first, std::uint64_t block_offset, std::uint64_t bits) noexcept {
  if (bits != 0) first = std::min(first, block_offset + index_of_first(bits));
}

// How many of the last `size` octets before `end` come behind the last LF among them, all of them
// when there is none; `size` is a number of blocks.
std::size_t octets_behind_last_lf(const char* end, std::size_t size, ScanPath path) noexcept {
  for (std::size_t back = kBlock; back <= size; back += kBlock) {
    const std::uint64_t line_feeds = look_at({end - back, kBlock}, path).lf;
    if (line_feeds != 0) return back - index_of_last(line_feeds) - 1;
  }
  return size;
}

}  // namespace

// Consumes octets up to the first dot that begins a line, or all of them. Blocks tell all they
// have; but of most bodies most octets are unremarkable, and groups of those are only counted.
std::size_t BodyChecker::scan(std::string_view bytes, bool to_line_dot) noexcept {
  std::size_t scanned = 0;
  while (!bytes.empty()) {
    const std::size_t block = std::min(kBlock, bytes.size());
    std::size_t count = scan_block({bytes.data(), block}, to_line_dot);
    scanned += count;
    if (count != block) break;
    bytes.remove_prefix(block);
    if (bytes.size() < kGroup) continue;
    count = skip_clean(bytes, to_line_dot);
    scanned += count;
    bytes.remove_prefix(count);
  }
  return scanned;
}

// Consumes whole groups without faults and line dots. There is an octet before `bytes`.
std::size_t BodyChecker::skip_clean(std::string_view bytes, bool to_line_dot) noexcept {
  // A line that has its LF at the end of one group and its next one n quiet groups further has less
  // than (n + 2) * kGroup octets.
  const std::uint64_t open = (octets_ - line_begin_) / kGroup;
  const std::uint32_t quiet_most = options_.max_line / kGroup;
  if (open + 2 > quiet_most) return 0;
  const CleanRules rules{to_line_dot ? '.' : '\n',
                         faults_.first_non_ascii == BodyFaults::kNowhere ? '\x80' : '\0',
                         static_cast<std::uint32_t>(open), quiet_most - 2};
  const std::size_t count =
      kGroup * count_clean_groups(options_.path, bytes.data(), bytes.size() / kGroup, rules);
  if (count == 0) return 0;
  octets_ += count;
  const std::size_t behind_lf = octets_behind_last_lf(bytes.data() + count, count, options_.path);
  if (behind_lf != count) line_begin_ = octets_ - behind_lf;
  behind_cr_ = bytes[count - 1] == '\r';
  line_start_ = bytes[count - 1] == '\n';
  return count;
}

std::size_t BodyChecker::scan_block(std::string_view block, bool to_line_dot) noexcept {
  const std::size_t count = block.size();
  const OctetMasks octets = look_at(block, options_.path);
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
  // Only the first line that ends here can have begun so early that it is over the limit, which is
  // a block at least.
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
