// `smtpmark tls`: what handshakes cost, by port, version, group, certificate and resumption.
#ifndef SMTPMARK_LOADGEN_TLS_SWEEP_H_
#define SMTPMARK_LOADGEN_TLS_SWEEP_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/generator.h"
#include "loadgen/run_options.h"

namespace CLI {
class App;
}

namespace smtpmark::loadgen {

// The options of `smtpmark run` that are about sessions without a message, and what is swept. With
// a target the server is the user's, which has one role and its own certificate.
struct TlsSweepOptions : RunOptions {
  std::vector<std::string> roles = {"relay", "submission", "submissions"};
  std::vector<std::string> versions = {"1.2", "1.3"};
  std::vector<std::string> groups = {"X25519", "P-256"};
  std::vector<std::string> certificates = {"ecdsa-p256", "rsa-2048"};
  std::vector<std::string> resumption = {"full", "resumed"};
  std::uint32_t cert_chain = 1;
  std::uint32_t rounds = 3;
};

void define_tls_sweep(CLI::App& command, TlsSweepOptions& options);

// One combination; the cells of a sweep differ in these alone.
struct TlsCell {
  std::string role;
  std::string version;
  std::string group;
  std::string certificate;  // empty: the target's own
  bool resumed = false;
  RunPlan plan;  // with a target of its own, or one that is still to be filled in
};

// All combinations, full and resumed next to each other. Refuses with a sentence what cannot be
// meant or what OpenSSL does not have.
tl::expected<std::vector<TlsCell>, std::string> make_tls_cells(const TlsSweepOptions& options);

struct TlsSweepResult {
  nlohmann::json matrix = nlohmann::json::array();      // a member of the result: results/README.md
  nlohmann::json resumption = nlohmann::json::array();  // the same
  bool interrupted = false;
  std::string failure;  // why a cell could not begin, or the first error of one
  std::uint64_t errors = 0;
};

// Measures all cells in turn, round after round, each round of a cell against a sink of its own
// where there is no target; `announce` is told what begins.
TlsSweepResult run_tls_sweep(const TlsSweepOptions& options, std::vector<TlsCell> cells,
                             const LoadHooks& hooks,
                             const std::function<void(const std::string&)>& announce);

// The matrix of a result, as a table.
std::string render_tls_matrix(const nlohmann::json& result);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TLS_SWEEP_H_
