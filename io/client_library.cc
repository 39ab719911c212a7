#include "io/client_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <string_view>
#include <vector>

namespace smtpmark::io {

namespace {

constexpr const char* kDefault = "default";
constexpr const char* kOurs = "smtpmark-client";

// The default provider, as the provider below hands it on. There is one of each.
struct Inner {
  OSSL_PROVIDER* provider = nullptr;
  std::vector<OSSL_ALGORITHM> decoders;  // ends with an empty one
};
Inner inner;

bool decodes_public_key(const OSSL_ALGORITHM& decoder) {
  return std::string_view(decoder.property_definition)
             .find("input=der,structure=SubjectPublicKeyInfo") != std::string_view::npos;
}

const OSSL_ALGORITHM* query(void* /*context*/, int operation, int* no_cache) {
  if (operation == OSSL_OP_DECODER) {
    *no_cache = 0;
    return inner.decoders.data();
  }
  return OSSL_PROVIDER_query_operation(inner.provider, operation, no_cache);
}

const OSSL_PARAM* gettable(void* /*context*/) {
  return OSSL_PROVIDER_gettable_params(inner.provider);
}

int get_parameters(void* /*context*/, OSSL_PARAM* parameters) {
  return OSSL_PROVIDER_get_params(inner.provider, parameters);
}

int get_capabilities(void* /*context*/, const char* capability, OSSL_CALLBACK* call, void* with) {
  return OSSL_PROVIDER_get_capabilities(inner.provider, capability, call, with);
}

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

int init(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*from_core*/,
         const OSSL_DISPATCH** table, void** context) {
  static const OSSL_DISPATCH ours[] = {
      entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, &gettable),
      entry(OSSL_FUNC_PROVIDER_GET_PARAMS, &get_parameters),
      entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &query),
      entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, &get_capabilities),
      {0, nullptr}};
  *table = ours;
  // Its algorithms are called with what they know.
  *context = OSSL_PROVIDER_get0_provider_ctx(inner.provider);
  return 1;
}

bool load_default() {
  OSSL_LIB_CTX* const library = OSSL_LIB_CTX_new();
  if (library == nullptr) return false;
  inner.provider = OSSL_PROVIDER_load(library, kDefault);
  if (inner.provider == nullptr) return false;
  int no_cache = 0;
  const OSSL_ALGORITHM* decoder =
      OSSL_PROVIDER_query_operation(inner.provider, OSSL_OP_DECODER, &no_cache);
  for (; decoder != nullptr && decoder->algorithm_names != nullptr; ++decoder) {
    if (decodes_public_key(*decoder)) inner.decoders.push_back(*decoder);
  }
  if (inner.decoders.empty()) return false;
  inner.decoders.push_back({});
  return true;
}

int is_default(OSSL_PROVIDER* provider, void* /*nothing*/) {
  return static_cast<int>(std::string_view(OSSL_PROVIDER_get0_name(provider)) == kDefault);
}

bool only_default_is_loaded() {
  return OSSL_PROVIDER_available(nullptr, kDefault) == 1 &&  // loads it if nothing has been
         OSSL_PROVIDER_do_all(nullptr, &is_default, nullptr) == 1 &&
         EVP_default_properties_is_fips_enabled(nullptr) == 0;
}

OSSL_LIB_CTX* make() {
  if (!only_default_is_loaded() || !load_default()) return nullptr;
  OSSL_LIB_CTX* const library = OSSL_LIB_CTX_new();
  if (library == nullptr || OSSL_PROVIDER_add_builtin(library, kOurs, &init) != 1 ||
      OSSL_PROVIDER_load(library, kOurs) == nullptr) {
    return nullptr;
  }
  return library;
}

}  // namespace

OSSL_LIB_CTX* client_library() {
  static OSSL_LIB_CTX* const library = [] {
    OSSL_LIB_CTX* const made = make();
    if (made == nullptr) ERR_clear_error();
    return made;
  }();
  return library;
}

}  // namespace smtpmark::io
