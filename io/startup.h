// Making a ring on whatever kernel this is, and saying in plain words why it cannot be made.
#ifndef SMTPMARK_IO_STARTUP_H_
#define SMTPMARK_IO_STARTUP_H_

#include <liburing.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "io/ring.h"

namespace smtpmark::io {

// Makes the queues with the best flags that the kernel takes. Returns 0 or a negative errno value.
int create_queues(io_uring& ring, std::uint32_t submission_entries,
                  std::uint32_t completion_entries, RingFeatures& features);

// Runs one receive of several completions from a provided buffer, the youngest of the features that
// this program is built on. Once a process, before any load.
tl::expected<RingFeatures, StartupError> check_kernel();

enum class BackendChoice : std::uint8_t { kAuto, kIoUring, kEpoll };

struct Chosen {
  RingFeatures features;
  std::string note;  // with kAuto and no io_uring: why, as a sentence; else empty
};

// The backend for this process: with kAuto io_uring, and epoll where a setting, a filter or the
// kernel's age stands in its way.
tl::expected<Chosen, StartupError> choose_backend(BackendChoice choice);

// Why there is no epoll either.
StartupError explain_epoll_error(int os_code);

// Who forbids io_uring: `disabled` is the value of kernel.io_uring_disabled, empty where the kernel
// has no such setting.
std::string explain_forbidden(std::string_view disabled, bool seccomp_filter);

// What stands in the way of io_uring (`os_code` is a positive errno value) and how to lift it.
StartupError explain_startup_error(int os_code);

// Makes sure that `wanted` file descriptors can be open at once, raising the soft limit where the
// hard one allows. On failure a sentence.
tl::expected<void, StartupError> ensure_descriptors(std::uint64_t wanted);

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_STARTUP_H_
