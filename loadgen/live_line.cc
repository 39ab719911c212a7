#include "loadgen/live_line.h"

#include <fmt/format.h>

namespace smtpmark::loadgen {

namespace {

constexpr double kPlainEveryS = 5.0;

// Of messages, or of sessions where there are none; "-" before the first.
std::string p99(const Figures& figures) {
  const Histogram& messages = figures.histogram(Phase::kMessage);
  const Histogram& latencies = messages.count() > 0 ? messages : figures.histogram(Phase::kSession);
  if (latencies.count() == 0) return "-";
  return fmt::format("{:.1f} ms", static_cast<double>(latencies.percentile_ns(99.0)) / 1e6);
}

std::string time_of(const LoadProgress& now) {
  if (now.planned_s <= 0.0) return fmt::format("{:.0f} s", now.elapsed_s);
  return fmt::format("{:.0f} of {:.0f} s, {:.0f} %", now.elapsed_s, now.planned_s,
                     std::min(100.0, now.elapsed_s / now.planned_s * 100.0));
}

}  // namespace

std::string render_progress(const LoadProgress& now, const LoadProgress& before) {
  const double passed = now.elapsed_s - before.elapsed_s;
  // A run that begins anew counts from nothing.
  const bool anew = passed <= 0.0;
  const auto rate = [&](std::uint64_t Counters::*counter) {
    const std::uint64_t count = now.total.*counter - (anew ? 0 : before.total.*counter);
    const double seconds = anew ? now.elapsed_s : passed;
    return seconds > 0.0 ? static_cast<double>(count) / seconds : 0.0;
  };
  return fmt::format("{}{}: {} sessions, {:.0f} handshakes/s, {:.0f} messages/s, p99 {}, {} errors",
                     time_of(now), now.measured_for_s > 0.0 ? "" : " (warm-up)",
                     now.total.sessions_started, rate(&Counters::tls_handshakes),
                     rate(&Counters::messages_accepted), p99(now.measured), now.total.errors);
}

void LiveLine::show(const LoadProgress& progress) {
  if (progress.elapsed_s < before_.elapsed_s) next_plain_s_ = kPlainEveryS - 0.5;
  const std::string text = render_progress(progress, before_);
  before_ = progress;
  if (terminal_) {
    fmt::print(stream_, "\r{}\x1b[K", text);
    shown_ = true;
  } else if (progress.elapsed_s >= next_plain_s_) {
    fmt::print(stream_, "running: {}\n", text);
    next_plain_s_ += kPlainEveryS;
  }
  std::fflush(stream_);
}

void LiveLine::clear() {
  if (!shown_) return;
  fmt::print(stream_, "\r\x1b[K");
  std::fflush(stream_);
  shown_ = false;
}

}  // namespace smtpmark::loadgen
