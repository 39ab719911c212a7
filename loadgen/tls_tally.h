// What handshakes agreed on, counted by kind.
#ifndef SMTPMARK_LOADGEN_TLS_TALLY_H_
#define SMTPMARK_LOADGEN_TLS_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/tls_transport.h"

namespace smtpmark::loadgen {

struct TlsKind {
  std::string version;
  std::string cipher;
  std::string group;     // empty: none was used
  std::string alpn;      // empty: none
  std::string peer_key;  // as "ecdsa-p256"; empty: the peer showed no certificate
  int key_type = 0;      // of OpenSSL; with the size it tells keys apart without their names
  int key_bits = 0;
  std::string signature;   // of the server, as "ECDSA+SHA256"; empty: it signed nothing
  int signature_type = 0;  // these two tell signatures apart
  int signature_hash = 0;
  bool resumed = false;
  std::uint64_t count = 0;
};

class TlsTally {
 public:
  static constexpr std::size_t kMost = 64;  // kinds; what is beyond is one of the version "other"

  void add(const io::TlsAgreement& agreement);
  void merge(const TlsTally& other);
  // In the order in which they were first seen.
  const std::vector<TlsKind>& kinds() const noexcept { return kinds_; }

 private:
  void add(TlsKind kind);

  std::vector<TlsKind> kinds_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_TLS_TALLY_H_
