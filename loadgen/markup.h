// Text of others inside of text for machines. What is no UTF-8 becomes U+FFFD.
#ifndef SMTPMARK_LOADGEN_MARKUP_H_
#define SMTPMARK_LOADGEN_MARKUP_H_

#include <string>
#include <string_view>

namespace smtpmark::loadgen {

// For XML 1.0, and for a cell of a Markdown table: control characters become spaces.
std::string escape_markup(std::string_view text);
// A field of a CSV file (RFC 4180), in quotation marks where it needs them.
std::string escape_csv(std::string_view text);
// The value of a label in the OpenMetrics text format.
std::string escape_label(std::string_view text);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MARKUP_H_
