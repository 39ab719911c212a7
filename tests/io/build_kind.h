// What kind of build this is: some claims hold in an optimised one only, or not with a sanitizer.
#ifndef SMTPMARK_TESTS_IO_BUILD_KIND_H_
#define SMTPMARK_TESTS_IO_BUILD_KIND_H_

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SMTPMARK_WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SMTPMARK_WITH_SANITIZER 1
#endif
#endif
#ifndef SMTPMARK_WITH_SANITIZER
#define SMTPMARK_WITH_SANITIZER 0
#endif

namespace smtpmark::io::testing {

#if defined(__OPTIMIZE__) && !SMTPMARK_WITH_SANITIZER
inline constexpr bool kOptimised = true;
#else
inline constexpr bool kOptimised = false;
#endif

}  // namespace smtpmark::io::testing

#endif  // SMTPMARK_TESTS_IO_BUILD_KIND_H_
