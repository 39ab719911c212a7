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

// EHLO replies as servers of several makers give them, and what they offer.
struct Offer {
  std::vector<const char*> lines;
  std::uint64_t size_limit;
  std::uint32_t mechanisms;
};

const std::vector<Offer>& offers() {
  using namespace parser;
  static const std::vector<Offer> known{
      {{"PIPELINING", "SIZE 10240000", "VRFY", "ETRN", "STARTTLS", "AUTH PLAIN LOGIN",
        "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"},
       10240000,
       kAuthPlain | kAuthLogin},
      {{"SIZE 52428800", "LIMITS MAILMAX=1000 RCPTMAX=50000", "8BITMIME", "PIPELINING",
        "PIPECONNECT", "CHUNKING", "STARTTLS", "PRDR", "HELP"},
       52428800,
       0},
      {{"SIZE 35882577", "8BITMIME", "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER",
        "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"},
       35882577,
       kAuthLogin | kAuthPlain | kAuthXoauth2 | kAuthOauthBearer | kAuthUnknown},
      {{"SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "8BITMIME",
        "BINARYMIME", "CHUNKING", "SMTPUTF8"},
       157286400,
       0},
  };
  return known;
}

std::string offer_text(const Capabilities& offered) {
  return std::to_string(offered.has(parser::kCapStarttls)) + " " +
         std::to_string(offered.size_limit) + " " + std::to_string(offered.mechanisms) + " " +
         std::to_string(offered.rcpt_max);
}

Transcript ehlo_replies(std::size_t count) {
  Transcript transcript;
  Words words;
  for (std::size_t i = 0; i < count; ++i) {
    const Offer& offer = offers()[words.number(0, offers().size() - 1)];
    transcript.octets += "250-" + words.word(4, 9) + ".example greets you\r\n";
    for (const char* const line : offer.lines) {
      transcript.octets += line == offer.lines.back() ? "250 " : "250-";
      transcript.octets += std::string(line) + "\r\n";
    }
    const bool starttls = offer.mechanisms == 0 || offer.size_limit == 10240000;
    transcript.events.push_back(std::to_string(starttls) + " " + std::to_string(offer.size_limit) +
                                " " + std::to_string(offer.mechanisms) +
                                (offer.size_limit == 52428800 ? " 50000" : " 0"));
  }
  return transcript;
}

template <typename Use>
std::size_t decode(std::string_view octets, std::size_t piece, Use use) {
  Capabilities offered;
  std::size_t count = 0;
  parse<ReplyParser, ReplyLine>(octets, piece, [&](const ReplyLine& line) {
    if (line.first) {
      offered = {};
    } else {
      offered.add(line.text);
    }
    if (!line.last) return;
    use(offered);
    ++count;
  });
  return count;
}

void decode_ehlo_replies(benchmark::State& state) {
  const Transcript transcript = ehlo_replies(400);
  const std::size_t piece = piece_size(state, transcript.octets);
  std::vector<std::string> events;
  decode(transcript.octets, piece,
         [&](const Capabilities& offered) { events.push_back(offer_text(offered)); });
  if (events != transcript.events) return state.SkipWithError("wrong capabilities");
  const auto lines = static_cast<std::size_t>(
      std::count(transcript.octets.begin(), transcript.octets.end(), '\n'));
  for (auto round : state) {
    benchmark::DoNotOptimize(round);
    const std::size_t count = decode(transcript.octets, piece, [](const Capabilities& offered) {
      benchmark::DoNotOptimize(&offered);
    });
    if (count != transcript.events.size()) return state.SkipWithError("wrong number of replies");
  }
  report(state, transcript.octets.size(), lines);
}
BENCHMARK(decode_ehlo_replies)->Arg(0)->Arg(1460)->Arg(64)->Arg(16)->Arg(1);

}  // namespace
}  // namespace smtpmark::bench
