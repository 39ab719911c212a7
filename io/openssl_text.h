// OpenSSL's own words for its latest error; the system's for what a system call said.
#ifndef SMTPMARK_IO_OPENSSL_TEXT_H_
#define SMTPMARK_IO_OPENSSL_TEXT_H_

#include <openssl/err.h>

#include <cstring>
#include <string>

namespace smtpmark::io {

// Takes the oldest error of this thread's queue and clears the rest.
inline std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_OPENSSL_TEXT_H_
