// The SMTP server that throws all mail away: threads, listeners, counters.
#ifndef SMTPMARK_LOADGEN_SINK_H_
#define SMTPMARK_LOADGEN_SINK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "io/address.h"
#include "io/certificate.h"
#include "io/ring.h"
#include "io/tls_context.h"
#include "loadgen/plan.h"
#include "loadgen/sink_session.h"

namespace smtpmark::loadgen {

struct SinkListen {
  Role role = Role::kRelay;
  io::Address address;
};

struct SinkPlan {
  SinkOptions options;
  std::vector<SinkListen> listens;  // each thread listens on all of them
  std::uint32_t threads = 1;
  std::uint32_t connections = 1024;  // expected at once
  io::TlsServerOptions tls;
  int first_cpu = -1;  // pin thread i to processor first_cpu + i; -1: not pinned
  io::RingMode ring;
};

class SinkThread;

// Runs from start() to stop() or its destruction.
class Sink {
 public:
  // Fails with a sentence that names the address or the limit in the way.
  static tl::expected<std::unique_ptr<Sink>, std::string> start(const SinkPlan& plan,
                                                                const io::Certificate& certificate);
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink();

  // With the ports that the kernel chose where 0 was asked for.
  const std::vector<SinkListen>& listens() const noexcept { return plan_.listens; }
  // CPU seconds of its threads so far; until stop().
  double cpu_seconds() noexcept;
  // Ends every session and thread; then counters() are final.
  void stop();
  const SinkCounters& counters() const noexcept { return counters_; }

 private:
  explicit Sink(const SinkPlan& plan);

  SinkPlan plan_;
  std::vector<std::unique_ptr<SinkThread>> threads_;
  SinkCounters counters_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SINK_H_
