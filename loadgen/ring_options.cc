#include "loadgen/ring_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/startup.h"
#include "loadgen/cpu.h"
#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

namespace {

constexpr double kLongestCoalescing = 0.01;  // seconds

io::BackendChoice choice_of(const std::string& io) {
  if (io == "epoll") return io::BackendChoice::kEpoll;
  return io == "io_uring" ? io::BackendChoice::kIoUring : io::BackendChoice::kAuto;
}

}  // namespace

void define_ring(CLI::App& command, RingFlags& flags) {
  command
      .add_option("--io", flags.io,
                  "auto: io_uring, and epoll where it is forbidden or the kernel too old for it")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}))
      ->capture_default_str();
  command
      .add_option("--coalesce", flags.coalesce_s,
                  "Let what arrives wait so long for more (as 300us), to spend less CPU time: "
                  "latencies are that coarse")
      ->transform(seconds())
      ->check(number_between(0.0, kLongestCoalescing));
  command
      .add_option("--numa-node", flags.numa_node,
                  "Run on the processors of this NUMA node alone; --pin counts among them")
      ->check(CLI::Range(0, 1023));
}

tl::expected<SettledRing, std::string> settle_ring(const RingFlags& flags) {
  if (flags.numa_node >= 0) {
    if (auto used = use_numa_node(flags.numa_node); !used) return tl::unexpected(used.error());
  }
  const auto chosen = io::choose_backend(choice_of(flags.io));
  if (!chosen) return tl::unexpected(chosen.error().message);
  if (!chosen->note.empty()) {
    fmt::print(stderr, "{} This goes on with epoll, which costs more CPU time.\n", chosen->note);
  }
  const io::Backend backend = chosen->features.backend;
  if (flags.coalesce_s > 0.0 && backend == io::Backend::kEpoll) {
    return tl::unexpected(std::string("--coalesce works with io_uring alone"));
  }
  return SettledRing{{backend, to_ns(flags.coalesce_s)}, chosen->features};
}

}  // namespace smtpmark::loadgen
