// How fast commands are parsed, beside the floor that finding their line ends sets. Every benchmark
// first proves that what it times gives the right events.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/parser_text.h"
#include "parser/command_parser.h"

namespace smtpmark::bench {
namespace {

using parser::Command;
using parser::CommandParser;
using parser::Verb;

// Sessions of eight commands, of about 30 octets, no two alike. The message comes by BDAT in one
// and by DATA in the next, for a transaction has only one of them (RFC 3030, 2).
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
    for (std::size_t recipients = 0; recipients < 3; ++recipients) {
      const std::string mailbox = words.mailbox();
      const bool notify = words.number(0, 3) == 0;
      add("RCPT TO:<" + mailbox + ">" + (notify ? " NOTIFY=SUCCESS,FAILURE" : ""),
          "RCPT " + mailbox + " " + (notify ? "6" : "0"));
    }
    if (i % 2 == 0) {
      const std::string chunk = std::to_string(words.number(900, 900'000));
      add("BDAT " + chunk + " LAST", "BDAT " + chunk);
    } else {
      add("DATA", "DATA");
    }
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
      const bool given = (command.parameters_present & parser::kParamNotify) != 0;
      return text.append(" ").append(command.path.mailbox) + " " +
             std::to_string(given ? command.notify : 0);
    }
    case Verb::kBdat: return text + " " + std::to_string(command.chunk_size);
    default: return text;
  }
}

void parse_commands(benchmark::State& state) {
  time_lines<CommandParser, Command>(state, commands(500), describe);
}
BENCHMARK(parse_commands)->Arg(0)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);

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

}  // namespace
}  // namespace smtpmark::bench
