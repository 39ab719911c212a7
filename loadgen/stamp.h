// What a message says of itself, so that a sink can tell whether it came as it was sent.
#ifndef SMTPMARK_LOADGEN_STAMP_H_
#define SMTPMARK_LOADGEN_STAMP_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "loadgen/message.h"

namespace smtpmark::loadgen {

// Two header lines in front of a content, always of the same length:
//
//   X-Smtpmark: run=RRRRRRRRRRRRRRRR class=CCCC seq=SSSSSSSSSSSSSSSS length=LLLLLLLLLL
//   crc32=XXXXXXXX Message-ID: <SSSSSSSSSSSSSSSS.CCCC.RRRRRRRRRRRRRRRR@smtpmark.invalid>
//
// All numbers are in hexadecimal. Length and CRC-32 are those of the body, behind the empty line:
// relays add lines to the header.
class StampWriter {
 public:
  StampWriter(std::uint64_t run, std::uint32_t class_number);

  std::size_t octets() const noexcept { return text_.size(); }
  // Writes the stamp of a message into `to`, in place of what is there.
  void write(std::uint64_t sequence, const Message& message, std::string& to) const;

 private:
  std::string text_;  // with zeros for what changes from message to message
};

enum class StampVerdict : std::uint8_t { kNone, kGood, kMismatch };

// Reads one content in pieces and holds it against its stamp.
class StampCheck {
 public:
  // The next octets of the content, dots unstuffed, wherever they were cut.
  void take(std::string_view piece);
  // Behind the last one. kNone: there was no stamp, or none that can be read.
  StampVerdict verdict() const noexcept;

 private:
  std::string_view take_header(std::string_view piece);
  void read_line();

  std::string line_;  // of the header, as far as it has come
  bool in_body_ = false;
  bool stamped_ = false;
  std::uint64_t stated_octets_ = 0;
  std::uint64_t stated_crc_ = 0;
  std::uint64_t octets_ = 0;  // of the body
  unsigned long crc_ = 0;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_STAMP_H_
