// Options of what sessions say beside TLS, AUTH and the messages themselves.
#ifndef SMTPMARK_LOADGEN_DIALOGUE_OPTIONS_H_
#define SMTPMARK_LOADGEN_DIALOGUE_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/plan.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace smtpmark::loadgen {

struct DialogueOptions {
  std::string pipelining = "none";
  std::uint32_t pipelining_depth = 0;  // 0: not given
  bool chunking = false;
  std::uint64_t chunk_size = 0;
  bool binary_mime = false;
  bool smtputf8 = false;
  bool requiretls = false;
  bool dsn_orcpt = false;
  std::string dsn_ret;
  std::string dsn_envid;
  std::string dsn_notify;
  int mt_priority = kNoPriority;
  std::string require;
  std::string xclient;
  std::string messages_spread = "fixed";
  bool reset = false;
  bool drop = false;
  std::string think_time;
  std::string abort;

  static constexpr int kNoPriority = 100;
};

// Adds the options; `mark` is applied to each.
void define_dialogue(CLI::App& command, DialogueOptions& options,
                     const std::function<CLI::Option*(CLI::Option*)>& mark);

// Puts what they mean into `session`, whose TLS and workload are planned. Refuses with a sentence
// what cannot be meant.
tl::expected<void, std::string> plan_dialogue(const DialogueOptions& options, SessionPlan& session);

// For the configuration in a result.
nlohmann::json dialogue_to_json(const SessionPlan& session);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_DIALOGUE_OPTIONS_H_
