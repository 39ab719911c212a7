#include "loadgen/tls_tally.h"

#include <algorithm>
#include <utility>

#include "io/certificate.h"

namespace smtpmark::loadgen {

namespace {

// `One` is a kind or what a handshake agreed on.
template <class One>
bool same(const TlsKind& kind, const One& other, int key_type, int key_bits) {
  return kind.key_type == key_type && kind.key_bits == key_bits && kind.cipher == other.cipher &&
         kind.group == other.group && kind.version == other.version && kind.alpn == other.alpn;
}

}  // namespace

void TlsTally::add(const io::TlsAgreement& agreement) {
  const EVP_PKEY* const key = agreement.peer_key;
  const int type = key == nullptr ? 0 : EVP_PKEY_get_base_id(key);
  const int bits = key == nullptr ? 0 : EVP_PKEY_get_bits(key);
  for (TlsKind& kind : kinds_) {
    if (!same(kind, agreement, type, bits)) continue;
    ++kind.count;
    return;
  }
  add(TlsKind{std::string(agreement.version), std::string(agreement.cipher),
              std::string(agreement.group), std::string(agreement.alpn), io::describe_key(key),
              type, bits, 1});
}

// One that is not there yet.
void TlsTally::add(TlsKind kind) {
  if (kinds_.size() < kMost) {
    kinds_.push_back(std::move(kind));
  } else if (kinds_.size() == kMost) {
    kinds_.push_back({"other", "", "", "", "", 0, 0, kind.count});
  } else {
    kinds_.back().count += kind.count;
  }
}

void TlsTally::merge(const TlsTally& other) {
  for (const TlsKind& theirs : other.kinds_) {
    const auto mine = std::find_if(kinds_.begin(), kinds_.end(), [&theirs](const TlsKind& kind) {
      return same(kind, theirs, theirs.key_type, theirs.key_bits);
    });
    if (mine != kinds_.end()) {
      mine->count += theirs.count;
    } else {
      add(theirs);
    }
  }
}

}  // namespace smtpmark::loadgen
