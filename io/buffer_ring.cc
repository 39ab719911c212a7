#include "io/buffer_ring.h"

#include <sys/mman.h>

#include <cerrno>

namespace smtpmark::io {

namespace {

void* map_pages(std::size_t octets) {
  void* pages = mmap(nullptr, octets, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

}  // namespace

BufferRing::BufferRing(io_uring* ring, std::uint32_t count, std::uint32_t size)
    : ring_(ring), count_(count), size_(size), slots_(count) {}

BufferRing::~BufferRing() {
  if (registered_) io_uring_unregister_buf_ring(ring_, kGroup);
  if (entries_ != nullptr) munmap(entries_, entries_octets_);
  if (memory_ != nullptr) munmap(memory_, memory_octets_);
}

Result<std::unique_ptr<BufferRing>> BufferRing::create(io_uring& ring, std::uint32_t count,
                                                       std::uint32_t size) {
  std::unique_ptr<BufferRing> buffers(new BufferRing(&ring, count, size));
  if (auto mapped = buffers->map(); !mapped) return tl::unexpected(mapped.error());
  if (auto made = buffers->register_all(); !made) return tl::unexpected(made.error());
  return buffers;
}

Result<std::unique_ptr<BufferRing>> BufferRing::create_unregistered(std::uint32_t count,
                                                                    std::uint32_t size) {
  std::unique_ptr<BufferRing> buffers(new BufferRing(nullptr, count, size));
  if (auto mapped = buffers->map(); !mapped) return tl::unexpected(mapped.error());
  buffers->free_.reserve(count);
  for (std::uint32_t id = count; id > 0; --id) {
    buffers->give_back(static_cast<std::uint16_t>(id - 1));
  }
  return buffers;
}

Result<void> BufferRing::map() {
  memory_octets_ = std::size_t{count_} * size_;
  memory_ = static_cast<char*>(map_pages(memory_octets_));
  if (memory_ == nullptr) return tl::unexpected(error_from_errno(ENOMEM));
  return {};
}

Result<void> BufferRing::register_all() {
  entries_octets_ = count_ * sizeof(io_uring_buf);
  entries_ = static_cast<io_uring_buf_ring*>(map_pages(entries_octets_));
  if (entries_ == nullptr) return tl::unexpected(error_from_errno(ENOMEM));

  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_);
  registration.ring_entries = count_;
  registration.bgid = kGroup;
  if (const int result = io_uring_register_buf_ring(ring_, &registration, 0); result < 0) {
    return tl::unexpected(error_from_errno(-result));
  }
  registered_ = true;
  io_uring_buf_ring_init(entries_);
  for (std::uint32_t id = 0; id < count_; ++id) give_back(static_cast<std::uint16_t>(id));
  return {};
}

void BufferRing::give_back(std::uint16_t id) noexcept {
  ++available_;
  if (ring_ == nullptr) return put_back(id);
  io_uring_buf_ring_add(entries_, memory_ + std::size_t{id} * size_, size_, id,
                        static_cast<int>(count_ - 1), 0);
  io_uring_buf_ring_advance(entries_, 1);
}

std::uint16_t BufferRing::pick() noexcept {
  if (free_.empty()) return kNone;
  const std::uint16_t id = free_.back();
  free_.pop_back();
  return id;
}

}  // namespace smtpmark::io
