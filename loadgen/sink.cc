#include "loadgen/sink.h"

#include <future>
#include <list>
#include <optional>
#include <system_error>
#include <thread>

#include "io/listener.h"
#include "io/ring.h"
#include "io/socket.h"
#include "loadgen/cpu.h"

namespace smtpmark::loadgen {

namespace {

constexpr int kBacklog = 4096;

using Started = tl::expected<void, std::string>;

io::Task<> serve_connection(SinkContext& context, io::SocketPtr socket) {
  SinkSession session(context, *socket);
  co_await session.run();
}

}  // namespace

class SinkThread {
 public:
  SinkThread(const SinkPlan& plan, std::uint32_t index, const io::Certificate& certificate)
      : plan_(plan), index_(index), certificate_(certificate) {}
  SinkThread(const SinkThread&) = delete;
  SinkThread& operator=(const SinkThread&) = delete;
  ~SinkThread() { stop(); }

  Started start() {
    std::promise<Started> started;
    std::future<Started> result = started.get_future();
    try {
      thread_ = std::thread([this, started = std::move(started)]() mutable { run(started); });
    } catch (const std::system_error& error) {
      return tl::unexpected(std::string("cannot start another thread: ") + error.what());
    }
    return result.get();
  }

  void stop() {
    if (!thread_.joinable()) return;
    if (ring_) ring_->request_stop();
    thread_.join();
  }

  double cpu_seconds() noexcept { return thread_.joinable() ? thread_cpu_seconds(thread_) : 0.0; }
  const SinkCounters& counters() const noexcept { return counters_; }
  io::Address address_of(std::size_t listen) const { return addresses_[listen]; }

 private:
  // What the listener of one role hands to its sessions.
  struct Port {
    SinkContext context;
    std::unique_ptr<io::Listener> listener;
  };

  void run(std::promise<Started>& started) {
    if (plan_.first_cpu >= 0) pin_this_thread(plan_.first_cpu + static_cast<int>(index_));
    Started result = set_up();
    const bool good = result.has_value();
    started.set_value(std::move(result));
    if (good) {
      ring_->run_until([] { return false; });
      for (Port& port : ports_) port.listener->stop();
      ring_->shut_down();
      for (Port& port : ports_) counters_.accept_failures += port.listener->accept_failures();
    }
    ports_.clear();
  }

  Started set_up() {
    io::RingOptions options;
    options.mode = plan_.ring;
    options.connections = plan_.connections;
    auto ring = io::Ring::create(options);
    if (!ring) return tl::unexpected(ring.error().message);
    ring_ = std::move(*ring);
    auto tls = io::TlsContext::for_server(plan_.tls, certificate_);
    if (!tls) return tl::unexpected(tls.error());
    tls_.emplace(std::move(*tls));
    sasl_.emplace(plan_.options.auth.users);
    for (const SinkListen& listen : plan_.listens) {
      if (index_ > 0 && listen.address.is_unix()) continue;  // only one can have it
      Port& port = ports_.emplace_back(
          Port{SinkContext{plan_.options, listen.role, *tls_, *sasl_, counters_}, nullptr});
      const io::PortUse use = plan_.threads == 1 ? io::PortUse::kAlone
                              : index_ == 0      ? io::PortUse::kFirst
                                                 : io::PortUse::kJoined;
      auto listener = io::Listener::create(*ring_, listen.address, kBacklog, &SinkThread::on_accept,
                                           &port, use);
      if (!listener) {
        return tl::unexpected("cannot listen on " + listen.address.to_string() + ": " +
                              describe(listener.error()));
      }
      port.listener = std::move(*listener);
      addresses_.push_back(port.listener->address());
    }
    return {};
  }

  static void on_accept(void* port, io::SocketPtr socket) {
    io::spawn(serve_connection(static_cast<Port*>(port)->context, std::move(socket)));
  }

  const SinkPlan& plan_;
  std::uint32_t index_;
  const io::Certificate& certificate_;
  SinkCounters counters_;
  std::unique_ptr<io::Ring> ring_;
  std::optional<io::TlsContext> tls_;
  std::optional<SaslServer> sasl_;
  std::list<Port> ports_;
  std::vector<io::Address> addresses_;
  std::thread thread_;
};

Sink::Sink(const SinkPlan& plan) : plan_(plan) {}

Sink::~Sink() {
  stop();
}

tl::expected<std::unique_ptr<Sink>, std::string> Sink::start(const SinkPlan& plan,
                                                             const io::Certificate& certificate) {
  std::unique_ptr<Sink> sink(new Sink(plan));
  // A session that one thread gave may be offered to another.
  if (plan.tls.tickets > 0) sink->plan_.tls.ticket_keys = io::make_ticket_keys();
  for (std::uint32_t i = 0; i < plan.threads; ++i) {
    sink->threads_.push_back(std::make_unique<SinkThread>(sink->plan_, i, certificate));
    if (const Started started = sink->threads_.back()->start(); !started) {
      return tl::unexpected(started.error());
    }
    // The other threads share the ports that the first one got.
    for (std::size_t n = 0; i == 0 && n < plan.listens.size(); ++n) {
      sink->plan_.listens[n].address = sink->threads_.front()->address_of(n);
    }
  }
  return sink;
}

double Sink::cpu_seconds() noexcept {
  double seconds = 0.0;
  for (const auto& thread : threads_) seconds += thread->cpu_seconds();
  return seconds;
}

void Sink::stop() {
  for (const auto& thread : threads_) {
    thread->stop();
    counters_.add(thread->counters());
  }
  threads_.clear();
}

}  // namespace smtpmark::loadgen
