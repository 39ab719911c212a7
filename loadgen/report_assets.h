// What a report carries with it, embedded when the program is built.
#ifndef SMTPMARK_LOADGEN_REPORT_ASSETS_H_
#define SMTPMARK_LOADGEN_REPORT_ASSETS_H_

#include <string_view>

namespace smtpmark::loadgen {

extern const std::string_view kReportStyle;   // loadgen/report/report.css
extern const std::string_view kReportScript;  // loadgen/report/report.js
extern const std::string_view kChartLibrary;  // Chart.js (MIT); empty where the build had none

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REPORT_ASSETS_H_
