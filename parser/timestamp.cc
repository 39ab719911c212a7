#include "parser/timestamp.h"

#include <array>

namespace smtpmark::parser {
namespace {

constexpr std::int64_t kDaysTo1970 = 719'528;  // from 0000-01-01

int digit(unsigned char octet) noexcept {
  return octet - '0';
}

int two_digits(const unsigned char* text) noexcept {
  return digit(text[0]) * 10 + digit(text[1]);
}

bool is_leap(int year) noexcept {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Of the years 0 to `year`, without it.
std::int64_t days_of_years(int year) noexcept {
  if (year == 0) return 0;
  const int last = year - 1;
  return std::int64_t{365} * year + last / 4 - last / 100 + last / 400 +
         1;  // year 0 is a leap year
}

constexpr std::array kDaysOfMonths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

int days_of(int year, int month) noexcept {
  return kDaysOfMonths[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

std::int64_t days_since_1970(int year, int month, int day) noexcept {
  std::int64_t days = days_of_years(year) - kDaysTo1970 + day - 1;
  for (int m = 1; m < month; ++m) days += days_of(year, m);
  return days;
}

// What "+01:30" adds to UTC; 0 for "Z".
std::int64_t offset_s(const unsigned char* zone) noexcept {
  if (*zone != '+' && *zone != '-') return 0;
  const int seconds = two_digits(zone + 1) * 3600 + two_digits(zone + 4) * 60;
  return *zone == '+' ? seconds : -seconds;
}

}  // namespace

bool decode_timestamp(const unsigned char* text, std::int64_t& seconds) noexcept {
  // 2026-11-23T12:00:00.5Z
  const int year = two_digits(text) * 100 + two_digits(text + 2);
  const int month = two_digits(text + 5);
  const int day = two_digits(text + 8);
  if (day > days_of(year, month)) return false;
  const int second_of_day =
      two_digits(text + 11) * 3600 + two_digits(text + 14) * 60 + two_digits(text + 17);
  const unsigned char* zone = text + 19;
  while (*zone == '.' || (*zone >= '0' && *zone <= '9')) ++zone;
  seconds = days_since_1970(year, month, day) * 86'400 + second_of_day - offset_s(zone);
  return true;
}

}  // namespace smtpmark::parser
