#include "loadgen/tls_tally.h"

#include <algorithm>
#include <utility>

#include "io/certificate.h"

namespace smtpmark::loadgen {

namespace {

// What tells kinds apart by numbers.
struct Numbers {
  int key_type;
  int key_bits;
  int signature_type;
  int signature_hash;
  bool resumed;

  friend bool operator==(const Numbers&, const Numbers&) = default;
};

Numbers numbers_of(const TlsKind& kind) {
  return {kind.key_type, kind.key_bits, kind.signature_type, kind.signature_hash, kind.resumed};
}

// `One` is a kind or what a handshake agreed on.
template <class One>
bool same(const TlsKind& kind, const One& other, const Numbers& numbers) {
  return numbers_of(kind) == numbers && kind.cipher == other.cipher && kind.group == other.group &&
         kind.version == other.version && kind.alpn == other.alpn;
}

}  // namespace

void TlsTally::add(const io::TlsAgreement& agreement) {
  const EVP_PKEY* const key = agreement.peer_key;
  const Numbers numbers{key == nullptr ? 0 : EVP_PKEY_get_base_id(key),
                        key == nullptr ? 0 : EVP_PKEY_get_bits(key), agreement.signature,
                        agreement.signature_hash, agreement.resumed};
  for (TlsKind& kind : kinds_) {
    if (!same(kind, agreement, numbers)) continue;
    ++kind.count;
    return;
  }
  TlsKind kind;
  kind.version = agreement.version;
  kind.cipher = agreement.cipher;
  kind.group = agreement.group;
  kind.alpn = agreement.alpn;
  kind.peer_key = io::describe_key(key);
  kind.key_type = numbers.key_type;
  kind.key_bits = numbers.key_bits;
  kind.signature = io::describe_signature(agreement.signature, agreement.signature_hash);
  kind.signature_type = agreement.signature;
  kind.signature_hash = agreement.signature_hash;
  kind.resumed = agreement.resumed;
  kind.count = 1;
  add(std::move(kind));
}

// One that is not there yet.
void TlsTally::add(TlsKind kind) {
  if (kinds_.size() < kMost) {
    kinds_.push_back(std::move(kind));
  } else if (kinds_.size() == kMost) {
    TlsKind other;
    other.version = "other";
    other.count = kind.count;
    kinds_.push_back(std::move(other));
  } else {
    kinds_.back().count += kind.count;
  }
}

void TlsTally::merge(const TlsTally& other) {
  for (const TlsKind& theirs : other.kinds_) {
    const auto mine = std::find_if(kinds_.begin(), kinds_.end(), [&theirs](const TlsKind& kind) {
      return same(kind, theirs, numbers_of(theirs));
    });
    if (mine != kinds_.end()) {
      mine->count += theirs.count;
    } else {
      add(theirs);
    }
  }
}

}  // namespace smtpmark::loadgen
