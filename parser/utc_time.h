// Times as SMTP's extensions write them (RFC 3339, 5.6). Private to this folder.
#ifndef SMTPMARK_PARSER_UTC_TIME_H_
#define SMTPMARK_PARSER_UTC_TIME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smtpmark::parser {

struct UtcTime {
  bool valid = false;
  std::int64_t seconds = 0;      // since 1970, UTC; a fraction is dropped
  std::size_t error_offset = 0;  // where it stops being a time
};

namespace utc_time {

constexpr bool is_leap(int year) noexcept {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr int days_of(int year, int month) noexcept {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month) - 1];
}

// Of the years since the one 400 years before year 1, so that no term is negative.
constexpr std::int64_t days_before_year(int year) noexcept {
  const std::int64_t years = std::int64_t{year} + 399;
  return years * 365 + years / 4 - years / 100 + years / 400;
}

constexpr std::int64_t days_since_1970(int year, int month, int day) noexcept {
  std::int64_t days = days_before_year(year) - days_before_year(1970) + day - 1;
  for (int m = 1; m < month; ++m) days += days_of(year, m);
  return days;
}

// Takes digits and marks off the front of a text; remembers the first octet that does not fit.
class Reader {
 public:
  explicit constexpr Reader(std::string_view text) noexcept : text_(text) {}

  // `digits` digits that make a number from `least` to `most`; `least` when they do not. The digit
  // that does not fit is the one after which no others could help.
  constexpr int number(int digits, int least, int most) noexcept {
    int unit = 1;
    for (int i = 1; i < digits; ++i) unit *= 10;
    int value = 0;
    for (; unit != 0 && good_; unit /= 10) {
      good_ = is_digit();
      if (!good_) break;
      value += (text_[at_] - '0') * unit;
      good_ = value <= most && value + unit - 1 >= least;
      if (good_) ++at_;
    }
    return good_ ? value : least;
  }
  // One octet, which may be a small letter where it is a capital one.
  constexpr bool take(char wanted) noexcept {
    const bool same = at_ < text_.size() &&
                      (text_[at_] == wanted || (wanted >= 'A' && text_[at_] == (wanted | 0x20)));
    if (good_ && same) ++at_;
    return same;
  }
  constexpr void mark(char wanted) noexcept { good_ = take(wanted) && good_; }
  constexpr void fraction() noexcept {
    if (!take('.')) return;
    good_ = good_ && is_digit();
    while (good_ && is_digit()) ++at_;
  }
  constexpr bool finished() const noexcept { return good_ && at_ == text_.size(); }
  constexpr std::size_t at() const noexcept { return at_; }

 private:
  constexpr bool is_digit() const noexcept {
    return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool good_ = true;
};

// What local time is ahead of UTC: "Z", "+01:30".
constexpr std::int64_t read_offset_s(Reader& reader) noexcept {
  if (reader.take('Z')) return 0;
  const bool is_west = reader.take('-');
  if (!is_west) reader.mark('+');
  const int hour = reader.number(2, 0, 23);
  reader.mark(':');
  const int minute = reader.number(2, 0, 59);
  const std::int64_t seconds = std::int64_t{hour} * 3600 + minute * 60;
  return is_west ? -seconds : seconds;
}

}  // namespace utc_time

// "2030-01-31T23:59:59Z" or "2030-02-01T00:59:59+01:00"; a fraction and a leap second are allowed.
constexpr UtcTime decode_utc_time(std::string_view text) noexcept {
  utc_time::Reader reader(text);
  const int year = reader.number(4, 0, 9999);
  reader.mark('-');
  const int month = reader.number(2, 1, 12);
  reader.mark('-');
  const int day = reader.number(2, 1, utc_time::days_of(year, month));
  reader.mark('T');
  const int hour = reader.number(2, 0, 23);
  reader.mark(':');
  const int minute = reader.number(2, 0, 59);
  reader.mark(':');
  const int second = reader.number(2, 0, 60);
  reader.fraction();
  const std::int64_t offset_s = utc_time::read_offset_s(reader);
  if (!reader.finished()) return {false, 0, reader.at()};
  const std::int64_t days = utc_time::days_since_1970(year, month, day);
  return {true, ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s, 0};
}

static_assert(decode_utc_time("1970-01-01T00:00:00Z").seconds == 0);
static_assert(decode_utc_time("2000-03-01T00:00:00z").seconds == 951868800);
static_assert(decode_utc_time("2024-02-29t12:34:56.789Z").seconds == 1709210096);
static_assert(decode_utc_time("2000-03-01T00:30:00+01:00").seconds == 951868800 - 1800);
static_assert(decode_utc_time("0000-01-01T00:00:00Z").seconds == -62167219200);

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_UTC_TIME_H_
