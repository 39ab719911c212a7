// The receive buffers of one ring: the kernel picks one for each receive, whoever reads it gives it
// back.
#ifndef SMTPMARK_IO_BUFFER_RING_H_
#define SMTPMARK_IO_BUFFER_RING_H_

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "io/error.h"

namespace smtpmark::io {

// Invariant: a buffer is with the kernel or with exactly one holder; available() counts the first.
class BufferRing {
 public:
  static constexpr std::uint16_t kGroup = 0;
  static constexpr std::uint16_t kNone = 0xFFFF;

  // `count` is a power of two and at most 32768.
  static Result<std::unique_ptr<BufferRing>> create(io_uring& ring, std::uint32_t count,
                                                    std::uint32_t size);
  // For a backend that picks the buffers itself.
  static Result<std::unique_ptr<BufferRing>> create_unregistered(std::uint32_t count,
                                                                 std::uint32_t size);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  ~BufferRing();

  const char* data(std::uint16_t id) const noexcept { return memory_ + std::size_t{id} * size_; }
  // The kernel has filled `id`.
  void taken() noexcept { --available_; }
  void give_back(std::uint16_t id) noexcept;
  std::uint32_t available() const noexcept { return available_; }

  // Where nothing is registered: a buffer to fill, kNone when there is none; put_back() is for one
  // that was not filled.
  std::uint16_t pick() noexcept;
  void put_back(std::uint16_t id) noexcept { free_.push_back(id); }
  char* writable(std::uint16_t id) noexcept { return memory_ + std::size_t{id} * size_; }
  std::uint32_t size() const noexcept { return size_; }  // octets of each

  // For a socket's queue of filled buffers: the one behind `id`, and the octets in it.
  struct Slot {
    std::uint32_t length = 0;
    std::uint16_t next = kNone;
  };
  Slot& slot(std::uint16_t id) noexcept { return slots_[id]; }

 private:
  BufferRing(io_uring* ring, std::uint32_t count, std::uint32_t size);
  Result<void> map();
  Result<void> register_all();

  io_uring* ring_;  // null where nothing is registered
  std::uint32_t count_;
  std::uint32_t size_;
  std::uint32_t available_ = 0;
  io_uring_buf_ring* entries_ = nullptr;
  std::size_t entries_octets_ = 0;
  bool registered_ = false;
  char* memory_ = nullptr;
  std::size_t memory_octets_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_;  // where nothing is registered: not filled; room for all
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_BUFFER_RING_H_
