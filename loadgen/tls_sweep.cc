#include "loadgen/tls_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "io/certificate.h"
#include "loadgen/cpu.h"
#include "loadgen/sink.h"
#include "loadgen/statistics.h"
#include "loadgen/tls_json.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

using Certificates = std::map<std::string, io::Certificate>;

// One round of a cell.
struct Figures {
  std::uint64_t handshakes = 0;
  double measured_s = 0.0;
  double client_cpu_s = 0.0;
  double server_cpu_s = 0.0;

  double per_s() const { return measured_s > 0.0 ? whole() / measured_s : 0.0; }
  double client_us() const { return handshakes > 0 ? client_cpu_s * 1e6 / whole() : 0.0; }
  double server_us() const { return handshakes > 0 ? server_cpu_s * 1e6 / whole() : 0.0; }
  double cpu_us() const { return client_us() + server_us(); }

 private:
  double whole() const { return static_cast<double>(handshakes); }
};

// All rounds of a cell.
struct Measured {
  std::vector<Figures> rounds;
  bool server_cpu_known = false;
  Counters measured;
  Counters total;
  Histogram latency;  // of full or of resumed handshakes, as the cell has it
  TlsTally agreed;
  std::string target;
  std::string failure;  // the most frequent error of the first round that had one
};

using Figure = double (Figures::*)() const;

Sample sample_of(const Measured& measured, Figure figure) {
  Sample sample;
  sample.reserve(measured.rounds.size());
  for (const Figures& round : measured.rounds) sample.push_back((round.*figure)());
  return sample;
}

double median(const Measured& measured, Figure figure) {
  return median_of(sample_of(measured, figure));
}

// The ratios within rounds, so that a machine that slows down for a while is not taken for a cost.
json ratio_of(const Measured& resumed, const Measured& full, Figure figure) {
  const Sample above = sample_of(resumed, figure);
  const Sample below = sample_of(full, figure);
  Sample ratios;
  for (std::size_t i = 0; i < std::min(above.size(), below.size()); ++i) {
    if (above[i] > 0.0 && below[i] > 0.0) ratios.push_back(above[i] / below[i]);
  }
  if (ratios.empty()) return nullptr;
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  return {{"median", median_of(ratios)}, {"least", *least}, {"most", *most}};
}

class Sweep {
 public:
  Sweep(const TlsSweepOptions& options, std::vector<TlsCell> cells, const LoadHooks& hooks,
        const std::function<void(const std::string&)>& announce)
      : options_(options),
        hooks_(hooks),
        announce_(announce),
        cells_(std::move(cells)),
        measured_(cells_.size()) {}

  TlsSweepResult run() {
    if (make_certificates()) {
      for (std::uint32_t round = 1; round <= options_.rounds && may_go_on(); ++round) {
        announce_(fmt::format("round {} of {}: {} cells", round, options_.rounds, cells_.size()));
        for (std::size_t i = 0; i < cells_.size() && may_go_on(); ++i) run_round(i);
      }
    }
    describe_all();
    return std::move(result_);
  }

 private:
  bool may_go_on() const { return !result_.interrupted && !stuck_; }

  void give_up(const std::string& sentence) {
    result_.failure = sentence;
    stuck_ = true;
  }

  bool make_certificates() {
    for (const TlsCell& cell : cells_) {
      if (cell.certificate.empty() || certificates_.contains(cell.certificate)) continue;
      const auto kind =
          std::find(io::kKeyKindNames.begin(), io::kKeyKindNames.end(), cell.certificate) -
          io::kKeyKindNames.begin();
      auto made = io::Certificate::make(static_cast<io::KeyKind>(kind), options_.cert_chain);
      if (!made) {
        give_up(made.error());
        return false;
      }
      certificates_.emplace(cell.certificate, std::move(*made));
    }
    return true;
  }

  tl::expected<std::unique_ptr<Sink>, std::string> start_sink(TlsCell& cell) {
    ClassPlan& only = cell.plan.classes.front();
    LoadPlan& load = cell.plan.load;
    SinkPlan plan;
    plan.listens.push_back({only.session.role, io::Address::resolve("127.0.0.1", 0).value()});
    plan.threads = load.threads;
    plan.connections = load.connections;
    plan.ring = load.ring;
    plan.tls.groups = only.tls.groups;
    plan.tls.tickets = cell.resumed ? 1 : 0;
    // Both sides side by side, where there is room.
    if (usable_processors() >= 2 * static_cast<int>(load.threads)) {
      load.first_cpu = 0;
      plan.first_cpu = static_cast<int>(load.threads);
    }
    auto sink = Sink::start(plan, certificates_.at(cell.certificate));
    if (!sink) return sink;
    only.targets = {(*sink)->listens().front().address};
    only.target_text = "embedded sink";
    return sink;
  }

  void run_round(std::size_t number) {
    TlsCell& cell = cells_[number];
    LoadHooks hooks = hooks_;
    std::unique_ptr<Sink> sink;
    if (!cell.certificate.empty()) {
      auto started = start_sink(cell);
      if (!started) return give_up(started.error());
      sink = std::move(*started);
      hooks.server_cpu = [&sink] { return sink->cpu_seconds(); };
    }
    const auto load = run_load(cell.plan, hooks);
    if (!load) return give_up(load.error());
    result_.interrupted = load->ending == Ending::kInterrupted;
    add(cell, *load, measured_[number]);
  }

  static void add(const TlsCell& cell, const LoadResult& load, Measured& to) {
    const Counters& measured = load.metrics.measured();
    to.rounds.push_back(
        {measured.tls_handshakes, load.measured_s, load.generator_cpu_s, load.server_cpu_s});
    to.server_cpu_known = load.server_cpu_known;
    to.measured.add(measured);
    to.total.add(load.metrics.total());
    to.latency.merge(
        load.metrics.histogram(cell.resumed ? Phase::kTlsHandshakeResumed : Phase::kTlsHandshake));
    to.agreed.merge(load.metrics.tls());
    to.target = cell.plan.classes.front().target_text;
    if (to.failure.empty()) to.failure = load.main_failure;
  }

  void describe_all() {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const Measured& measured = measured_[i];
      if (measured.rounds.empty()) continue;
      result_.errors += measured.total.errors;
      if (result_.failure.empty() && !measured.failure.empty()) {
        result_.failure = fmt::format("{}: {}", name_of(cells_[i]), measured.failure);
      }
      result_.matrix.push_back(cell_to_json(cells_[i], measured));
      if (i > 0 && cells_[i].resumed && !cells_[i - 1].resumed) compare(i - 1, i);
    }
  }

  static std::string name_of(const TlsCell& cell) {
    return fmt::format("{}, TLS {}, {}{}{}{}", cell.role, cell.version, cell.group,
                       cell.certificate.empty() ? "" : ", ", cell.certificate,
                       cell.resumed ? ", resumed" : "");
  }

  static json place_of(const TlsCell& cell, const Measured& measured) {
    json place = {{"role", cell.role},
                  {"target", measured.target},
                  {"version", cell.version},
                  {"group", cell.group}};
    place["certificate"] = cell.certificate.empty() ? json(nullptr) : json(cell.certificate);
    return place;
  }

  json cell_to_json(const TlsCell& cell, const Measured& measured) const {
    json one = place_of(cell, measured);
    const bool known = measured.server_cpu_known;
    const auto server = [known](double us) { return known ? json(us) : json(nullptr); };
    one["resumed"] = cell.resumed;
    one["cert_chain"] = cell.certificate.empty() ? json(nullptr) : json(options_.cert_chain);
    one["handshakes_per_s"] = median(measured, &Figures::per_s);
    one["client_us"] = median(measured, &Figures::client_us);
    one["server_us"] = server(median(measured, &Figures::server_us));
    one["p50_us"] = static_cast<double>(measured.latency.percentile_ns(50.0)) / 1e3;
    one["p99_us"] = static_cast<double>(measured.latency.percentile_ns(99.0)) / 1e3;
    one["tls_handshakes"] = measured.measured.tls_handshakes;
    one["tls_resumed"] = measured.measured.tls_resumed;
    one["tls_stale"] = measured.measured.tls_stale;
    one["errors"] = measured.total.errors;
    one["failure"] = measured.failure;
    one["negotiated"] = tls_negotiated_to_json(measured.agreed);
    one["rounds"] = json::array();
    for (const Figures& round : measured.rounds) {
      one["rounds"].push_back({{"tls_handshakes", round.handshakes},
                               {"measured_s", round.measured_s},
                               {"handshakes_per_s", round.per_s()},
                               {"client_us", round.client_us()},
                               {"server_us", server(round.server_us())}});
    }
    return one;
  }

  void compare(std::size_t full, std::size_t resumed) {
    json one = place_of(cells_[full], measured_[full]);
    one["handshakes_per_s"] = ratio_of(measured_[resumed], measured_[full], &Figures::per_s);
    one["client_us"] = ratio_of(measured_[resumed], measured_[full], &Figures::client_us);
    one["server_us"] = ratio_of(measured_[resumed], measured_[full], &Figures::server_us);
    one["cpu_us"] = measured_[full].server_cpu_known
                        ? ratio_of(measured_[resumed], measured_[full], &Figures::cpu_us)
                        : json(nullptr);
    result_.resumption.push_back(std::move(one));
  }

  const TlsSweepOptions& options_;
  const LoadHooks& hooks_;
  const std::function<void(const std::string&)>& announce_;
  std::vector<TlsCell> cells_;
  std::vector<Measured> measured_;
  Certificates certificates_;
  TlsSweepResult result_;
  bool stuck_ = false;
};

}  // namespace

TlsSweepResult run_tls_sweep(const TlsSweepOptions& options, std::vector<TlsCell> cells,
                             const LoadHooks& hooks,
                             const std::function<void(const std::string&)>& announce) {
  return Sweep(options, std::move(cells), hooks, announce).run();
}

}  // namespace smtpmark::loadgen
