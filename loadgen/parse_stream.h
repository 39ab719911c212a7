// What `smtpmark parse` makes of a stream of octets: a line of JSON for each event.
#ifndef SMTPMARK_LOADGEN_PARSE_STREAM_H_
#define SMTPMARK_LOADGEN_PARSE_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/parse_json.h"
#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/leniency.h"
#include "parser/reply_parser.h"

namespace smtpmark::loadgen {

enum class ParseMode : std::uint8_t {
  kCommands,  // command lines, whatever they ask for
  kReplies,   // reply lines
  kEhlo,      // reply lines, of replies to EHLO
  kData,      // one message, dot-stuffed, to its end
  kSession,   // what a client sends to a server that accepts everything
};

// The events do not depend on how the octets were cut; memory is bounded by the longest line and
// by the length of one "body" event, whatever comes.
class ParseStream {
 public:
  ParseStream(ParseMode mode, parser::Profile profile);

  // Takes the next octets of the stream; appends the events that they complete to `out`.
  void feed(std::string_view octets, std::string& out);

  // The stream has ended; appends what is left and the "end" event. Call it once, last.
  void finish(std::string& out);

  // Whether anything was rejected, or the stream ended in the middle of something.
  bool is_faulty() const { return faulty_; }

 private:
  enum class State : std::uint8_t { kCommand, kAuthResponse, kMessage, kChunk, kReply, kStopped };

  // Each parses at most one event; false when more octets are needed.
  bool step(std::string& out);
  bool step_command(std::string& out);
  bool step_auth_response(std::string& out);
  bool step_message(std::string& out);
  bool step_chunk(std::string& out);
  bool step_reply(std::string& out);

  std::string_view rest() const;
  Extent consume(const parser::FeedResult& result);
  bool wait(const parser::FeedResult& result);
  void next_state(const parser::Command& command);
  void add_capability(const parser::ReplyLine& line, Json& event);
  void stop(std::string reason);
  void emit(const Json& event, std::string& out) const;
  void emit_body(std::string_view piece, std::string& out);
  void flush_body(std::string& out);

  ParseMode mode_;
  State state_;
  parser::CommandParser commands_;
  parser::ReplyParser replies_;
  parser::Capabilities capabilities_;
  parser::DataFramer message_;
  parser::ChunkFramer chunk_{0};
  bool chunk_last_ = false;
  bool chunk_rejected_ = false;
  int auth_responses_ = 0;  // still to come
  std::string held_;        // octets not consumed, behind the first `used_`
  std::size_t used_ = 0;
  std::uint64_t offset_ = 0;  // of the octet at used_, in the stream
  std::uint64_t begin_ = 0;   // of the line, message or chunk that is being parsed
  std::uint64_t reply_begin_ = 0;
  bool reply_open_ = false;    // its last line has not come
  std::string body_;           // of the next "body" event
  std::uint64_t body_at_ = 0;  // octets of the message or chunk before it
  std::string stopped_for_;
  bool faulty_ = false;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PARSE_STREAM_H_
