// Dates as the parameters HOLDUNTIL and RRVS have them. Private to this folder.
#ifndef SMTPMARK_PARSER_TIMESTAMP_H_
#define SMTPMARK_PARSER_TIMESTAMP_H_

#include <cstdint>

namespace smtpmark::parser {

// Seconds since 1970-01-01T00:00:00Z of a date-time (RFC 3339, 5.6) whose form has been checked;
// fractions of a second are cut off. False when its month does not have that day.
bool decode_timestamp(const unsigned char* text, std::int64_t& seconds) noexcept;

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_TIMESTAMP_H_
