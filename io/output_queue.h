// Octets on their way out: what is in flight, and what has been written since.
#ifndef SMTPMARK_IO_OUTPUT_QUEUE_H_
#define SMTPMARK_IO_OUTPUT_QUEUE_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtpmark::io {

// What leaves with one send, and what the operating system is shown of it.
struct OutputBatch {
  struct Piece {
    const char* stable;  // null: at `offset` of the copies
    std::size_t offset;
    std::size_t length;
  };
  static constexpr std::size_t kMostVectors = 4;

  std::string copies;
  std::vector<Piece> pieces;
  std::size_t octets = 0;
  std::size_t next_piece = 0;  // those before it have been sent
  std::array<iovec, kMostVectors> vectors{};
  msghdr message{};

  std::string_view view(std::size_t i) const noexcept {
    const Piece& piece = pieces[i];
    return {piece.stable != nullptr ? piece.stable : copies.data() + piece.offset, piece.length};
  }
  void clear() noexcept {
    copies.clear();
    pieces.clear();
    octets = next_piece = 0;
  }
};

// The batches of one thread: a connection has one only while it has something to send, so that idle
// connections hold no memory for it, and the batch that was used last is used next.
class OutputBatches {
 public:
  std::unique_ptr<OutputBatch> take() {
    if (free_.empty()) return std::make_unique<OutputBatch>();
    std::unique_ptr<OutputBatch> batch = std::move(free_.back());
    free_.pop_back();
    return batch;
  }
  void give_back(std::unique_ptr<OutputBatch> batch) {
    batch->clear();
    free_.push_back(std::move(batch));
  }
  std::size_t free() const noexcept { return free_.size(); }

 private:
  std::vector<std::unique_ptr<OutputBatch>> free_;
};

// Invariant: the batch in flight is never appended to, so its addresses hold until it has left.
class OutputQueue {
 public:
  // References below this size are copied: a copy is cheaper than a second vector to send.
  static constexpr std::size_t kCopyBelow = 4096;

  // `batches` outlives it.
  explicit OutputQueue(OutputBatches& batches) noexcept : batches_(batches) {}

  void append_copy(std::string_view bytes) {
    if (bytes.empty()) return;
    OutputBatch& batch = filling();
    if (batch.pieces.empty() || batch.pieces.back().stable != nullptr) {
      batch.pieces.push_back({nullptr, batch.copies.size(), 0});
    }
    batch.copies.append(bytes);
    batch.pieces.back().length += bytes.size();
    batch.octets += bytes.size();
  }

  void append_stable(std::string_view bytes) {
    if (bytes.size() < kCopyBelow) return append_copy(bytes);
    OutputBatch& batch = filling();
    batch.pieces.push_back({bytes.data(), 0, bytes.size()});
    batch.octets += bytes.size();
  }

  // Makes what has been written the batch in flight. Only when nothing is in flight, and something
  // waits.
  void start() noexcept {
    assert(!in_flight_ && filling_);
    in_flight_ = std::move(filling_);
  }

  // What is to be sent next: the first `count` vectors of the batch in flight, `octets` together.
  struct Shown {
    OutputBatch* batch;
    std::size_t count;
    std::size_t octets;
  };
  // Shows no more than `most` pieces; the rest comes behind sent(). Only between a start() and the
  // end of its batch.
  Shown show(std::size_t most = OutputBatch::kMostVectors) noexcept {
    Shown shown{in_flight_.get(), 0, 0};
    OutputBatch& batch = *in_flight_;
    for (std::size_t i = batch.next_piece; i < batch.pieces.size() && shown.count < most; ++i) {
      const std::string_view view = batch.view(i);
      batch.vectors[shown.count++] = {const_cast<char*>(view.data()), view.size()};
      shown.octets += view.size();
    }
    return shown;
  }

  // `count` octets in flight have been sent: a short send leaves the rest to show().
  void sent(std::size_t count) {
    if (!in_flight_) return;
    OutputBatch& batch = *in_flight_;
    batch.octets -= count;
    if (batch.octets == 0) return batches_.give_back(std::move(in_flight_));
    while (count > 0) {
      OutputBatch::Piece& piece = batch.pieces[batch.next_piece];
      const std::size_t step = std::min(count, piece.length);
      if (piece.stable != nullptr) {
        piece.stable += step;
      } else {
        piece.offset += step;
      }
      piece.length -= step;
      count -= step;
      if (piece.length == 0) ++batch.next_piece;
    }
  }

  std::size_t in_flight() const noexcept { return in_flight_ ? in_flight_->octets : 0; }
  std::size_t waiting() const noexcept { return filling_ ? filling_->octets : 0; }
  std::size_t octets() const noexcept { return in_flight() + waiting(); }

  void clear() {
    if (filling_) batches_.give_back(std::move(filling_));
    if (in_flight_) batches_.give_back(std::move(in_flight_));
  }

 private:
  OutputBatch& filling() {
    if (!filling_) filling_ = batches_.take();
    return *filling_;
  }

  OutputBatches& batches_;
  std::unique_ptr<OutputBatch> filling_;
  std::unique_ptr<OutputBatch> in_flight_;
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_OUTPUT_QUEUE_H_
