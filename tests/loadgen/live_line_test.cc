#include "loadgen/live_line.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace smtpmark::loadgen {
namespace {

LoadProgress progress_at(double elapsed_s) {
  LoadProgress progress;
  progress.elapsed_s = elapsed_s;
  progress.planned_s = 10.0;
  progress.measured_for_s = elapsed_s;
  progress.total.sessions_started = static_cast<std::uint64_t>(elapsed_s * 100);
  progress.total.messages_accepted = static_cast<std::uint64_t>(elapsed_s * 200);
  progress.total.tls_handshakes = static_cast<std::uint64_t>(elapsed_s * 50);
  return progress;
}

// All that a line of `seconds` seconds prints.
std::string printed(bool terminal, int seconds) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  {
    LiveLine line(stream, terminal);
    for (int second = 1; second <= seconds; ++second) line.show(progress_at(second));
  }
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(LiveLine, SaysHowFarTheRunIsAndHowItGoes) {
  LoadProgress now = progress_at(4.0);
  now.total.errors = 3;
  now.measured.histograms[static_cast<std::size_t>(Phase::kMessage)].record(5 * io::kMillisecond);
  EXPECT_EQ(render_progress(now, progress_at(3.0)),
            "4 of 10 s, 40 %: 400 sessions, 50 handshakes/s, 200 messages/s, p99 5.0 ms, 3 errors");
}

TEST(LiveLine, ARunWithoutAnEndHasNoPercentAndAWarmUpIsOne) {
  LoadProgress now = progress_at(2.0);
  now.planned_s = 0.0;
  now.measured_for_s = 0.0;
  EXPECT_EQ(render_progress(now, LoadProgress()),
            "2 s (warm-up): 200 sessions, 50 handshakes/s, 200 messages/s, p99 -, 0 errors");
}

TEST(LiveLine, APartThatBeginsAnewCountsFromNothing) {
  EXPECT_NE(render_progress(progress_at(1.0), progress_at(8.0)).find("200 messages/s"),
            std::string::npos);
}

TEST(LiveLine, OnATerminalItIsWrittenOverAndTakenAway) {
  const std::string text = printed(true, 2);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.rfind("\r\x1b[K"), text.size() - 4);
  EXPECT_NE(text.find("\r2 of 10 s"), std::string::npos);
}

TEST(LiveLine, ElsewhereItIsALineNowAndThen) {
  EXPECT_EQ(printed(false, 4), "");
  const std::string text = printed(false, 11);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(text.rfind("running: ", 0), 0U);
}

}  // namespace
}  // namespace smtpmark::loadgen
