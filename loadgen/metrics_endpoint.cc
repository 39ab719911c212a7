#include "loadgen/metrics_endpoint.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <exception>
#include <utility>

#include "io/address.h"

namespace smtpmark::loadgen {

namespace {

struct Exported {
  const char* name;
  const char* help;
  std::uint64_t Counters::*counter;
};

constexpr std::array<Exported, 5> kExported = {{
    {"smtpmark_sessions_started_total", "Sessions begun.", &Counters::sessions_started},
    {"smtpmark_sessions_completed_total", "Sessions that ended with a QUIT that was answered.",
     &Counters::sessions_completed},
    {"smtpmark_tls_handshakes_total", "TLS handshakes, full and resumed.",
     &Counters::tls_handshakes},
    {"smtpmark_messages_accepted_total", "Messages with a 2xx of their own.",
     &Counters::messages_accepted},
    {"smtpmark_errors_total", "Errors of all phases and kinds.", &Counters::errors},
}};

constexpr std::array<std::pair<const char*, double>, 3> kQuantiles = {
    {{"0.5", 50.0}, {"0.9", 90.0}, {"0.99", 99.0}}};

}  // namespace

struct MetricsEndpoint::Served {
  explicit Served(const std::string& address)
      : registry(std::make_shared<prometheus::Registry>()), exposer(address, 1) {
    for (std::size_t i = 0; i < kExported.size(); ++i) {
      counters[i] = &prometheus::BuildCounter()
                         .Name(kExported[i].name)
                         .Help(kExported[i].help)
                         .Register(*registry)
                         .Add({});
    }
    auto& latency = prometheus::BuildGauge()
                        .Name("smtpmark_message_seconds")
                        .Help("Quantiles of whole messages in the measured part so far.")
                        .Register(*registry);
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
      quantiles[i] = &latency.Add({{"quantile", kQuantiles[i].first}});
    }
    exposer.RegisterCollectable(registry);
  }

  std::shared_ptr<prometheus::Registry> registry;
  prometheus::Exposer exposer;
  std::array<prometheus::Counter*, kExported.size()> counters{};
  std::array<prometheus::Gauge*, kQuantiles.size()> quantiles{};
  Counters shown;  // of the run under way
};

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<Served> served) : served_(std::move(served)) {}

MetricsEndpoint::~MetricsEndpoint() = default;

tl::expected<std::unique_ptr<MetricsEndpoint>, std::string> MetricsEndpoint::start(
    const std::string& address, bool anywhere) {
  const auto resolved = io::Address::resolve(address);
  if (!resolved) return tl::unexpected("--metrics: " + resolved.error());
  if (resolved->reach() != io::Reach::kLoopback && !anywhere) {
    return tl::unexpected("--metrics " + address +
                          " is not on loopback: give --metrics-anywhere if others are to see it");
  }
  try {
    return std::unique_ptr<MetricsEndpoint>(
        new MetricsEndpoint(std::make_unique<Served>(resolved->to_string())));
  } catch (const std::exception& error) {
    return tl::unexpected("cannot serve metrics on " + address + ": " + error.what());
  }
}

void MetricsEndpoint::show(const LoadProgress& progress) {
  // The next part of a run counts from nothing: then all of it is new.
  const bool anew = progress.total.sessions_started < served_->shown.sessions_started;
  const Counters before = anew ? Counters() : served_->shown;
  for (std::size_t i = 0; i < kExported.size(); ++i) {
    const auto counter = kExported[i].counter;
    served_->counters[i]->Increment(static_cast<double>(progress.total.*counter - before.*counter));
  }
  served_->shown = progress.total;
  const Histogram& messages = progress.measured.histogram(Phase::kMessage);
  for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
    served_->quantiles[i]->Set(static_cast<double>(messages.percentile_ns(kQuantiles[i].second)) /
                               1e9);
  }
}

}  // namespace smtpmark::loadgen
