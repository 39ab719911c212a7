#include "io/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

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

bool add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool fill_and_sign(X509* certificate, EVP_PKEY* key) {
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1U) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * kDay) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(kHostName), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         add_extension(certificate, NID_subject_alt_name, kNames) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

// A key under a passphrase is refused: without this, OpenSSL would ask for it on the terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*writing*/, void* /*context*/) {
  return -1;
}

BioPtr open_file(const std::string& path) {
  return BioPtr(BIO_new_file(path.c_str(), "r"));
}

}  // namespace

tl::expected<Certificate, std::string> Certificate::self_signed() {
  Certificate made;
  made.key_.reset(EVP_EC_gen("P-256"));
  made.chain_.emplace_back(X509_new());
  if (!made.key_ || !made.chain_.front() || !fill_and_sign(made.leaf(), made.key())) {
    return tl::unexpected("cannot make a self-signed certificate: " + take_openssl_error());
  }
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

std::string Certificate::to_pem() const {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), leaf());
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace smtpmark::io
