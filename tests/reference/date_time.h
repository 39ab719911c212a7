// date-time of RFC 3339, 5.6.
#ifndef SMTPMARK_TESTS_REFERENCE_DATE_TIME_H_
#define SMTPMARK_TESTS_REFERENCE_DATE_TIME_H_

#include <cstdint>

#include "tests/reference/scanner.h"

namespace smtpmark::reference {

// Seconds since 1970-01-01T00:00:00Z; fractions are cut off.
bool date_time(Scanner& scan, std::int64_t& seconds);

// The same without a time-secfrac.
bool date_time_without_secfrac(Scanner& scan, std::int64_t& seconds);

}  // namespace smtpmark::reference

#endif  // SMTPMARK_TESTS_REFERENCE_DATE_TIME_H_
