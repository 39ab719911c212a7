// What stands for an operation that a ring has been asked for.
#ifndef SMTPMARK_IO_COMPLETION_H_
#define SMTPMARK_IO_COMPLETION_H_

#include <cstdint>

namespace smtpmark::io {

// The memory of one submitted operation. It must stay until its last completion has been handled:
// the kernel gives its address back, so a late completion can never be taken for another's.
struct Completion {
  // `result` and `flags` are those of a completion queue entry of io_uring, whatever the backend.
  using Handler = void (*)(Completion& self, int result, std::uint32_t flags);
  Handler handler = nullptr;
  int descriptor = -1;  // what the operation is about, where that is epoll's to know
};

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_COMPLETION_H_
