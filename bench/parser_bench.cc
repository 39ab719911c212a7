// How fast commands, replies and bodies are parsed, beside the floor that finding their line ends
// sets. Every benchmark first proves that what it times gives the right events.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parser/body_framer.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace {

using smtpmark::parser::Command;
using smtpmark::parser::CommandParser;
using smtpmark::parser::DataFramer;
using smtpmark::parser::FeedResult;
using smtpmark::parser::ReplyLine;
using smtpmark::parser::ReplyParser;
using smtpmark::parser::Status;
using smtpmark::parser::Verb;

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

// Sessions of eight commands, no two alike.
Transcript commands(std::size_t sessions) {
  Transcript transcript;
  Words words;
  const auto add = [&](const std::string& line, std::string event) {
    transcript.octets += line + "\r\n";
    transcript.events.push_back(std::move(event));
  };
  for (std::size_t i = 0; i < sessions; ++i) {
    const std::string host = words.word(4, 9) + "." + words.word(4, 9) + ".example";
    const std::string size = std::to_string(words.number(900, 900'000));
    const std::string sender = words.mailbox();
    add("EHLO " + host, "EHLO " + host);
    const bool eight_bit = words.number(0, 1) == 1;
    add("MAIL FROM:<" + sender + "> SIZE=" + size + (eight_bit ? " BODY=8BITMIME" : ""),
        "MAIL " + sender + " " + size);
    for (std::size_t recipients = 0; recipients < 2; ++recipients) {
      const std::string mailbox = words.mailbox();
      const bool notify = words.number(0, 3) == 0;
      add("RCPT TO:<" + mailbox + ">" + (notify ? " NOTIFY=SUCCESS,FAILURE" : ""),
          "RCPT " + mailbox + " " + (notify ? "6" : "0"));
    }
    const std::string chunk = std::to_string(words.number(900, 900'000));
    add("BDAT " + chunk + " LAST", "BDAT " + chunk);
    add("DATA", "DATA");
    add("RSET", "RSET");
    add("QUIT", "QUIT");
  }
  return transcript;
}

std::string describe(const Command& command) {
  std::string text(to_string(command.verb));
  switch (command.verb) {
    case Verb::kEhlo: return text.append(" ").append(command.argument);
    case Verb::kMail:
      return text.append(" ").append(command.path.mailbox) + " " + std::to_string(command.size);
    case Verb::kRcpt: {
      const bool given = (command.parameters_present & smtpmark::parser::kParamNotify) != 0;
      return text.append(" ").append(command.path.mailbox) + " " +
             std::to_string(given ? command.notify : 0);
    }
    case Verb::kBdat: return text + " " + std::to_string(command.chunk_size);
    default: return text;
  }
}

// Replies as a client of such sessions gets them.
Transcript replies(std::size_t sessions) {
  Transcript transcript;
  Words words;
  const auto add = [&](const std::string& code, char separator, const std::string& text) {
    transcript.octets += code + separator + text + "\r\n";
    transcript.events.push_back(code + separator + text);
  };
  for (std::size_t i = 0; i < sessions; ++i) {
    add("220", ' ', words.word(4, 9) + ".example ESMTP");
    add("250", '-', words.word(4, 9) + ".example greets you");
    for (const char* keyword : {"PIPELINING", "SIZE 10485760", "STARTTLS", "AUTH PLAIN LOGIN",
                                "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8"}) {
      add("250", '-', keyword);
    }
    add("250", ' ', "CHUNKING");
    add("250", ' ', "2.1.0 Ok");
    add("250", ' ', "2.1.5 Ok");
    add("354", ' ', "End data with <CR><LF>.<CR><LF>");
    add("250", ' ', "2.0.0 Ok: queued as " + words.word(10, 12));
    add("221", ' ', "2.0.0 Bye");
  }
  return transcript;
}

std::string describe(const ReplyLine& line) {
  std::string text = std::to_string(line.code) + (line.last ? ' ' : '-');
  return text.append(line.text);
}

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

void report(benchmark::State& state, std::size_t octets, std::size_t events) {
  const auto rounds = static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(rounds) * static_cast<std::int64_t>(octets));
  if (events == 0) return;
  state.counters["per_event"] =
      benchmark::Counter(rounds * static_cast<double>(events),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Each argument of the benchmark is a piece size; 0 is all at once.
std::size_t piece_size(const benchmark::State& state, std::string_view octets) {
  return state.range(0) == 0 ? octets.size() : static_cast<std::size_t>(state.range(0));
}

template <typename Parser, typename Out>
void time_lines(benchmark::State& state, const Transcript& transcript) {
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

void parse_commands(benchmark::State& state) {
  time_lines<CommandParser, Command>(state, commands(500));
}
BENCHMARK(parse_commands)->Arg(0)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);

void parse_replies(benchmark::State& state) {
  time_lines<ReplyParser, ReplyLine>(state, replies(250));
}
BENCHMARK(parse_replies)->Arg(0)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);

// The floor: where do the lines end.
std::size_t count_lines(std::string_view octets) {
  std::size_t lines = 0;
  while (const void* lf = std::memchr(octets.data(), '\n', octets.size())) {
    octets.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(lf) - octets.data()) +
                         1);
    ++lines;
  }
  return lines;
}

void find_command_lines(benchmark::State& state) {
  const Transcript transcript = commands(500);
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    if (count_lines(transcript.octets) != transcript.events.size()) {
      return state.SkipWithError("wrong number of lines");
    }
  }
  report(state, transcript.octets.size(), transcript.events.size());
}
BENCHMARK(find_command_lines);

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

template <typename Use>
bool frame(std::string_view octets, std::size_t piece_octets, Use use) {
  DataFramer framer;
  for (std::size_t at = 0; at < octets.size();) {
    std::string_view piece;
    const FeedResult result = framer.feed(octets.substr(at, piece_octets), piece);
    use(piece);
    at += result.consumed;
    if (result.status == Status::kReady) return at == octets.size() && !framer.faults().any();
  }
  return false;
}

void time_body(benchmark::State& state, const Body& body) {
  const std::size_t piece = piece_size(state, body.stuffed);
  std::string plain;
  const bool ended = frame(body.stuffed, piece, [&](std::string_view part) { plain += part; });
  if (!ended || plain != body.plain) return state.SkipWithError("wrong body");
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    std::size_t size = 0;
    if (!frame(body.stuffed, piece, [&](std::string_view part) { size += part.size(); }) ||
        size != body.plain.size()) {
      return state.SkipWithError("wrong size");
    }
  }
  report(state, body.stuffed.size(), 0);
}

constexpr std::size_t kBodyOctets = 256 * 1024;

void frame_text(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 0));
}
BENCHMARK(frame_text)->Arg(0)->Arg(16384)->Arg(1460)->Arg(64);

void frame_short_lines(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 8, 0));
}
BENCHMARK(frame_short_lines)->Arg(0);

void frame_one_dot_in_100_lines(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 100));
}
BENCHMARK(frame_one_dot_in_100_lines)->Arg(0);

void frame_dots_on_every_line(benchmark::State& state) {
  time_body(state, body_of(kBodyOctets, 76, 1));
}
BENCHMARK(frame_dots_on_every_line)->Arg(0);

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

}  // namespace
