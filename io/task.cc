#include "io/task.h"

#include <array>
#include <new>

namespace smtpmark::io {

namespace {

constexpr std::size_t kGranularity = 64;     // octets
constexpr std::size_t kLargestFrame = 4096;  // octets; larger ones go to the heap

struct FreeFrame {
  FreeFrame* next;
};

struct FramePool {
  std::array<FreeFrame*, kLargestFrame / kGranularity + 1> lists{};

  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() {
    for (FreeFrame* frame : lists) {
      while (frame != nullptr) ::operator delete(std::exchange(frame, frame->next));
    }
  }
};

// With AddressSanitizer every frame is a heap block of its own, so that a use after its end shows.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

thread_local FramePool frame_pool;

std::size_t size_class(std::size_t size) {
  return (size + kGranularity - 1) / kGranularity;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  if (!kPooled || size > kLargestFrame) return ::operator new(size);
  FreeFrame*& list = frame_pool.lists[size_class(size)];
  if (list == nullptr) return ::operator new(size_class(size) * kGranularity);
  return std::exchange(list, list->next);
}

void free_frame(void* frame, std::size_t size) noexcept {
  if (!kPooled || size > kLargestFrame) {
    ::operator delete(frame);
    return;
  }
  FreeFrame*& list = frame_pool.lists[size_class(size)];
  list = new (frame) FreeFrame{list};
}

}  // namespace smtpmark::io
