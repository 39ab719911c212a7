// The main job: ports 25, 587 and 465, with and without TLS and AUTH, on the embedded sink.
#ifndef SMTPMARK_LOADGEN_MAIN_JOB_H_
#define SMTPMARK_LOADGEN_MAIN_JOB_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/generator.h"
#include "loadgen/options.h"

namespace smtpmark::loadgen {

struct MainJobResult {
  nlohmann::json jobs = nlohmann::json::array();
  nlohmann::json comparison = nlohmann::json::array();
  std::vector<std::string> notes;
  bool interrupted = false;
  std::string failure;  // why a part could not begin; the parts before it are there
  std::uint64_t errors = 0;
  std::uint64_t lost = 0;  // messages accepted that the sink does not know of, or the reverse
};

// Runs all parts; `announce` is told the name of each before it begins. Fails with a sentence when
// no part could begin.
tl::expected<MainJobResult, std::string> run_main_job(
    const RunOptions& options, const LoadHooks& hooks,
    const std::function<void(const std::string&)>& announce);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MAIN_JOB_H_
