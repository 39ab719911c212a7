#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/certificate.h"
#include "io/spki_pin.h"
#include "io/startup.h"
#include "loadgen/commands.h"
#include "loadgen/cpu.h"
#include "loadgen/interrupt.h"
#include "loadgen/result_json.h"
#include "loadgen/sink.h"

namespace smtpmark::loadgen {

namespace {

nlohmann::json final_counters(const SinkCounters& counters) {
  nlohmann::json all = sink_counters_to_json(counters);
  all["schema"] = "smtpmark.sink";
  all["schema_version"] = 1;
  all["cpu_s"] = process_cpu_seconds();
  return all;
}

}  // namespace

int command_sink(const SinkRunOptions& options) {
  auto plan = make_sink_plan(options);
  if (!plan) return complain(plan.error(), kBadCommandLine);
  watch_interrupts();
  if (auto enough = io::ensure_descriptors(options.connections + kSpareDescriptors); !enough) {
    return complain(enough.error().message, kFailed);
  }
  const auto ring = settle_ring(options.ring);
  if (!ring) return complain(ring.error(), kFailed);
  if (auto good = check_pin(options.pin, options.threads); !good) {
    return complain(good.error(), kBadCommandLine);
  }
  plan->ring = ring->mode;
  const auto certificate = make_certificate(options.tls);
  if (!certificate) return complain(certificate.error(), kFailed);
  if (!options.tls.ca_out.empty()) {
    if (auto written = write_text(options.tls.ca_out, certificate->root_to_pem()); !written) {
      return complain(written.error(), kFailed);
    }
  }
  auto sink = Sink::start(*plan, *certificate);
  if (!sink) return complain(sink.error(), kFailed);
  for (const SinkListen& listen : (*sink)->listens()) {
    fmt::print("listening on {} ({})\n", listen.address.to_string(), to_string(listen.role));
  }
  fmt::print("certificate: {}, chain of {}, public key {}\n", io::describe_key(certificate->key()),
             certificate->chain_length(), io::to_base64(io::spki_pin_of(certificate->leaf())));
  std::fflush(stdout);
  wait_for_interrupt();
  (*sink)->stop();

  const SinkCounters& counters = (*sink)->counters();
  std::string said =
      fmt::format("{} messages from {} sessions ({} plain, {} TLS handshakes), {} unconfirmed\n",
                  counters.messages_received, counters.sessions, counters.sessions_plain,
                  counters.tls_handshakes, counters.messages_unconfirmed);
  if (options.sink.check_messages) {
    said += fmt::format(
        "{} messages held against their stamp, {} not as they were sent, {} without one\n",
        counters.messages_checked, counters.messages_mismatched, counters.messages_unstamped);
  }
  const auto printed = print_out(said);
  if (!options.json.empty()) {
    if (auto written = write_json(options.json, final_counters(counters)); !written) {
      return complain(written.error(), kFailed);
    }
  }
  if (!printed) return complain(printed.error() + "; the counts are lost", kFailed);
  if (counters.messages_mismatched == 0) return 0;
  return complain(fmt::format("{} of {} messages did not come as they were sent",
                              counters.messages_mismatched, counters.messages_checked),
                  kFailed);
}

}  // namespace smtpmark::loadgen
