// A result as a run writes it, of figures that a test can foresee.
#ifndef SMTPMARK_TESTS_LOADGEN_SAMPLE_RESULT_H_
#define SMTPMARK_TESTS_LOADGEN_SAMPLE_RESULT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "loadgen/environment.h"
#include "loadgen/generator.h"
#include "loadgen/result_json.h"

namespace smtpmark::loadgen::testing {

// One job of two seconds: 100 messages that took 1 ms to 100 ms, and one recipient refused.
inline nlohmann::json sample_result(const std::string& name = "sample") {
  RunPlan plan;
  plan.name = name;
  LoadResult load;
  load.metrics.begin(0, {}, 1);
  for (TimeNs i = 1; i <= 100; ++i) {
    load.metrics.record(Phase::kMessage, 0, i * io::kMillisecond);
    load.metrics.count(&Counters::messages_accepted, i);
    load.metrics.count(&Counters::sessions_started, i);
  }
  load.metrics.error(5, Phase::kRcpt, "reply", 450, {4, 2, 1}, "450 4.2.1 <busy>, \"try\" | later");
  load.measured_s = 2.0;
  load.generator_cpu_s = 0.5;
  nlohmann::json result = make_result(name, {"smtpmark", "run"}, describe_environment({}));
  result["jobs"].push_back(job_to_json(plan, load, nullptr));
  return result;
}

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_SAMPLE_RESULT_H_
