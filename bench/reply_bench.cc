// How fast replies are parsed and EHLO replies decoded. Every benchmark first proves that what it
// times gives the right events.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/parser_text.h"
#include "parser/capabilities.h"
#include "parser/reply_parser.h"

namespace smtpmark::bench {
namespace {

using parser::Capabilities;
using parser::ReplyLine;
using parser::ReplyParser;

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

void parse_replies(benchmark::State& state) {
  time_lines<ReplyParser, ReplyLine>(state, replies(250), describe);
}
BENCHMARK(parse_replies)->Arg(0)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);

}  // namespace
}  // namespace smtpmark::bench
