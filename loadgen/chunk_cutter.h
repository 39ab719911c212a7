// A content cut into the chunks of BDAT (RFC 3030, 2).
#ifndef SMTPMARK_LOADGEN_CHUNK_CUTTER_H_
#define SMTPMARK_LOADGEN_CHUNK_CUTTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtpmark::loadgen {

// A part of the header, a part of the message, or the end of one and the beginning of the other.
struct Chunk {
  std::string_view header;
  std::string_view message;
  bool last = false;

  std::size_t octets() const noexcept { return header.size() + message.size(); }
  // "BDAT 1024 LAST" with its CRLF.
  std::string command() const {
    return "BDAT " + std::to_string(octets()) + (last ? " LAST\r\n" : "\r\n");
  }
};

class ChunkCutter {
 public:
  // Chunks of `octets` each, the last one of the rest; 0: the whole content is one chunk. An empty
  // content is one empty chunk.
  ChunkCutter(std::string_view header, std::string_view message, std::uint64_t octets) noexcept
      : header_(header),
        message_(message),
        octets_(octets == 0 ? header.size() + message.size() : octets) {}

  bool done() const noexcept { return done_; }
  // How many there still are.
  std::size_t count() const noexcept {
    const std::size_t left = header_.size() + message_.size();
    return left <= octets_ ? 1 : (left + octets_ - 1) / octets_;
  }
  Chunk next() noexcept {
    Chunk chunk;
    chunk.header = header_.substr(0, octets_);
    chunk.message = message_.substr(0, octets_ - chunk.header.size());
    header_.remove_prefix(chunk.header.size());
    message_.remove_prefix(chunk.message.size());
    chunk.last = done_ = header_.empty() && message_.empty();
    return chunk;
  }

 private:
  std::string_view header_;
  std::string_view message_;
  std::size_t octets_;
  bool done_ = false;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CHUNK_CUTTER_H_
