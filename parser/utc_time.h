// Times as SMTP's extensions write them (RFC 3339, 5.6), in UTC. Private to this folder.
#ifndef SMTPMARK_PARSER_UTC_TIME_H_
#define SMTPMARK_PARSER_UTC_TIME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smtpmark::parser {

struct UtcTime {
  bool valid = false;
  std::uint64_t seconds = 0;     // since 1970; a fraction is dropped
  std::size_t error_offset = 0;  // where it stops being a time
};

namespace utc_time {

constexpr bool is_leap(std::uint64_t year) noexcept {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr std::uint64_t days_of(std::uint64_t year, std::uint64_t month) noexcept {
  constexpr std::array<std::uint64_t, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

constexpr std::uint64_t days_before_year(std::uint64_t year) noexcept {
  const std::uint64_t years = year - 1;
  return years * 365 + years / 4 - years / 100 + years / 400;
}

constexpr std::uint64_t days_before(std::uint64_t year, std::uint64_t month) noexcept {
  std::uint64_t days = days_before_year(year);
  for (std::uint64_t m = 1; m < month; ++m) days += days_of(year, m);
  return days;
}

// Takes digits and marks off the front of a text; remembers the first octet that does not fit.
class Reader {
 public:
  explicit constexpr Reader(std::string_view text) noexcept : text_(text) {}

  // `digits` digits that make a number from `least` to `most`; `least` when they do not.
  constexpr std::uint64_t number(std::size_t digits, std::uint64_t least,
                                 std::uint64_t most) noexcept {
    const std::size_t begin = at_;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits && good_; ++i) {
      good_ = at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
      if (good_) value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
    }
    if (good_ && (value < least || value > most)) {
      good_ = false;
      at_ = begin;
    }
    return good_ ? value : least;
  }
  // One octet, which may be a small letter where it is a capital one.
  constexpr void mark(char wanted) noexcept {
    const bool same = at_ < text_.size() &&
                      (text_[at_] == wanted || (wanted >= 'A' && text_[at_] == (wanted | 0x20)));
    good_ = good_ && same;
    if (good_) ++at_;
  }
  constexpr void fraction() noexcept {
    if (!good_ || at_ == text_.size() || text_[at_] != '.') return;
    ++at_;
    number(1, 0, 9);
    while (good_ && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
  }
  constexpr bool finished() const noexcept { return good_ && at_ == text_.size(); }
  constexpr std::size_t at() const noexcept { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace utc_time

// "2030-01-31T23:59:59Z", from 1970 on; a fraction and a leap second are allowed.
constexpr UtcTime decode_utc_time(std::string_view text) noexcept {
  utc_time::Reader reader(text);
  const std::uint64_t year = reader.number(4, 1970, 9999);
  reader.mark('-');
  const std::uint64_t month = reader.number(2, 1, 12);
  reader.mark('-');
  const std::uint64_t day = reader.number(2, 1, utc_time::days_of(year, month));
  reader.mark('T');
  const std::uint64_t hour = reader.number(2, 0, 23);
  reader.mark(':');
  const std::uint64_t minute = reader.number(2, 0, 59);
  reader.mark(':');
  const std::uint64_t second = reader.number(2, 0, 60);
  reader.fraction();
  reader.mark('Z');
  if (!reader.finished()) return {false, 0, reader.at()};
  const std::uint64_t days =
      utc_time::days_before(year, month) + (day - 1) - utc_time::days_before_year(1970);
  return {true, ((days * 24 + hour) * 60 + minute) * 60 + second, 0};
}

static_assert(decode_utc_time("1970-01-01T00:00:00Z").seconds == 0);
static_assert(decode_utc_time("2000-03-01T00:00:00z").seconds == 951868800);
static_assert(decode_utc_time("2024-02-29t12:34:56.789Z").seconds == 1709210096);

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_UTC_TIME_H_
