// On what a result was measured.
#ifndef SMTPMARK_LOADGEN_ENVIRONMENT_H_
#define SMTPMARK_LOADGEN_ENVIRONMENT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "io/ring.h"

namespace smtpmark::loadgen {

// CPU, kernel, libraries, build, source revision.
nlohmann::json describe_environment(const io::RingFeatures& features);

// "2026-01-31T12:34:56Z", now.
std::string utc_now();
// Seconds since 1970, to the microsecond.
double seconds_since_1970();

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_ENVIRONMENT_H_
