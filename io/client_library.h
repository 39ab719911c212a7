// OpenSSL as TLS clients use it here.
#ifndef SMTPMARK_IO_CLIENT_LIBRARY_H_
#define SMTPMARK_IO_CLIENT_LIBRARY_H_

#include <openssl/types.h>

namespace smtpmark::io {

// A library context with OpenSSL's default provider, of whose decoders it has only those of public
// keys in certificates (SubjectPublicKeyInfo, RFC 5280, 4.1). OpenSSL 3.0 looks through all the
// decoders there are for the key in each certificate that comes in, which is an eighth of a
// client's full handshake. Private keys in files are to be decoded elsewhere.
//
// Null, which to OpenSSL is its own context, where the configuration of this system has loaded
// other providers than the default one or asks for FIPS, or where the context cannot be made. Made
// at the first call, shared by all threads, never freed.
OSSL_LIB_CTX* client_library();

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_CLIENT_LIBRARY_H_
