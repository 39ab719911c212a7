// Two servers or two ways to load one, measured in turn: what `smtpmark ab` does.
#ifndef SMTPMARK_LOADGEN_AB_H_
#define SMTPMARK_LOADGEN_AB_H_

#include <atomic>
#include <functional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "io/address.h"

namespace smtpmark::loadgen {

struct AbSide {
  std::string name;                  // "base" or "new"
  std::string server;                // command for a shell, started for each run; empty: none
  std::vector<io::Address> ports;    // answer before the run begins
  std::vector<std::string> options;  // of `smtpmark run`
  bool tell_pid = false;             // give the server's process to the run, for its CPU
  std::string io = "auto";           // as in --io
};

struct AbPlan {
  AbSide base;
  AbSide fresh;
  std::uint32_t repeats = 10;  // measured runs a side
  std::uint32_t warmups = 1;   // runs a side before them, which are not compared
  double start_timeout_s = 10.0;
  std::string program;  // smtpmark
  std::string folder;   // base/, new/ and warm-up/ get the results
};

struct AbOutcome {
  std::uint32_t base_runs = 0;  // results in FOLDER/base
  std::uint32_t fresh_runs = 0;
  bool interrupted = false;
};

// The sides in the order of `repeats` pairs, base new new base base new ...: neither is always the
// first, so a machine that drifts hits both alike. True is the new one.
std::vector<bool> ab_order(std::uint32_t repeats);

// Runs all of it; `announce` is told before each run. A server lives from before its run to behind
// it, and whatever happens, no server is left. An interruption ends the run under way, whose result
// goes to FOLDER/interrupted. Fails with a sentence when a server or a run could not begin.
tl::expected<AbOutcome, std::string> run_ab(
    const AbPlan& plan, const std::atomic<bool>& interrupted,
    const std::function<void(const std::string&)>& announce);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_AB_H_
