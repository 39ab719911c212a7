#include "loadgen/sasl_library.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <utility>

#include "loadgen/base64.h"

namespace smtpmark::loadgen {

namespace {

struct Free {
  void operator()(char* text) const noexcept { gsasl_free(text); }
};
using LibraryText = std::unique_ptr<char, Free>;

int on_property(Gsasl* library, Gsasl_session* session, Gsasl_property property) {
  auto* const answers = static_cast<SaslAnswers*>(gsasl_callback_hook_get(library));
  return session != nullptr && answers->give(session, property) ? GSASL_OK : GSASL_NO_CALLBACK;
}

class LibraryExchange final : public SaslExchange {
 public:
  LibraryExchange(Gsasl* library, SaslLibrary::Side side, parser::AuthMechanism mechanism,
                  std::unique_ptr<SaslAnswers> answers)
      : library_(library), answers_(std::move(answers)) {
    gsasl_callback_hook_set(library_, answers_.get());
    const std::string name(parser::to_string(mechanism));
    Gsasl_session* session = nullptr;
    started_ = side == SaslLibrary::Side::kClient
                   ? gsasl_client_start(library_, name.c_str(), &session)
                   : gsasl_server_start(library_, name.c_str(), &session);
    if (started_ == GSASL_OK) session_.reset(session);
  }

  State step(std::string_view received, std::string& answer) override {
    answer.clear();
    if (started_ != GSASL_OK) return fail(gsasl_strerror(started_));
    // The library's CRAM-MD5 would answer challenges for ever.
    if (done_) return fail("a challenge came behind the end of the exchange");
    gsasl_callback_hook_set(library_, answers_.get());
    char* output = nullptr;
    std::size_t length = 0;
    const int code = gsasl_step(session_.get(), received.data(), received.size(), &output, &length);
    const LibraryText owned(output);
    if (code != GSASL_OK && code != GSASL_NEEDS_MORE) {
      const std::string complaint = answers_->complaint();
      return fail(complaint.empty() ? gsasl_strerror(code) : complaint);
    }
    if (output != nullptr) answer.assign(output, length);
    done_ = code == GSASL_OK;
    return done_ ? State::kDone : State::kGoesOn;
  }

 private:
  struct Finish {
    void operator()(Gsasl_session* session) const noexcept { gsasl_finish(session); }
  };

  Gsasl* library_;
  std::unique_ptr<SaslAnswers> answers_;
  std::unique_ptr<Gsasl_session, Finish> session_;
  int started_ = GSASL_OK;
  bool done_ = false;
};

const EVP_MD* digest_of(ScramHash hash) noexcept {
  return hash == ScramHash::kSha1 ? EVP_sha1() : EVP_sha256();
}

}  // namespace

SaslLibrary::SaslLibrary() {
  Gsasl* library = nullptr;
  if (gsasl_init(&library) != GSASL_OK) std::abort();  // no memory
  library_.reset(library);
  gsasl_callback_set(library, on_property);
}

std::unique_ptr<SaslExchange> SaslLibrary::begin(Side side, parser::AuthMechanism mechanism,
                                                 std::unique_ptr<SaslAnswers> answers) {
  return std::make_unique<LibraryExchange>(library_.get(), side, mechanism, std::move(answers));
}

bool give_binding(Gsasl_session* session, Gsasl_property property, const ChannelBinding& binding) {
  const std::string* octets = nullptr;
  if (property == GSASL_CB_TLS_EXPORTER) octets = &binding.exporter;
  if (property == GSASL_CB_TLS_UNIQUE) octets = &binding.unique;
  if (octets == nullptr || octets->empty()) return false;
  return gsasl_property_set(session, property, base64_encode(*octets).c_str()) == GSASL_OK;
}

ScramHash scram_hash(parser::AuthMechanism mechanism) noexcept {
  const bool sha1 = (mechanism & (parser::kAuthScramSha1 | parser::kAuthScramSha1Plus)) != 0;
  return sha1 ? ScramHash::kSha1 : ScramHash::kSha256;
}

std::optional<std::string> salted_password(ScramHash hash, const std::string& password,
                                           std::string_view salt, std::uint32_t iterations) {
  char* text = nullptr;
  if (gsasl_saslprep(password.c_str(), GSASL_ALLOW_UNASSIGNED, &text, nullptr) != GSASL_OK) {
    return std::nullopt;
  }
  const LibraryText prepared(text);
  const EVP_MD* const digest = digest_of(hash);
  std::string key(static_cast<std::size_t>(EVP_MD_get_size(digest)), '\0');
  const int done =
      PKCS5_PBKDF2_HMAC(prepared.get(), -1, reinterpret_cast<const unsigned char*>(salt.data()),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), digest,
                        static_cast<int>(key.size()), reinterpret_cast<unsigned char*>(key.data()));
  if (done != 1) return std::nullopt;
  return key;
}

}  // namespace smtpmark::loadgen
