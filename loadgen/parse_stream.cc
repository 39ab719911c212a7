#include "loadgen/parse_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace smtpmark::loadgen {
namespace {

using parser::FeedResult;
using parser::Status;
using parser::SyntaxError;
using parser::Verb;

constexpr std::size_t kBodyEvent = 4096;  // octets

// How many lines a client sends in an exchange that succeeds, its initial response included.
struct Mechanism {
  std::string_view name;
  int responses;
};
constexpr std::array kKnownMechanisms = {
    Mechanism{"LOGIN", 2},
    Mechanism{"DIGEST-MD5", 2},
    Mechanism{"NTLM", 2},
    Mechanism{"SCRAM-SHA-1", 3},
    Mechanism{"SCRAM-SHA-256", 3},
    Mechanism{"SCRAM-SHA-512", 3},
    Mechanism{"SCRAM-SHA-1-PLUS", 3},
    Mechanism{"SCRAM-SHA-256-PLUS", 3},
    Mechanism{"SCRAM-SHA-512-PLUS", 3},
    Mechanism{"GSSAPI", 3},
};

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return upper(x) == upper(y); });
}

int responses_due(const parser::Command& command) {
  const int given = command.initial_response.data() != nullptr ? 1 : 0;
  for (const Mechanism& mechanism : kKnownMechanisms) {
    if (equals_ignoring_case(mechanism.name, command.argument)) return mechanism.responses - given;
  }
  return 1 - given;
}

}  // namespace

ParseStream::ParseStream(ParseMode mode, parser::Profile profile)
    : mode_(mode), state_(State::kCommand), commands_(profile) {
  if (mode == ParseMode::kReplies || mode == ParseMode::kEhlo) state_ = State::kReply;
  if (mode == ParseMode::kData) state_ = State::kMessage;
}

void ParseStream::feed(std::string_view octets, std::string& out) {
  held_.append(octets);
  while (step(out)) {
  }
  held_.erase(0, used_);
  used_ = 0;
}

bool ParseStream::step(std::string& out) {
  switch (state_) {
    case State::kCommand: return step_command(out);
    case State::kAuthResponse: return step_auth_response(out);
    case State::kMessage: return step_message(out);
    case State::kChunk: return step_chunk(out);
    case State::kReply: return step_reply(out);
    case State::kStopped: break;
  }
  consume({Status::kNeedMore, rest().size()});  // not looked at, only counted
  return false;
}

std::string_view ParseStream::rest() const {
  return std::string_view(held_).substr(used_);
}

// Passes over what was consumed; returns the extent of what began at begin_ and ends there.
Extent ParseStream::consume(const FeedResult& result) {
  used_ += result.consumed;
  offset_ += result.consumed;
  return {begin_, offset_ - begin_};
}

// Whether there is anything to go on with.
bool ParseStream::wait(const FeedResult& result) {
  consume(result);
  return result.consumed != 0 && !rest().empty();
}

bool ParseStream::step_command(std::string& out) {
  parser::Command command;
  const FeedResult result = commands_.feed(rest(), command);
  if (result.status == Status::kNeedMore) return wait(result);
  if (result.status == Status::kRejected) faulty_ = true;
  const Extent extent = consume(result);
  emit(json_of(command, extent), out);
  begin_ = offset_;
  if (mode_ == ParseMode::kSession) next_state(command);
  return true;
}

void ParseStream::next_state(const parser::Command& command) {
  const bool rejected = command.error != SyntaxError::kNone;
  if (command.verb == Verb::kBdat) {
    if (!command.chunk_size_known) return stop("BDAT without a size");
    chunk_ = parser::ChunkFramer(command.chunk_size);
    chunk_last_ = !rejected && command.chunk_last;
    chunk_rejected_ = rejected;
    state_ = State::kChunk;
    return;
  }
  if (rejected) return;
  switch (command.verb) {
    case Verb::kData:
      message_ = parser::DataFramer();
      state_ = State::kMessage;
      return;
    case Verb::kAuth:
      auth_responses_ = responses_due(command);
      if (auth_responses_ > 0) state_ = State::kAuthResponse;
      return;
    case Verb::kStarttls:
    case Verb::kAtrn:
    case Verb::kQuit: return stop(std::string(to_string(command.verb)));
    default: return;
  }
}

bool ParseStream::step_auth_response(std::string& out) {
  parser::AuthResponse response;
  const FeedResult result = commands_.feed_auth_response(rest(), response);
  if (result.status == Status::kNeedMore) return wait(result);
  if (result.status == Status::kRejected) faulty_ = true;
  const Extent extent = consume(result);
  emit(json_of(response, extent), out);
  begin_ = offset_;
  --auth_responses_;
  const bool goes_on = result.status == Status::kReady && !response.cancelled;
  if (!goes_on || auth_responses_ == 0) state_ = State::kCommand;
  return true;
}

bool ParseStream::step_message(std::string& out) {
  std::string_view piece;
  const FeedResult result = message_.feed(rest(), piece);
  emit_body(piece, out);
  if (result.status == Status::kNeedMore) return wait(result);
  flush_body(out);
  Json event = event_at("end-of-data", consume(result));
  event["octets"] = message_.octets();
  Json faults = json_of(message_.faults(), begin_);
  if (!faults.empty()) event["faults"] = std::move(faults);
  emit(event, out);
  begin_ = offset_;
  body_at_ = 0;
  state_ = State::kCommand;
  if (mode_ == ParseMode::kData) stop("end of data");
  return true;
}

bool ParseStream::step_chunk(std::string& out) {
  std::string_view piece;
  const FeedResult result = chunk_.feed(rest(), piece);
  emit_body(piece, out);
  if (result.status == Status::kNeedMore) return wait(result);
  flush_body(out);
  Json event = event_at("end-of-chunk", consume(result));
  event["last"] = chunk_last_;
  if (chunk_rejected_) event["of_rejected"] = true;
  emit(event, out);
  begin_ = offset_;
  body_at_ = 0;
  state_ = State::kCommand;
  return true;
}

bool ParseStream::step_reply(std::string& out) {
  parser::ReplyLine line;
  const FeedResult result = replies_.feed(rest(), line);
  if (result.status == Status::kNeedMore) return wait(result);
  Json event = json_of(line, consume(result));
  if (result.status == Status::kRejected) {
    emit(event, out);
    faulty_ = true;
    stop("rejected");
    return true;
  }
  if (line.first) {
    reply_begin_ = begin_;
    capabilities_ = {};
  }
  reply_open_ = !line.last;
  const bool decodes = mode_ == ParseMode::kEhlo && line.code == 250;
  if (decodes && !line.first) event["capability"] = json_of(capabilities_.add(line.text));
  emit(event, out);
  begin_ = offset_;
  if (decodes && line.last) {
    emit(json_of(capabilities_, Extent{reply_begin_, offset_ - reply_begin_}), out);
  }
  return true;
}

void ParseStream::stop(std::string reason) {
  state_ = State::kStopped;
  stopped_for_ = std::move(reason);
}

void ParseStream::emit(const Json& event, std::string& out) const {
  out += line_of(event);
}

void ParseStream::emit_body(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    const std::size_t count = std::min(piece.size(), kBodyEvent - body_.size());
    body_.append(piece.substr(0, count));
    piece.remove_prefix(count);
    if (body_.size() == kBodyEvent) flush_body(out);
  }
}

void ParseStream::flush_body(std::string& out) {
  if (body_.empty()) return;
  Json event;
  event["event"] = "body";
  event["at"] = body_at_;
  event["text"] = text_of(body_);
  emit(event, out);
  body_at_ += body_.size();
  body_.clear();
}

void ParseStream::finish(std::string& out) {
  flush_body(out);
  const std::uint64_t left = offset_ + rest().size() - begin_;
  std::string reason = stopped_for_;
  if (state_ == State::kMessage) reason = "incomplete message";
  if (state_ == State::kChunk) reason = "incomplete chunk";
  if (state_ == State::kAuthResponse) reason = "incomplete authentication";
  if (state_ == State::kCommand) reason = left == 0 ? "complete" : "incomplete line";
  if (state_ == State::kReply) {
    reason = left != 0 ? "incomplete line" : reply_open_ ? "incomplete reply" : "complete";
  }
  if (reason.starts_with("incomplete")) faulty_ = true;
  Json event;
  event["event"] = "end";
  event["offset"] = begin_;
  event["left"] = left;
  event["reason"] = reason;
  emit(event, out);
}

}  // namespace smtpmark::loadgen
