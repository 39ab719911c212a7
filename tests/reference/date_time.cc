#include "tests/reference/date_time.h"

#include <array>
#include <string>

namespace smtpmark::reference {
namespace {

// `count` digits that are from `least` to `most` together; fails at the first digit after which no
// others could make them so.
bool number(Scanner& scan, std::size_t count, int least, int most, int& value) {
  const std::size_t begin = scan.at();
  const auto in_range = [&](const std::string& digits) {
    return std::stoi(digits + std::string(count - digits.size(), '9')) >= least &&
           std::stoi(digits + std::string(count - digits.size(), '0')) <= most;
  };
  while (scan.at() - begin < count) {
    if (!is_digit(scan.peek())) return scan.fail_here();
    scan.move_to(scan.at() + 1);
    if (!in_range(std::string(scan.from(begin)))) {
      return scan.fail(parser::SyntaxError::kBadSyntax, scan.at() - 1);
    }
  }
  value = std::stoi(std::string(scan.from(begin)));
  return true;
}

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_of_month(int year, int month) {
  constexpr std::array kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Counted day by day, year by year.
std::int64_t days_since_1970(int year, int month, int day) {
  std::int64_t days = 0;
  for (int y = 1970; y < year; ++y) days += is_leap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= is_leap(y) ? 366 : 365;
  for (int m = 1; m < month; ++m) days += days_of_month(year, m);
  return days + day - 1;
}

// time-numoffset = ("+" / "-") time-hour ":" time-minute
bool zone(Scanner& scan, std::int64_t& seconds) {
  if (scan.take('Z') || scan.take('z')) return true;
  const bool is_east = scan.peek() == '+';
  if (!scan.take('-') && !scan.expect('+')) return false;
  int hour = 0;
  int minute = 0;
  if (!number(scan, 2, 0, 23, hour) || !scan.expect(':') || !number(scan, 2, 0, 59, minute)) {
    return false;
  }
  const std::int64_t offset = std::int64_t{hour} * 3600 + minute * 60;
  seconds += is_east ? -offset : offset;
  return true;
}

// time-secfrac = "." 1*DIGIT
bool fraction(Scanner& scan) {
  if (!scan.take('.')) return true;
  if (!is_digit(scan.peek())) return scan.fail_here();
  while (is_digit(scan.peek())) scan.move_to(scan.at() + 1);
  return true;
}

bool date_and_clock(Scanner& scan, std::int64_t& seconds) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!number(scan, 4, 0, 9999, year) || !scan.expect('-')) return false;
  if (!number(scan, 2, 1, 12, month) || !scan.expect('-')) return false;
  if (!number(scan, 2, 1, days_of_month(year, month), day)) return false;
  if (!scan.take('t') && !scan.expect('T')) return false;
  if (!number(scan, 2, 0, 23, hour) || !scan.expect(':')) return false;
  if (!number(scan, 2, 0, 59, minute) || !scan.expect(':')) return false;
  if (!number(scan, 2, 0, 60, second)) return false;
  seconds = days_since_1970(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second;
  return true;
}

}  // namespace

bool date_time(Scanner& scan, std::int64_t& seconds) {
  return date_and_clock(scan, seconds) && fraction(scan) && zone(scan, seconds);
}

bool date_time_without_secfrac(Scanner& scan, std::int64_t& seconds) {
  return date_and_clock(scan, seconds) && zone(scan, seconds);
}

}  // namespace smtpmark::reference
