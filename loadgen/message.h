// The content of one message (RFC 5321, 2.3.1), rendered before the clock starts.
#ifndef SMTPMARK_LOADGEN_MESSAGE_H_
#define SMTPMARK_LOADGEN_MESSAGE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/plan.h"

namespace smtpmark::loadgen {

// Dots at line starts doubled (RFC 5321, 4.5.2). `body` consists of lines with CRLF.
std::string dot_stuff(std::string_view body);

// What lies behind the empty line of a content: "" where it has none.
std::string_view body_of(std::string_view content) noexcept;

class Message {
 public:
  // `content` consists of lines with CRLF.
  explicit Message(std::string content);
  // A plain-text message of exactly plan.message_size octets, its header included where it fits.
  static Message render(const SessionPlan& plan);

  std::uint64_t size() const noexcept { return size_; }  // octets before dot-stuffing
  // Header and body as they are. Valid as long as the message, as all views.
  std::string_view content() const noexcept {
    return unstuffed_.empty() ? wire().substr(0, size_) : std::string_view(unstuffed_);
  }
  // With dots stuffed and the final "." line.
  std::string_view wire() const noexcept { return wire_; }
  // Memory that it takes, octets.
  std::uint64_t footprint() const noexcept { return wire_.size() + unstuffed_.size(); }

  // Of the body: what is behind the header and its empty line.
  std::uint64_t body_octets() const noexcept { return body_octets_; }
  std::uint32_t body_crc() const noexcept { return body_crc_; }  // CRC-32
  // Whether any octet is above 127, so that BODY=8BITMIME is due (RFC 6152).
  bool eight_bit() const noexcept { return eight_bit_; }

 private:
  std::uint64_t size_ = 0;
  std::string wire_;
  std::string unstuffed_;  // only where a dot was doubled
  std::uint64_t body_octets_ = 0;
  std::uint32_t body_crc_ = 0;
  bool eight_bit_ = false;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MESSAGE_H_
