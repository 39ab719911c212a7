// A live run for Prometheus to scrape: http://ADDRESS:PORT/metrics.
#ifndef SMTPMARK_LOADGEN_METRICS_ENDPOINT_H_
#define SMTPMARK_LOADGEN_METRICS_ENDPOINT_H_

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "loadgen/generator.h"

namespace smtpmark::loadgen {

// Serves from start() to its destruction, on threads of its own.
class MetricsEndpoint {
 public:
  // Listens on "ADDRESS:PORT". Fails with a sentence, also when the address is not on loopback and
  // `anywhere` does not say that this is meant.
  static tl::expected<std::unique_ptr<MetricsEndpoint>, std::string> start(
      const std::string& address, bool anywhere);
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;
  ~MetricsEndpoint();

  // What a scrape shows from now on.
  void show(const LoadProgress& progress);

 private:
  struct Served;
  explicit MetricsEndpoint(std::unique_ptr<Served> served);
  std::unique_ptr<Served> served_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_METRICS_ENDPOINT_H_
