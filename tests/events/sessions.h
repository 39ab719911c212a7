// What the split driver runs: a parser, or several that take turns on one stream, with its events
// as lines of a log.
#ifndef SMTPMARK_TESTS_EVENTS_SESSIONS_H_
#define SMTPMARK_TESTS_EVENTS_SESSIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "parser/body_framer.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"
#include "parser/reply_parser.h"

namespace smtpmark::events {

// What a case asks for beside its octets.
struct Settings {
  parser::Leniencies leniencies = 0;
  parser::ReplyOptions replies;
  parser::BodyOptions body;
  bool counts_replies = false;
  std::uint32_t due = 0;         // replies: how many were asked for, when they are counted
  std::uint32_t stop_after = 0;  // replies: how many are read; 0 is all
};

// The base of all of them. See SplitDriver.
class Session {
 public:
  const std::string& describe(parser::Status) const { return event_; }
  bool done() const { return done_; }

 protected:
  std::string event_;
  bool done_ = false;
};

// Command lines, one behind the other, whatever they say.
class CommandSession : public Session {
 public:
  explicit CommandSession(const Settings& settings) : parser_(settings.leniencies) {}
  parser::FeedResult feed(std::string_view bytes);

 private:
  parser::CommandParser parser_;
  parser::Command command_;
};

// What a client says while an AUTH goes on.
class ResponseSession : public Session {
 public:
  explicit ResponseSession(const Settings& settings) : parser_(settings.leniencies) {}
  parser::FeedResult feed(std::string_view bytes);

 private:
  parser::CommandParser parser_;
  parser::AuthResponse response_;
};

class ReplySession : public Session {
 public:
  explicit ReplySession(const Settings& settings);
  parser::FeedResult feed(std::string_view bytes);

 private:
  parser::ReplyParser parser_;
  parser::ReplyLine line_;
  std::uint32_t left_;  // replies until the session is done, if there is such a limit
};

// One reply to EHLO.
class EhloSession : public Session {
 public:
  explicit EhloSession(const Settings& settings) : parser_(settings.replies) {}
  parser::FeedResult feed(std::string_view bytes);
  std::string at_end() const;

 private:
  parser::ReplyParser parser_;
  parser::ReplyLine line_;
  parser::Capabilities offer_;
};

// One body behind the 354 of DATA.
class DataSession : public Session {
 public:
  explicit DataSession(const Settings& settings) : framer_(settings.body) {}
  parser::FeedResult feed(std::string_view bytes);
  std::string at_end() const;

 private:
  parser::DataFramer framer_;
  std::string body_;
};

// A server that says yes to everything: commands, and what follows DATA, BDAT and AUTH. It answers
// an AUTH that has no initial response with one 334. It hands the stream over (is done) after
// STARTTLS, ATRN and QUIT, and closes after a BDAT whose size nobody knows.
class ServerSession : public Session {
 public:
  explicit ServerSession(const Settings& settings)
      : settings_(settings), parser_(settings.leniencies), framer_(settings.body), chunk_(0) {}
  parser::FeedResult feed(std::string_view bytes);
  std::string at_end() const;

 private:
  enum class Turn : std::uint8_t { kCommand, kResponse, kData, kChunk };

  parser::FeedResult feed_command(std::string_view bytes);
  parser::FeedResult feed_response(std::string_view bytes);
  parser::FeedResult feed_data(std::string_view bytes);
  parser::FeedResult feed_chunk(std::string_view bytes);
  void hand_over();

  Settings settings_;
  parser::CommandParser parser_;
  parser::Command command_;
  parser::AuthResponse response_;
  parser::DataFramer framer_;
  parser::ChunkFramer chunk_;
  std::string body_;
  Turn turn_ = Turn::kCommand;
  bool skips_ = false;  // the chunk belongs to a BDAT that was rejected
};

}  // namespace smtpmark::events

#endif  // SMTPMARK_TESTS_EVENTS_SESSIONS_H_
