// The messages of a run, rendered before the clock starts.
#ifndef SMTPMARK_LOADGEN_MESSAGE_H_
#define SMTPMARK_LOADGEN_MESSAGE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/plan.h"

namespace smtpmark::loadgen {

// Dots at line starts doubled (RFC 5321, 4.5.2). `body` consists of lines with CRLF.
std::string dot_stuff(std::string_view body);

class Message {
 public:
  // A plain-text message of exactly plan.message_size octets, its header included where it fits.
  static Message render(const SessionPlan& plan);

  std::uint64_t size() const noexcept { return size_; }  // octets before dot-stuffing
  // With dots stuffed and the final "." line. Valid as long as the message.
  std::string_view wire() const noexcept { return wire_; }

 private:
  std::uint64_t size_ = 0;
  std::string wire_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MESSAGE_H_
