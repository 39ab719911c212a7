// Figures of a result that was read again, so that what is asked of a run can be asked of its
// result.
#ifndef SMTPMARK_LOADGEN_RESULT_FIGURES_H_
#define SMTPMARK_LOADGEN_RESULT_FIGURES_H_

#include <nlohmann/json_fwd.hpp>

#include "loadgen/histogram.h"
#include "loadgen/metrics.h"
#include "loadgen/predicate.h"

namespace smtpmark::loadgen {

// Of one entry of `phases`. The mean is exact but for a rounding; percentiles are those of the run.
// Throws nlohmann::json::exception when a member is missing or of another type.
Histogram histogram_of(const nlohmann::json& phase);

// Of the measured part of a job. A phase whose samples lie outside of it has none. Throws as above.
Figures figures_of(const nlohmann::json& job);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RESULT_FIGURES_H_
