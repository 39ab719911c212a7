#include "io/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "io/openssl_text.h"

namespace smtpmark::io {

namespace {

constexpr long kDay = 24L * 60 * 60;  // seconds
constexpr const char* kHostName = "mx.example.com";
constexpr const char* kNames = "DNS:localhost,DNS:mx.example.com,IP:127.0.0.1,IP:::1";

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// Ed25519 brings its own digest (RFC 8410).
const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
}

std::string name_at(std::size_t place) {
  return place == 0 ? std::string(kHostName) : "smtpmark issuer " + std::to_string(place);
}

bool fill(X509* certificate, EVP_PKEY* key, std::size_t place) {
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  const std::string name = name_at(place);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1U) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * kDay) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                    0) == 1;
}

// A self-signed certificate issues itself.
bool sign(X509* certificate, std::size_t place, X509* issuer, EVP_PKEY* issuer_key) {
  const bool issues = place > 0 || issuer == certificate;
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
         (place > 0 || add_extension(certificate, issuer, NID_subject_alt_name, kNames)) &&
         add_extension(certificate, issuer, NID_basic_constraints,
                       issues ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
         X509_sign(certificate, issuer_key, digest_for(issuer_key)) != 0;
}

EVP_PKEY* make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::kEcdsaP256: return EVP_EC_gen("P-256");
    case KeyKind::kEcdsaP384: return EVP_EC_gen("P-384");
    case KeyKind::kRsa2048: return EVP_RSA_gen(2048);
    case KeyKind::kRsa4096: return EVP_RSA_gen(4096);
    case KeyKind::kEd25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

// A key under a passphrase is refused: without this, OpenSSL would ask for it on the terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*writing*/, void* /*context*/) {
  return -1;
}

BioPtr open_file(const std::string& path) {
  return BioPtr(BIO_new_file(path.c_str(), "r"));
}

}  // namespace

std::string describe_key(const EVP_PKEY* key) {
  if (key == nullptr) return {};
  if (EVP_PKEY_is_a(key, "RSA") == 1) return "rsa-" + std::to_string(EVP_PKEY_get_bits(key));
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    std::array<char, 64> group{};
    EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr);
    const std::string_view name(group.data());
    if (name == "prime256v1") return "ecdsa-p256";
    return "ecdsa-" + (name == "secp384r1" ? "p384" : std::string(name));
  }
  const char* const type = EVP_PKEY_get0_type_name(key);
  std::string name = type == nullptr ? "unknown" : type;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

tl::expected<Certificate, std::string> Certificate::self_signed() {
  return make(KeyKind::kEcdsaP256);
}

tl::expected<Certificate, std::string> Certificate::make(KeyKind kind, std::size_t length) {
  Certificate made;
  std::vector<KeyPtr> keys;
  bool good = true;
  for (std::size_t i = 0; good && i < length; ++i) {
    keys.emplace_back(make_key(kind));
    made.chain_.emplace_back(X509_new());
    good =
        keys.back() && made.chain_.back() && fill(made.chain_.back().get(), keys.back().get(), i);
  }
  for (std::size_t i = 0; good && i < length; ++i) {
    const std::size_t issuer = std::min(i + 1, length - 1);
    good = sign(made.chain_[i].get(), i, made.chain_[issuer].get(), keys[issuer].get());
  }
  if (!good) {
    return tl::unexpected("cannot make a certificate of the kind " + std::string(to_string(kind)) +
                          ": " + take_openssl_error());
  }
  made.key_ = std::move(keys.front());
  return made;
}

tl::expected<Certificate, std::string> Certificate::from_files(const std::string& chain_file,
                                                               const std::string& key_file) {
  Certificate loaded;
  const BioPtr chain = open_file(chain_file);
  if (!chain) {
    return tl::unexpected("cannot read the certificate " + chain_file + ": " +
                          take_openssl_error());
  }
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    loaded.chain_.emplace_back(next);
  }
  if (loaded.chain_.empty()) {
    return tl::unexpected(chain_file + " holds no PEM certificate: " + take_openssl_error());
  }
  // The end of the file counts as an error there, a broken certificate is another.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return tl::unexpected("certificate " + std::to_string(loaded.chain_.size() + 1) + " in " +
                          chain_file + " is broken: " + take_openssl_error());
  }
  ERR_clear_error();

  const BioPtr key = open_file(key_file);
  if (key) loaded.key_.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, &no_passphrase, nullptr));
  if (!loaded.key_) {
    return tl::unexpected("cannot read the private key " + key_file + ": " + take_openssl_error());
  }
  if (X509_check_private_key(loaded.leaf(), loaded.key()) != 1) {
    ERR_clear_error();
    return tl::unexpected("the key " + key_file + " does not belong to the certificate " +
                          chain_file);
  }
  return loaded;
}

namespace {

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string pem_of(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  return text_of(memory.get());
}

}  // namespace

std::string Certificate::to_pem() const {
  return pem_of(leaf());
}

std::string Certificate::root_to_pem() const {
  return pem_of(chain_.back().get());
}

std::string Certificate::key_to_pem() const {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(memory.get());
}

}  // namespace smtpmark::io
