#include "io/startup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace smtpmark::io::testing {
namespace {

using ::testing::AllOf;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Startup, WhatThisKernelHasIsUsed) {
  const auto features = check_kernel();
  ASSERT_TRUE(features) << features.error().message;
  utsname name{};
  ASSERT_EQ(uname(&name), 0);
  int major = 0;
  int minor = 0;
  ASSERT_EQ(std::sscanf(name.release, "%d.%d", &major, &minor), 2) << name.release;
  const bool has_deferred_work = major > 6 || (major == 6 && minor >= 1);
  EXPECT_EQ(features->backend, Backend::kIoUring);
  EXPECT_EQ(features->single_issuer, major >= 6);
  EXPECT_EQ(features->defer_taskrun, has_deferred_work);
}

TEST(Startup, ACheckLeavesNoDescriptorBehind) {
  const int before = dup(0);
  close(before);
  ASSERT_TRUE(check_kernel());
  const int after = dup(0);
  close(after);
  EXPECT_EQ(before, after);
}

TEST(Startup, AnExplanationNamesTheSettingAndTheRemedy) {
  const struct {
    int os_code;
    const char* setting;
    const char* remedy;
  } cases[] = {{ENOSYS, "this kernel", "Linux 6.0 or newer"},
               {EINVAL, "provided buffers", "Linux 6.0 or newer"},
               {ENOMEM, "RLIMIT_MEMLOCK", "ulimit -l"},
               {EMFILE, "RLIMIT_NOFILE", "ulimit -n"},
               {ENFILE, "RLIMIT_NOFILE", "ulimit -n"}};
  for (const auto& [os_code, setting, remedy] : cases) {
    const StartupError error = explain_startup_error(os_code);
    EXPECT_EQ(error.os_code, os_code);
    EXPECT_THAT(error.message, HasSubstr("io_uring"));
    EXPECT_THAT(error.message, HasSubstr(setting));
    EXPECT_THAT(error.message, HasSubstr(remedy));
  }
}

TEST(Startup, WhoForbidsItIsNamedWithTheRemedyTheSettingFirst) {
  for (const bool filtered : {false, true}) {
    EXPECT_THAT(explain_forbidden("2", filtered),
                AllOf(HasSubstr("io_uring_disabled=2"), HasSubstr("sysctl"),
                      HasSubstr("kernel.io_uring_group"), Not(HasSubstr("seccomp"))));
  }
  for (const char* const disabled : {"", "0"}) {  // an older kernel has no such setting
    EXPECT_THAT(explain_forbidden(disabled, true),
                AllOf(HasSubstr("io_uring_enter"), HasSubstr("seccomp=unconfined"),
                      Not(HasSubstr("io_uring_disabled"))));
    EXPECT_THAT(explain_forbidden(disabled, false),
                AllOf(HasSubstr("SELinux"), Not(HasSubstr("seccomp"))));
  }
  for (const int os_code : {EPERM, EACCES}) {
    EXPECT_THAT(explain_startup_error(os_code).message, HasSubstr("forbids io_uring"));
  }
}

TEST(Startup, AnUnforeseenErrorIsTheSystemsOwnWord) {
  EXPECT_THAT(explain_startup_error(EIO).message, HasSubstr("Input/output error"));
}

// From here on each claim is about a process with a limit or a filter of its own.

// Lets io_uring_setup fail with `os_code`, as the profile of a container does.
bool deny_io_uring(std::uint32_t os_code) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | os_code),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter{4, program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

void set_soft_limit(rlim_t descriptors) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = descriptors;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Ends the process with 1, and says why the check failed; with 0 when it did not.
[[noreturn]] void report_check() {
  const auto features = check_kernel();
  if (!features) std::fprintf(stderr, "%s\n", features.error().message.c_str());
  _exit(features ? 0 : 1);
}

TEST(StartupDeathTest, UnderAFilterThatDeniesItTheSeccompProfileIsExplained) {
  const auto in_child = [] {
    if (!deny_io_uring(EPERM)) _exit(2);
    report_check();
  };
  EXPECT_EXIT(in_child(), ExitedWithCode(1), "seccomp filter forbids io_uring.*seccomp=unconfined");
}

TEST(StartupDeathTest, UnderASandboxThatHidesItTheKernelIsNamed) {
  const auto in_child = [] {
    if (!deny_io_uring(ENOSYS)) _exit(2);
    report_check();
  };
  EXPECT_EXIT(in_child(), ExitedWithCode(1), "has no io_uring, or a sandbox hides it");
}

TEST(StartupDeathTest, UnderAFilterTheChoiceFallsOnEpollUnlessIoUringIsInsistedOn) {
  const auto in_child = [] {
    if (!deny_io_uring(EPERM)) _exit(2);
    const auto chosen = choose_backend(BackendChoice::kAuto);
    if (!chosen || chosen->features.backend != Backend::kEpoll) _exit(3);
    std::fprintf(stderr, "%s\n", chosen->note.c_str());
    if (choose_backend(BackendChoice::kIoUring)) _exit(4);
    RingOptions options;
    options.mode.backend = chosen->features.backend;
    _exit(Ring::create(options) ? 0 : 5);
  };
  EXPECT_EXIT(in_child(), ExitedWithCode(0), "seccomp filter forbids io_uring");
}

TEST(Startup, WhereIoUringWorksItIsTheChoiceUnlessEpollIsAskedFor) {
  const auto by_itself = choose_backend(BackendChoice::kAuto);
  ASSERT_TRUE(by_itself);
  EXPECT_EQ(by_itself->features.backend, Backend::kIoUring);
  EXPECT_EQ(by_itself->note, "");
  const auto asked_for = choose_backend(BackendChoice::kEpoll);
  ASSERT_TRUE(asked_for);
  EXPECT_EQ(asked_for->features.backend, Backend::kEpoll);
}

TEST(StartupDeathTest, WithoutADescriptorLeftTheLimitIsNamed) {
  const auto in_child = [] {
    // Clang's sanitizer opens a descriptor of its own when it first meets a type.
    static_cast<void>(check_kernel());
    const int lowest_free = dup(0);
    close(lowest_free);
    set_soft_limit(static_cast<rlim_t>(lowest_free));
    report_check();
  };
  EXPECT_EXIT(in_child(), ExitedWithCode(1), "RLIMIT_NOFILE is [0-9]+.*ulimit -n");
}

TEST(StartupDeathTest, EnsureDescriptorsRaisesTheSoftLimitAndRefusesBeyondTheHardOne) {
  const auto in_child = [] {
    rlimit limit{100, 200};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(2);
    if (!ensure_descriptors(50)) _exit(3);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur != 100) _exit(4);  // left alone
    if (!ensure_descriptors(150)) _exit(5);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur != 150 || limit.rlim_max != 200) _exit(6);
    const auto refused = ensure_descriptors(201);
    if (refused) _exit(7);
    std::fprintf(stderr, "%d %s\n", refused.error().os_code, refused.error().message.c_str());
    _exit(0);
  };
  EXPECT_EXIT(in_child(), ExitedWithCode(0), "24 201 file descriptors.*allows 200.*ulimit -n 201");
}

}  // namespace
}  // namespace smtpmark::io::testing
