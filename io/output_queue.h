// Octets on their way out: what is in flight, and what has been written since.
#ifndef SMTPMARK_IO_OUTPUT_QUEUE_H_
#define SMTPMARK_IO_OUTPUT_QUEUE_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smtpmark::io {

// Invariant: the batch in flight is never appended to, so its addresses hold until it has left.
class OutputQueue {
 public:
  // References below this size are copied: a copy is cheaper than a second vector to send.
  static constexpr std::size_t kCopyBelow = 4096;

  void append_copy(std::string_view bytes) {
    if (bytes.empty()) return;
    Batch& batch = filling_;
    if (batch.pieces.empty() || batch.pieces.back().stable != nullptr) {
      batch.pieces.push_back({nullptr, batch.copies.size(), 0});
    }
    batch.copies.append(bytes);
    batch.pieces.back().length += bytes.size();
    batch.octets += bytes.size();
  }

  void append_stable(std::string_view bytes) {
    if (bytes.size() < kCopyBelow) return append_copy(bytes);
    filling_.pieces.push_back({bytes.data(), 0, bytes.size()});
    filling_.octets += bytes.size();
  }

  // Makes what has been written the batch in flight. Only when nothing is in flight.
  void start() {
    assert(in_flight_.octets == 0);
    in_flight_.clear();
    std::swap(filling_, in_flight_);
    next_piece_ = 0;
  }

  // The octets in flight that are still to be sent, as views in order: fills at most `capacity` of
  // `views` and returns how many.
  std::size_t pending(std::string_view* views, std::size_t capacity) const noexcept {
    std::size_t count = 0;
    for (std::size_t i = next_piece_; i < in_flight_.pieces.size() && count < capacity; ++i) {
      views[count++] = in_flight_.view(i);
    }
    return count;
  }

  // `count` octets in flight have been sent: a short send leaves the rest to pending().
  void sent(std::size_t count) noexcept {
    in_flight_.octets -= count;
    while (count > 0) {
      Piece& piece = in_flight_.pieces[next_piece_];
      const std::size_t step = std::min(count, piece.length);
      if (piece.stable != nullptr) {
        piece.stable += step;
      } else {
        piece.offset += step;
      }
      piece.length -= step;
      count -= step;
      if (piece.length == 0) ++next_piece_;
    }
  }

  std::size_t in_flight() const noexcept { return in_flight_.octets; }
  std::size_t waiting() const noexcept { return filling_.octets; }
  std::size_t octets() const noexcept { return in_flight_.octets + filling_.octets; }

  void clear() noexcept {
    filling_.clear();
    in_flight_.clear();
    next_piece_ = 0;
  }

 private:
  struct Piece {
    const char* stable;  // null: at `offset` of the copies
    std::size_t offset;
    std::size_t length;
  };
  struct Batch {
    std::string copies;
    std::vector<Piece> pieces;
    std::size_t octets = 0;

    std::string_view view(std::size_t i) const noexcept {
      const Piece& piece = pieces[i];
      return {piece.stable != nullptr ? piece.stable : copies.data() + piece.offset, piece.length};
    }
    void clear() noexcept {
      copies.clear();
      pieces.clear();
      octets = 0;
    }
  };

  Batch filling_;
  Batch in_flight_;
  std::size_t next_piece_ = 0;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_OUTPUT_QUEUE_H_
