#include "io/startup.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "io/buffer_ring.h"

namespace smtpmark::io {

namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Whether a seccomp filter is on (mode 2) for this process.
bool seccomp_filter_is_on() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("Seccomp:", 0) == 0) return line.find('2') != std::string::npos;
  }
  return false;
}

std::string kernel_release() {
  utsname name{};
  uname(&name);
  return name.release;
}

std::string limit_of(int resource) {
  rlimit limit{};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
}

std::string no_descriptor_left() {
  return "no file descriptor is left (RLIMIT_NOFILE is " + limit_of(RLIMIT_NOFILE) +
         "). Raise it with `ulimit -n`.";
}

// Of io_uring alone.
bool stands_in_the_way(int os_code) {
  switch (os_code) {
    case EPERM:
    case EACCES:
    case ENOSYS:
    case EINVAL:
    case EOPNOTSUPP:
    case ENOMEM: return true;
    default: return false;
  }
}

struct TestReceive : Completion {
  int result = 0;
  bool more = false;
  bool done = false;
};

}  // namespace

int create_queues(io_uring& ring, std::uint32_t submission_entries,
                  std::uint32_t completion_entries, RingFeatures& features) {
  constexpr std::uint32_t kBase = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  struct Attempt {
    std::uint32_t flags;
    RingFeatures features;
  };
  const std::array<Attempt, 3> attempts{{
      {kBase | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
       {Backend::kIoUring, true, true}},
      {kBase | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
       {Backend::kIoUring, true, false}},
      {kBase, {Backend::kIoUring, false, false}},
  }};
  int result = -EINVAL;
  for (const Attempt& attempt : attempts) {
    io_uring_params params{};
    params.flags = attempt.flags;
    params.cq_entries = completion_entries;
    result = io_uring_queue_init_params(submission_entries, &ring, &params);
    if (result == 0) features = attempt.features;
    if (result != -EINVAL) return result;  // -EINVAL: an older kernel, without these flags
  }
  return result;
}

std::string explain_forbidden(std::string_view disabled, bool seccomp_filter) {
  if (!disabled.empty() && disabled != "0") {
    return "the kernel setting kernel.io_uring_disabled=" + std::string(disabled) +
           " forbids io_uring here. Set it to 0 (as root: sysctl kernel.io_uring_disabled=0), or "
           "run as a member of kernel.io_uring_group.";
  }
  if (seccomp_filter) {
    return "a seccomp filter forbids io_uring: Docker's default profile does. Run the container "
           "with a profile that allows io_uring_setup, io_uring_enter and io_uring_register, or "
           "with --security-opt seccomp=unconfined.";
  }
  return "a security module (SELinux, AppArmor) or a lockdown of this kernel forbids io_uring.";
}

StartupError explain_startup_error(int os_code) {
  StartupError error{os_code, "cannot use io_uring: "};
  switch (os_code) {
    case EPERM:
    case EACCES:
      error.message += explain_forbidden(first_line("/proc/sys/kernel/io_uring_disabled"),
                                         seccomp_filter_is_on());
      break;
    case ENOSYS:
      error.message += "this kernel (" + kernel_release() +
                       ") has no io_uring, or a sandbox hides it. Linux 6.0 or newer is needed.";
      break;
    case EINVAL:
    case EOPNOTSUPP:
      error.message += "this kernel (" + kernel_release() +
                       ") lacks multishot receive with provided buffers. Linux 6.0 or newer is "
                       "needed.";
      break;
    case ENOMEM:
      error.message += "the kernel would not lock the memory for it (RLIMIT_MEMLOCK is " +
                       limit_of(RLIMIT_MEMLOCK) + "). Raise it with `ulimit -l unlimited`.";
      break;
    case EMFILE:
    case ENFILE: error.message += no_descriptor_left(); break;
    default: error.message += std::strerror(os_code); break;
  }
  return error;
}

StartupError explain_epoll_error(int os_code) {
  StartupError error{os_code, "cannot use epoll: "};
  if (os_code == EMFILE || os_code == ENFILE) {
    error.message += no_descriptor_left();
  } else {
    error.message += std::strerror(os_code);
  }
  return error;
}

tl::expected<Chosen, StartupError> choose_backend(BackendChoice choice) {
  if (choice != BackendChoice::kEpoll) {
    const auto features = check_kernel();
    if (features) return Chosen{*features, {}};
    if (choice == BackendChoice::kIoUring || !stands_in_the_way(features.error().os_code)) {
      return tl::unexpected(features.error());
    }
    return Chosen{{Backend::kEpoll, false, false}, features.error().message};
  }
  return Chosen{{Backend::kEpoll, false, false}, {}};
}

tl::expected<RingFeatures, StartupError> check_kernel() {
  RingOptions options;
  options.submission_entries = 8;
  options.buffer_count = 8;
  options.buffer_size = 64;
  auto ring = Ring::create(options);
  if (!ring) return tl::unexpected(ring.error());

  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    return tl::unexpected(explain_startup_error(errno));
  }
  TestReceive receive;
  receive.handler = [](Completion& self, int result, std::uint32_t flags) {
    auto& test = static_cast<TestReceive&>(self);
    test.result = result;
    test.more = (flags & IORING_CQE_F_MORE) != 0;
    test.done = true;
  };
  (*ring)->receive(receive, pair[0]);
  [[maybe_unused]] const auto written = write(pair[1], "x", 1);
  const TimeNs give_up_at = monotonic_now() + kSecond;
  while (!receive.done && monotonic_now() < give_up_at) (*ring)->run_once(give_up_at);
  const RingFeatures features = (*ring)->features();
  ring->reset();  // before its receive loses the memory it completes to
  close(pair[0]);
  close(pair[1]);
  if (receive.result != 1 || !receive.more) {
    return tl::unexpected(explain_startup_error(receive.result < 0 ? -receive.result : EOPNOTSUPP));
  }
  return features;
}

tl::expected<void, StartupError> ensure_descriptors(std::uint64_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return {};
  rlimit raised = limit;
  raised.rlim_cur = wanted;
  if (wanted <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) return {};
  return tl::unexpected(StartupError{
      EMFILE, std::to_string(wanted) + " file descriptors are needed, but RLIMIT_NOFILE allows " +
                  std::to_string(limit.rlim_max) + ". Raise it with `ulimit -n " +
                  std::to_string(wanted) + "` or ask for fewer connections."});
}

}  // namespace smtpmark::io
