#include "tests/events/sessions.h"

#include "tests/events/event_text.h"

namespace smtpmark::events {
namespace {

using namespace parser;

std::string describe_body(std::string_view body, const BodyFaults& faults) {
  return std::to_string(body.size()) + " octets" + bracketed(body) + describe(faults);
}

}  // namespace

FeedResult CommandSession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, command_);
  if (result.status != Status::kNeedMore) event_ = events::describe(command_);
  return result;
}

FeedResult ResponseSession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed_auth_response(bytes, response_);
  if (result.status != Status::kNeedMore) event_ = events::describe(response_);
  return result;
}

ReplySession::ReplySession(const Settings& settings)
    : parser_(settings.replies), left_(settings.stop_after) {
  if (settings.counts_replies) parser_.expect(settings.due);
}

FeedResult ReplySession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, line_);
  if (result.status != Status::kNeedMore) event_ = events::describe(line_);
  if (result.status == Status::kReady && line_.last && left_ != 0) done_ = --left_ == 0;
  return result;
}

FeedResult EhloSession::feed(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, line_);
  if (result.status == Status::kNeedMore) return result;
  event_ = result.status == Status::kRejected || line_.first
               ? events::describe(line_)
               : events::describe(offer_.add(line_.text));
  done_ = result.status == Status::kReady && line_.last;
  return result;
}

std::string EhloSession::at_end() const {
  return events::describe(offer_);
}

FeedResult DataSession::feed(std::string_view bytes) {
  std::string_view piece;
  const FeedResult result = framer_.feed(bytes, piece);
  body_ += piece;
  if (result.status == Status::kReady) {
    event_ = "end of data, " + describe_body(body_, framer_.faults());
    done_ = true;
  }
  return result;
}

std::string DataSession::at_end() const {
  return done_ ? "" : "no end of data, " + describe_body(body_, framer_.faults());
}

FeedResult ServerSession::feed(std::string_view bytes) {
  switch (turn_) {
    case Turn::kCommand: return feed_command(bytes);
    case Turn::kResponse: return feed_response(bytes);
    case Turn::kData: return feed_data(bytes);
    case Turn::kChunk: break;
  }
  return feed_chunk(bytes);
}

FeedResult ServerSession::feed_command(std::string_view bytes) {
  const FeedResult result = parser_.feed(bytes, command_);
  if (result.status == Status::kNeedMore) return result;
  event_ = events::describe(command_);
  hand_over();
  return result;
}

void ServerSession::hand_over() {
  const bool taken = command_.error == SyntaxError::kNone;
  if (command_.verb == Verb::kBdat) {
    done_ = !command_.chunk_size_known;
    chunk_ = ChunkFramer(command_.chunk_size);
    skips_ = !taken;
    turn_ = Turn::kChunk;
    return;
  }
  if (!taken) return;
  switch (command_.verb) {
    case Verb::kData:
      framer_ = DataFramer(settings_.body);
      turn_ = Turn::kData;
      break;
    case Verb::kAuth:
      if (command_.initial_response.data() == nullptr) turn_ = Turn::kResponse;
      break;
    case Verb::kStarttls:
    case Verb::kAtrn:
    case Verb::kQuit: done_ = true; break;
    default: break;
  }
}

FeedResult ServerSession::feed_response(std::string_view bytes) {
  const FeedResult result = parser_.feed_auth_response(bytes, response_);
  if (result.status == Status::kNeedMore) return result;
  event_ = events::describe(response_);
  turn_ = Turn::kCommand;
  return result;
}

FeedResult ServerSession::feed_data(std::string_view bytes) {
  std::string_view piece;
  const FeedResult result = framer_.feed(bytes, piece);
  body_ += piece;
  if (result.status == Status::kNeedMore) return result;
  event_ = "end of data, " + describe_body(body_, framer_.faults());
  body_.clear();
  turn_ = Turn::kCommand;
  return result;
}

FeedResult ServerSession::feed_chunk(std::string_view bytes) {
  std::string_view piece;
  const FeedResult result = chunk_.feed(bytes, piece);
  body_ += piece;
  if (result.status == Status::kNeedMore) return result;
  event_ = (skips_ ? "skipped, " : "chunk, ") + describe_body(body_, {});
  body_.clear();
  turn_ = Turn::kCommand;
  return result;
}

std::string ServerSession::at_end() const {
  if (done_) return "";
  switch (turn_) {
    case Turn::kCommand:
    case Turn::kResponse: return "";
    case Turn::kData: return "no end of data, " + describe_body(body_, framer_.faults());
    case Turn::kChunk: break;
  }
  return "chunk cut short, " + describe_body(body_, {}) + ", " +
         std::to_string(chunk_.remaining()) + " missing";
}

}  // namespace smtpmark::events
