#include "loadgen/generator_thread.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "io/socket.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::uint32_t kAborts = 0x61626F72;        // of make_random()
constexpr TimeNs kBackoff = 100 * io::kMillisecond;  // behind a session that failed
constexpr TimeNs kPatrolEvery = 100 * io::kMillisecond;

std::uint64_t share_of(std::uint64_t whole, std::uint32_t parts, std::uint32_t index) {
  return whole / parts + (index < whole % parts ? 1 : 0);
}

TurnShare turn_share(const LoadPlan& load, const RateCurve& curve, const ArrivalShare& arrivals) {
  TurnShare share;
  if (!load.open_loop()) return share;
  share.curve = &curve;
  share.arrivals = arrivals;
  share.policy = load.backlog_policy;
  return share;
}

}  // namespace

GeneratorThread::GeneratorThread(const RunPlan& plan, std::uint32_t index, Meeting& meeting)
    : plan_(plan), index_(index), meeting_(meeting), curve_(plan.load.stages) {
  for (const ClassPlan& one : plan.classes) {
    shares_.push_back(std::make_unique<Share>(one, index, plan.load.threads));
  }
  share_out();
}

// A class with fewer connections than there are threads is on the first ones alone.
void GeneratorThread::share_out() {
  const LoadPlan& load = plan_.load;
  const std::vector<double> parts = shares(plan_.classes);
  const auto connections = apportion(load.connections, parts);
  const auto counts = apportion(load.count, parts);
  const auto backlogs = apportion(load.backlog, parts);
  for (std::uint32_t i = 0; i < shares_.size(); ++i) {
    Share& share = *shares_[i];
    share.connections = static_cast<std::uint32_t>(share_of(connections[i], load.threads, index_));
    if (share.connections == 0) continue;
    const auto threads =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(load.threads, connections[i]));
    share.turns = turn_share(load, curve_,
                             {load.arrivals, load.burst, parts[i], threads, index_, load.seed, i});
    share.mail.emplace(share.plan.session, MailShare{plan_.id, i, threads, index_});
    share.turns.backlog = share_of(backlogs[i], threads, index_);
    if (load.count > 0) share.turns.turns = share_of(counts[i], threads, index_);
  }
}

std::string GeneratorThread::Share::proxy_header(std::uint64_t number, int descriptor) const {
  io::Address client = io::Address::of_socket(descriptor);
  if (!plan.proxy_clients.empty()) {
    client = plan.proxy_clients[number % plan.proxy_clients.size()].with_port(client.port());
  }
  return loadgen::proxy_header(plan.proxy, client, target_of(number));
}

tl::expected<void, std::string> GeneratorThread::start() {
  std::promise<tl::expected<void, std::string>> ready;
  auto result = ready.get_future();
  try {
    thread_ = std::thread([this, ready = std::move(ready)]() mutable { run(ready); });
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("cannot start another thread: ") + error.what());
  }
  return result.get();
}

void GeneratorThread::run(std::promise<tl::expected<void, std::string>>& ready) {
  id_ = gettid();
  if (plan_.load.first_cpu >= 0) pin_this_thread(plan_.load.first_cpu + static_cast<int>(index_));
  auto result = set_up();
  const bool good = result.has_value();
  ready.set_value(std::move(result));
  if (!good) return;
  Timetable timetable;
  {
    std::unique_lock lock(meeting_.mutex);
    meeting_.changed.wait(lock, [this] { return meeting_.may_begin; });
    timetable = meeting_.timetable;
  }
  prepare(timetable);
  carry_load();
  std::unique_lock lock(meeting_.mutex);
  ++meeting_.ended;
  meeting_.changed.notify_all();
  meeting_.changed.wait(lock, [this] { return meeting_.may_leave; });
}

tl::expected<void, std::string> GeneratorThread::set_up() {
  io::RingOptions options;
  options.mode = plan_.load.ring;
  options.connections = 0;
  for (const auto& share : shares_) options.connections += share->connections;
  auto ring = io::Ring::create(options);
  if (!ring) return tl::unexpected(ring.error().message);
  ring_ = std::move(*ring);
  for (const auto& share : shares_) {
    if (share->plan.session.tls == TlsPolicy::kNone || share->connections == 0) continue;
    auto tls = io::TlsContext::for_client(share->plan.tls);
    if (!tls) return tl::unexpected(tls.error());
    share->tls.emplace(std::move(*tls));
  }
  return {};
}

void GeneratorThread::prepare(const Timetable& timetable) {
  const LoadPlan& load = plan_.load;
  const std::uint64_t seconds =
      (load.warmup_ns + load.duration_ns + load.cooldown_ns) / io::kSecond;
  for (std::uint32_t i = 0; i < shares_.size(); ++i) {
    Share& share = *shares_[i];
    share.metrics.begin(timetable.start, timetable.window, seconds, load.recording);
    if (share.connections == 0) continue;
    share.gate.emplace(share.turns, timetable.start, timetable.end, meeting_.stop, share.metrics);
    share.context.emplace(ClientContext{share.plan.session, share.script, *share.mail,
                                        share.tls ? &*share.tls : nullptr, share.sasl, *share.gate,
                                        share.metrics, load.seed, i,
                                        make_random(load.seed, i, index_, kAborts)});
  }
}

void GeneratorThread::carry_load() {
  for (const auto& share : shares_) active_ += share->connections;
  for (const auto& share : shares_) {
    for (std::uint32_t i = 0; i < share->connections; ++i) io::spawn(keep_connection(*share));
  }
  on_patrol(this);
  ring_->run_until([this] {
    publish_if_asked();
    return active_ == 0;
  });
  for (const auto& share : shares_) {
    if (share->gate) share->gate->close(ring_->now());
  }
  ring_->shut_down();
  // Those that slept when the rest was cut wake up and see that it is over.
  while (active_ > 0) ring_->run_once(ring_->now() + kBackoff);
}

// Those who nap, until a turn or between messages, learn here that the run is over.
void GeneratorThread::on_patrol(void* self) {
  auto& thread = *static_cast<GeneratorThread*>(self);
  const TimeNs now = thread.ring_->now();
  const auto over = [now](const auto& share) { return share->gate && share->gate->ended(now); };
  if (std::any_of(thread.shares_.begin(), thread.shares_.end(), over)) thread.ring_->end_naps();
  thread.ring_->set_timer(thread.patrol_, now + kPatrolEvery);
}

// Costs one load a pass as long as nobody asks.
void GeneratorThread::publish_if_asked() {
  const std::uint32_t looks = meeting_.looks.load(std::memory_order_relaxed);
  if (looks == looks_answered_) return;
  looks_answered_ = looks;
  const std::lock_guard lock(live_mutex_);
  live_.total = live_.measured.counters = {};
  for (const auto& share : shares_) {
    live_.total.add(share->metrics.total());
    live_.measured.counters.add(share->metrics.measured());
  }
  for (const Phase phase : meeting_.watched) {
    Histogram& published = live_.measured.histograms[static_cast<std::size_t>(phase)];
    published = shares_.front()->metrics.histogram(phase);
    for (std::size_t i = 1; i < shares_.size(); ++i) {
      published.merge(shares_[i]->metrics.histogram(phase));
    }
  }
}

void GeneratorThread::add_live(LiveFigures& all) const {
  const std::lock_guard lock(live_mutex_);
  all.total.add(live_.total);
  all.measured.counters.add(live_.measured.counters);
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    all.measured.histograms[i].merge(live_.measured.histograms[i]);
  }
}

// Session after session on one connection slot.
io::Task<> GeneratorThread::keep_connection(Share& share) {
  for (;;) {
    const std::optional<Turn> turn = share.gate->take(ring_->now());
    if (!turn) break;
    const bool begun = co_await wait_for_turn(*share.context, *ring_, *turn);
    if (!begun) break;
    if (const bool ok = co_await hold_session(share, *turn); ok) continue;
    if (share.gate->ended(ring_->now())) break;
    co_await ring_->sleep_until(ring_->now() + kBackoff);
  }
  if (share.gate->overrun()) meeting_.overrun.store(true, std::memory_order_relaxed);
  --active_;
}

io::Task<bool> GeneratorThread::hold_session(Share& share, Turn turn) {
  const SessionPlan& plan = share.plan.session;
  Metrics& metrics = share.metrics;
  const TimeNs started = ring_->now();
  metrics.count(&Counters::sessions_started, started);
  const TimeNs deadline = started + plan.timeout_ns;
  const std::uint64_t number = share.next_number();
  io::Result<io::SocketPtr> socket =
      co_await io::connect(*ring_, share.target_of(number), share.source_of(number), deadline);
  const TimeNs connected = ring_->now();
  if (!socket) {
    metrics.error(connected, Phase::kConnect, to_string(socket.error().kind), 0, {},
                  describe(socket.error()));
    if (plan.messages_per_connection > 0) metrics.count(&Counters::messages_failed, connected);
    metrics.occupancy().left(started, io::kNever, connected);
    note_failure(socket.error().kind);
    co_return false;
  }
  metrics.record(Phase::kConnect, started, connected);
  if (share.plan.proxy != ProxyVersion::kNone) {
    (*socket)->write(share.proxy_header(number, (*socket)->descriptor()));
  }
  ClientSession session(*share.context, **socket, turn, started, connected, number);
  const bool as_planned = co_await session.run();
  if (!session.established()) {
    note_failure();
  } else if (!meeting_.any_established.load(std::memory_order_relaxed)) {
    meeting_.any_established.store(true, std::memory_order_relaxed);  // once
  }
  co_return as_planned;
}

// A target that lets nobody in is not worth going on with: each connection of the run, those of the
// other threads too, has failed, and none has got in.
void GeneratorThread::note_failure(io::ErrorKind kind) {
  if (kind == io::ErrorKind::kCanceled) return;
  const std::uint32_t failures = meeting_.failures.fetch_add(1, std::memory_order_relaxed) + 1;
  if (failures >= plan_.load.connections &&
      !meeting_.any_established.load(std::memory_order_relaxed)) {
    meeting_.stop.store(true, std::memory_order_relaxed);
  }
}

}  // namespace smtpmark::loadgen
