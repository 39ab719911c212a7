// The parts of a report: tiles, figures with the tables behind them, sentences.
#ifndef SMTPMARK_LOADGEN_REPORT_FIGURES_H_
#define SMTPMARK_LOADGEN_REPORT_FIGURES_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace smtpmark::loadgen {

// `data` is what report_data() made of one result, `all` an array of these. What is returned is
// HTML unless it says text; empty where the results have nothing to show.

// Text with the label of its result in front, where there are several.
std::string labelled(const nlohmann::json& data, const std::string& text);

// Sentences (text) on runs that were cut short, failed, accepted nothing or measured the generator.
std::vector<std::string> warnings_of(const nlohmann::json& data);

// Handshakes and messages a second, what TLS and AUTH cost, where the time goes.
std::string render_first_screen(const nlohmann::json& all);
std::string render_throughput(const nlohmann::json& all);
std::string render_latency(const nlohmann::json& all);
std::string render_series(const nlohmann::json& all);
std::string render_curves(const nlohmann::json& all);
std::string render_errors(const nlohmann::json& all);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REPORT_FIGURES_H_
