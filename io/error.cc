#include "io/error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>

namespace smtpmark::io {

Error error_from_errno(int os_code) noexcept {
  const auto kind = [os_code] {
    switch (os_code) {
      case ECONNRESET:
      case EPIPE: return ErrorKind::kReset;
      case ECONNREFUSED: return ErrorKind::kRefused;
      case ETIMEDOUT:
      case ETIME: return ErrorKind::kTimedOut;
      case ENETUNREACH:
      case EHOSTUNREACH: return ErrorKind::kUnreachable;
      case EADDRNOTAVAIL: return ErrorKind::kAddressNotAvailable;
      case EADDRINUSE: return ErrorKind::kAddressInUse;
      case EACCES:
      case EPERM: return ErrorKind::kNotPermitted;
      case EMFILE:
      case ENFILE: return ErrorKind::kNoDescriptors;
      case ECANCELED: return ErrorKind::kCanceled;
      default: return ErrorKind::kOther;
    }
  }();
  return Error{kind, os_code, 0};
}

std::uint8_t Error::alert() const noexcept {
  if (kind != ErrorKind::kTlsAlert) return 0;
  return static_cast<std::uint8_t>(ERR_GET_REASON(tls_code) - SSL_AD_REASON_OFFSET);
}

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kNone: return "none";
    case ErrorKind::kClosed: return "closed";
    case ErrorKind::kReset: return "reset";
    case ErrorKind::kRefused: return "refused";
    case ErrorKind::kTimedOut: return "timeout";
    case ErrorKind::kUnreachable: return "unreachable";
    case ErrorKind::kAddressNotAvailable: return "address-not-available";
    case ErrorKind::kAddressInUse: return "address-in-use";
    case ErrorKind::kNotPermitted: return "not-permitted";
    case ErrorKind::kNoDescriptors: return "no-descriptors";
    case ErrorKind::kCanceled: return "no answer came until the end of the run";
    case ErrorKind::kTlsAlert: return "tls-alert";
    case ErrorKind::kTlsProtocol: return "tls-protocol";
    case ErrorKind::kTlsClosed: return "tls-closed";
    case ErrorKind::kCertificate: return "certificate";
    case ErrorKind::kPin: return "certificate-pin";
    case ErrorKind::kOther: return "other";
  }
  return "other";
}

namespace {

std::string tls_reason(unsigned long code) {
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? std::string("no detail") : std::string(reason);
}

}  // namespace

std::string describe(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNone: return "no error";
    case ErrorKind::kClosed: return "the peer closed the connection";
    case ErrorKind::kReset: return "the peer reset the connection";
    case ErrorKind::kRefused: return "connection refused";
    case ErrorKind::kTimedOut: return "timed out";
    case ErrorKind::kAddressNotAvailable: return "no local port is left (EADDRNOTAVAIL)";
    case ErrorKind::kAddressInUse: return "the address is in use";
    case ErrorKind::kNotPermitted: return "not permitted";
    case ErrorKind::kNoDescriptors: return "out of file descriptors: raise `ulimit -n`";
    case ErrorKind::kCanceled: return "no answer came until the end of the run";
    case ErrorKind::kTlsAlert: return "TLS alert from the peer: " + tls_reason(error.tls_code);
    case ErrorKind::kTlsProtocol: return "TLS failed: " + tls_reason(error.tls_code);
    case ErrorKind::kTlsClosed: return "the peer closed the connection in mid-handshake";
    case ErrorKind::kPin: return "certificate not accepted: its key is not the pinned one";
    case ErrorKind::kCertificate:
      return std::string("certificate not accepted: ") +
             X509_verify_cert_error_string(static_cast<long>(error.tls_code));
    case ErrorKind::kUnreachable:
    case ErrorKind::kOther: break;
  }
  return std::strerror(error.os_code);
}

}  // namespace smtpmark::io
