// How fast the end of a body and the faults of its lines are found, beside the floor that finding
// its line ends sets. Every benchmark first proves that what it times gives the right body.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "bench/parser_text.h"
#include "parser/body_framer.h"

namespace smtpmark::bench {
namespace {

using parser::BodyFaults;
using parser::DataFramer;
using parser::ScanPath;

struct Body {
  std::string plain;
  std::string stuffed;  // and ended
};

// Lines of 1 to `longest` octets; one of `dotted` begins with a dot, none when that is 0.
Body body_of(std::size_t octets, std::size_t longest, std::size_t dotted) {
  Body body;
  Words words;
  while (body.plain.size() < octets) {
    std::string line = words.word(1, longest) + "\r\n";
    if (dotted != 0 && words.number(1, dotted) == 1) line.insert(0, 1, '.');
    body.plain += line;
    if (line[0] == '.') body.stuffed += '.';
    body.stuffed += line;
  }
  body.stuffed += ".\r\n";
  return body;
}

struct Framed {
  bool ended = false;  // with the last octet
  std::size_t octets = 0;
  BodyFaults faults;
};

template <typename Use>
Framed frame(std::string_view octets, std::size_t piece_octets, ScanPath path, Use use) {
  DataFramer framer({.path = path});
  for (std::size_t at = 0; at < octets.size();) {
    std::string_view piece;
    const FeedResult result = framer.feed(octets.substr(at, piece_octets), piece);
    use(piece);
    at += result.consumed;
    if (result.status != Status::kReady) continue;
    return {at == octets.size(), framer.octets(), framer.faults()};
  }
  return {};
}

// The body comes out as it went in; and what is wrong with it, anywhere, is found.
bool frames_right(const Body& body, std::size_t piece, ScanPath path) {
  std::string plain;
  const auto collect = [&](std::string_view part) { plain += part; };
  const Framed framed = frame(body.stuffed, piece, path, collect);
  if (!framed.ended || framed.faults.any() || plain != body.plain) return false;
  for (const char wrong : {'\r', '\n', '\0'}) {
    for (std::size_t at = 0; at < body.stuffed.size() - 5; at += 4999) {
      std::string spoilt = body.stuffed;
      spoilt.insert(at, 1, wrong);
      if (!frame(spoilt, piece, path, [](std::string_view) {}).faults.any()) return false;
    }
  }
  return true;
}

void time_body(benchmark::State& state, const Body& body, ScanPath path = ScanPath::kBest) {
  const std::size_t piece = piece_size(state, body.stuffed);
  if (!parser::is_supported(path)) return state.SkipWithError("not on this processor");
  if (!frames_right(body, piece, path)) return state.SkipWithError("wrong body or wrong faults");
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    const Framed framed = frame(body.stuffed, piece, path,
                                [](std::string_view part) { benchmark::DoNotOptimize(&part); });
    if (!framed.ended || framed.octets != body.plain.size() || framed.faults.any()) {
      return state.SkipWithError("wrong size or wrong faults");
    }
  }
  report(state, body.stuffed.size(), 0);
}

constexpr std::size_t kBodyOctets = 256 * 1024;

template <ScanPath kPath>
void frame_text(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 0), kPath);
}
BENCHMARK(frame_text<ScanPath::kBest>)->Arg(0)->Arg(16384)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);
BENCHMARK(frame_text<ScanPath::kPortable>)->Arg(0)->Arg(16384)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);
BENCHMARK(frame_text<ScanPath::kAvx2>)->Arg(0);

// The floor: one look at each octet.
void find_body_lines(benchmark::State& state) {
  const Body body = body_of(kBodyOctets, 76, 0);
  const auto expected =
      static_cast<std::size_t>(std::count(body.stuffed.begin(), body.stuffed.end(), '\n'));
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    if (count_lines(body.stuffed) != expected) return state.SkipWithError("wrong number of lines");
  }
  report(state, body.stuffed.size(), 0);
}
BENCHMARK(find_body_lines);

// Base64: every line has 76 octets.
Body encoded_body() {
  Body body;
  Words words;
  while (body.plain.size() < kBodyOctets) body.plain += words.word(76, 76) + "\r\n";
  body.stuffed = body.plain + ".\r\n";
  return body;
}

void frame_base64(benchmark::State& state) {
  time_body(state, encoded_body());
}
BENCHMARK(frame_base64)->Arg(0);

void find_base64_lines(benchmark::State& state) {
  const Body body = encoded_body();
  const std::size_t expected = body.plain.size() / 78 + 1;
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    if (count_lines(body.stuffed) != expected) return state.SkipWithError("wrong number of lines");
  }
  report(state, body.stuffed.size(), 0);
}
BENCHMARK(find_base64_lines);

// UTF-8, as BODY=8BITMIME brings it: no line of it is plain.
void frame_8bit_text(benchmark::State& state) {
  Body body = body_of(kBodyOctets, 76, 0);
  for (std::string* const octets : {&body.plain, &body.stuffed}) {
    std::replace(octets->begin(), octets->end(), 'e', '\xe9');
  }
  time_body(state, body);
}
BENCHMARK(frame_8bit_text)->Arg(0);

void frame_short_lines(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 8, 0));
}
BENCHMARK(frame_short_lines)->Arg(0);

void frame_long_lines(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 998, 0));
}
BENCHMARK(frame_long_lines)->Arg(0);

void frame_one_dot_in_100_lines(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 100));
}
BENCHMARK(frame_one_dot_in_100_lines)->Arg(0);

void frame_dots_on_every_line(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 1));
}
BENCHMARK(frame_dots_on_every_line)->Arg(0);

}  // namespace
}  // namespace smtpmark::bench
