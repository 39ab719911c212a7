// The PROXY protocol of HAProxy, versions 1 and 2: what a proxy says of the connection that it
// passes on, in front of everything else.
#ifndef SMTPMARK_LOADGEN_PROXY_PROTOCOL_H_
#define SMTPMARK_LOADGEN_PROXY_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/address.h"

namespace smtpmark::loadgen {

enum class ProxyVersion : std::uint8_t {
  kNone,
  kV1,  // a line of text
  kV2,  // binary
};
std::string_view to_string(ProxyVersion version) noexcept;

// The header of a connection from `client` to `server`, both of one family; without a family (a
// UNIX socket) it says that nothing is known of them.
std::string proxy_header(ProxyVersion version, const io::Address& client,
                         const io::Address& server);

struct ProxyRead {
  enum class State : std::uint8_t { kNeedMore, kRead, kMalformed };
  State state = State::kNeedMore;
  std::size_t octets = 0;  // kRead: of the header
  std::string client;      // kRead: address and port of the client; empty where they are unknown
};

// Reads the header that `input` begins with, of either version.
ProxyRead read_proxy_header(std::string_view input);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PROXY_PROTOCOL_H_
