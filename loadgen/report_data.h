// What a report shows, taken from the documented members of results.
#ifndef SMTPMARK_LOADGEN_REPORT_DATA_H_
#define SMTPMARK_LOADGEN_REPORT_DATA_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::loadgen {

// A phase as a person reads it, and the colour family that it belongs to.
struct PhaseTitle {
  std::string_view key;
  std::string_view title;
  std::string_view family;  // wait, hello, tls, auth, envelope, body, end; empty: spans others
};

// An unknown key is its own title.
PhaseTitle title_of_phase(std::string_view key);
// Its place in a session; unknown ones come last.
std::size_t place_of_phase(std::string_view key);

// The figures of one result: everything that is drawn or put into a table, in milliseconds and per
// second. Members that the result lacks are left out or null; only a result without `jobs` is not
// one. `label` tells several results apart, empty where there is but one.
//   label, file, name, started, command (as one line for a shell), notes[], environment[[k, v]],
//   comparison[], objective, curve[], found
//   jobs[]: name, title (with the label), unit ("message" or "session"), long (several messages a
//     session), ended, verdict, findings[], embedded (the server
//     was the embedded sink), rates {}, totals {}, cpu {generator_us, server_us},
//     time[{key, title, family, ms}]: what one unit takes, phase by phase,
//     phases[{key, title, count, outside, p50, p90, p99, p99_9, max}],
//     percentiles {key: [[1 / (1 - quantile), ms], ...]},
//     series[{t, round, part, messages, handshakes, sessions, errors, p50, p99}]: `part` where the
//     run did not fill that second; errors[]
// Throws nlohmann::json::exception when a member is of a type that it never has.
nlohmann::json report_data(const nlohmann::json& result, const std::string& file,
                           const std::string& label);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_REPORT_DATA_H_
