#include "loadgen/stamp.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kField = "X-Smtpmark: ";
constexpr std::size_t kMostKept = 256;  // octets of a header line: more than a stamp has

// Where the numbers stand that change.
constexpr std::size_t kSequenceAt = 48;
constexpr std::size_t kLengthAt = 72;
constexpr std::size_t kCrcAt = 89;
constexpr std::size_t kIdSequenceAt = 112;

void put_hex(std::string& to, std::size_t at, std::size_t digits, std::uint64_t number) {
  for (std::size_t i = digits; i > 0; number >>= 4) to[at + --i] = "0123456789abcdef"[number & 15];
}

std::optional<std::uint64_t> value_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const begin = line.data() + at + name.size();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), value, 16);
  if (error != std::errc() || end == begin) return std::nullopt;
  return value;
}

}  // namespace

StampWriter::StampWriter(std::uint64_t run, std::uint32_t class_number)
    : text_(fmt::format("{0}run={1:016x} class={2:04x} seq={3:016x} length={3:010x} "
                        "crc32={3:08x}\r\nMessage-ID: <{3:016x}.{2:04x}.{1:016x}"
                        "@smtpmark.invalid>\r\n",
                        kField, run, class_number & 0xFFFF, 0)) {}

void StampWriter::write(std::uint64_t sequence, const Message& message, std::string& to) const {
  to = text_;
  put_hex(to, kSequenceAt, 16, sequence);
  put_hex(to, kLengthAt, 10, message.body_octets());
  put_hex(to, kCrcAt, 8, message.body_crc());
  put_hex(to, kIdSequenceAt, 16, sequence);
}

void StampCheck::take(std::string_view piece) {
  if (!in_body_) piece = take_header(piece);
  if (piece.empty()) return;
  octets_ += piece.size();
  crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
}

// Returns what is behind the header.
std::string_view StampCheck::take_header(std::string_view piece) {
  while (!piece.empty() && !in_body_) {
    const std::size_t line = std::min(piece.find('\n'), piece.size() - 1) + 1;
    const std::string_view part = piece.substr(0, line);
    line_.append(part.substr(0, kMostKept - std::min(kMostKept, line_.size())));
    piece.remove_prefix(line);
    if (part.back() == '\n') read_line();
  }
  return piece;
}

void StampCheck::read_line() {
  in_body_ = line_ == "\r\n";
  if (line_.starts_with(kField)) {
    const auto octets = value_of(line_, " length=");
    const auto crc = value_of(line_, " crc32=");
    stamped_ = octets && crc;
    stated_octets_ = octets.value_or(0);
    stated_crc_ = crc.value_or(0);
  }
  line_.clear();
}

StampVerdict StampCheck::verdict() const noexcept {
  if (!stamped_) return StampVerdict::kNone;
  const bool good = octets_ == stated_octets_ && crc_ == stated_crc_;
  return good ? StampVerdict::kGood : StampVerdict::kMismatch;
}

}  // namespace smtpmark::loadgen
