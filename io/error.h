// What can go wrong below SMTP, as a value.
#ifndef SMTPMARK_IO_ERROR_H_
#define SMTPMARK_IO_ERROR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smtpmark::io {

enum class ErrorKind : std::uint8_t {
  kNone,
  kClosed,               // the peer ended its side of the stream
  kReset,                // the peer reset the connection
  kRefused,              // nobody listens there
  kTimedOut,             // a deadline passed
  kUnreachable,          // no route to the host or network
  kAddressNotAvailable,  // no local address or port is left (EADDRNOTAVAIL)
  kAddressInUse,         // EADDRINUSE
  kNotPermitted,         // EACCES, EPERM
  kNoDescriptors,        // EMFILE, ENFILE
  kCanceled,             // this side gave up: shutdown
  kTlsAlert,             // the peer sent a TLS alert
  kTlsProtocol,          // the handshake or a record failed
  kTlsClosed,            // the peer ended its side of the stream in mid-handshake
  kCertificate,          // the peer's certificate was not accepted
  kPin,                  // the peer's key is not the pinned one
  kOther,                // see os_code
};

// Small and trivially copyable. `os_code` is an errno value or 0; `tls_code` an OpenSSL error code
// (of ERR_get_error()) or 0; for kCertificate it is an X509_V_ERR_* value.
struct Error {
  ErrorKind kind = ErrorKind::kNone;
  int os_code = 0;
  unsigned long tls_code = 0;

  bool operator==(const Error&) const = default;

  // Of kTlsAlert: its number (RFC 8446, 6); else 0.
  std::uint8_t alert() const noexcept;
};

template <class T>
using Result = tl::expected<T, Error>;

// Maps an errno value (positive) to an error with a name.
Error error_from_errno(int os_code) noexcept;

// A word for tables and JSON, as "reset"; static storage.
std::string_view to_string(ErrorKind kind) noexcept;

// A phrase for a person, as "connection refused" or "certificate not accepted: self-signed".
std::string describe(const Error& error);

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_ERROR_H_
