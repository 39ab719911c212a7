// A verdict on two sets of results, for people and for CI.
#ifndef SMTPMARK_LOADGEN_COMPARE_REPORT_H_
#define SMTPMARK_LOADGEN_COMPARE_REPORT_H_

#include <string>

#include "loadgen/regression.h"

namespace smtpmark::loadgen {

// The table on the screen, and what it comes to in one sentence.
std::string render_verdict(const Verdict& verdict);

// The same as a Markdown table, for a pull request.
std::string render_markdown(const Verdict& verdict);

// A JUnit test case a metric: worse is a failure, cannot tell is skipped.
std::string render_junit(const Verdict& verdict);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_COMPARE_REPORT_H_
