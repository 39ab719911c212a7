// What the benchmarks of the parsers share: text that is the same in every run, the way it arrives,
// the floor that is set by looking for line ends, and the figures.
#ifndef SMTPMARK_BENCH_PARSER_TEXT_H_
#define SMTPMARK_BENCH_PARSER_TEXT_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parser/status.h"

namespace smtpmark::bench {

using parser::FeedResult;
using parser::Status;

// Input, and what a parser must make of it.
struct Transcript {
  std::string octets;
  std::vector<std::string> events;
};

class Words {
 public:
  std::string word(std::size_t shortest, std::size_t longest) {
    std::string text(number(shortest, longest), '\0');
    for (char& c : text) c = static_cast<char>('a' + number(0, 25));
    return text;
  }
  std::size_t number(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random_);
  }
  std::string mailbox() { return word(3, 9) + "." + word(3, 9) + "@" + word(4, 10) + ".example"; }

 private:
  std::mt19937_64 random_{5321};  // the same octets in every run
};

// Feeds `octets` as they would arrive, `piece` octets at a time, and hands each event to `use`.
// Returns the number of events; stops at the first rejection.
template <typename Parser, typename Out, typename Use>
std::size_t parse(std::string_view octets, std::size_t piece, Use use) {
  Parser parser;
  Out out;
  std::size_t events = 0;
  std::size_t consumed = 0;
  for (std::size_t arrived = 0; arrived < octets.size();) {
    arrived = std::min(arrived + piece, octets.size());
    while (consumed < arrived) {
      const FeedResult result = parser.feed(octets.substr(consumed, arrived - consumed), out);
      consumed += result.consumed;
      if (result.status == Status::kRejected) return events;
      if (result.status == Status::kNeedMore) break;
      use(out);
      ++events;
    }
  }
  return events;
}

inline void report(benchmark::State& state, std::size_t octets, std::size_t events) {
  const auto rounds = static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(rounds) * static_cast<std::int64_t>(octets));
  if (events == 0) return;
  state.counters["per_event"] =
      benchmark::Counter(rounds * static_cast<double>(events),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Each argument of the benchmark is a piece size; 0 is all at once.
inline std::size_t piece_size(const benchmark::State& state, std::string_view octets) {
  return state.range(0) == 0 ? octets.size() : static_cast<std::size_t>(state.range(0));
}

// `describe` says in a string what an event is, as the transcript does.
template <typename Parser, typename Out>
void time_lines(benchmark::State& state, const Transcript& transcript,
                std::string (*describe)(const Out&)) {
  const std::size_t piece = piece_size(state, transcript.octets);
  std::vector<std::string> events;
  parse<Parser, Out>(transcript.octets, piece,
                     [&](const Out& out) { events.push_back(describe(out)); });
  if (events != transcript.events) return state.SkipWithError("wrong events");
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    const std::size_t count = parse<Parser, Out>(
        transcript.octets, piece, [](const Out& out) { benchmark::DoNotOptimize(&out); });
    if (count != transcript.events.size()) return state.SkipWithError("wrong number of events");
  }
  report(state, transcript.octets.size(), transcript.events.size());
}

// The floor: where do the lines end.
inline std::size_t count_lines(std::string_view octets) {
  std::size_t lines = 0;
  while (const void* lf = std::memchr(octets.data(), '\n', octets.size())) {
    octets.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(lf) - octets.data()) +
                         1);
    ++lines;
  }
  return lines;
}

}  // namespace smtpmark::bench

#endif  // SMTPMARK_BENCH_PARSER_TEXT_H_
