// What a run says about itself once a second while it is under way.
#ifndef SMTPMARK_LOADGEN_LIVE_LINE_H_
#define SMTPMARK_LOADGEN_LIVE_LINE_H_

#include <cstdio>
#include <string>

#include "loadgen/generator.h"

namespace smtpmark::loadgen {

// "  3 s of 10 s   30 %   1200 sessions   400 handshakes/s   ...": counters since the start, rates
// since `before`, the 99th percentile of the measured part.
std::string render_progress(const LoadProgress& now, const LoadProgress& before);

// On a terminal one line that is written over and over, else a line every five seconds.
class LiveLine {
 public:
  // `stream` is left open.
  LiveLine(std::FILE* stream, bool terminal) : stream_(stream), terminal_(terminal) {}
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;
  ~LiveLine() { clear(); }

  void show(const LoadProgress& progress);
  // Takes the line away, so that something else can be printed.
  void clear();

 private:
  std::FILE* stream_;
  bool terminal_;
  bool shown_ = false;
  LoadProgress before_;
  double next_plain_s_ = 4.5;  // elapsed; looks come a little early or late
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_LIVE_LINE_H_
