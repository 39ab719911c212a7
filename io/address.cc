#include "io/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace smtpmark::io {

namespace {

Reach reach_of_v4(std::uint32_t host_order) {
  const auto in = [host_order](std::uint32_t prefix, int bits) {
    return (host_order >> (32 - bits)) == (prefix >> (32 - bits));
  };
  if (in(0x7F000000, 8)) return Reach::kLoopback;
  const bool is_private = in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) ||
                          in(0xA9FE0000, 16) || in(0x64400000, 10);
  return is_private ? Reach::kPrivate : Reach::kPublic;
}

Reach reach_of_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return Reach::kLoopback;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, address.s6_addr + 12, sizeof v4);
    return reach_of_v4(ntohl(v4));
  }
  const bool unique_local = (address.s6_addr[0] & 0xFE) == 0xFC;
  return unique_local || IN6_IS_ADDR_LINKLOCAL(&address) ? Reach::kPrivate : Reach::kPublic;
}

}  // namespace

tl::expected<HostPort, std::string> split_host_port(std::string_view text) {
  const auto bad = [text] {
    return tl::unexpected("'" + std::string(text) +
                          "' is not HOST:PORT (as 127.0.0.1:25, mx.test:587 or [::1]:465)");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port > 65535) return bad();
  if (host.empty()) return bad();
  return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

tl::expected<Address, std::string> Address::resolve(std::string_view host_and_port) {
  if (host_and_port.starts_with(kUnixPrefix)) {
    return of_path(host_and_port.substr(kUnixPrefix.size()));
  }
  const auto split = split_host_port(host_and_port);
  if (!split) return tl::unexpected(split.error());
  return resolve(split->host, split->port);
}

tl::expected<Address, std::string> Address::resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return tl::unexpected("cannot resolve '" + host + "': " + gai_strerror(error));
  }
  Address address;
  std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
  address.length_ = found->ai_addrlen;
  freeaddrinfo(found);
  if (address.family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address.storage_).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(address.storage_).sin_port = htons(port);
  }
  return address;
}

tl::expected<Address, std::string> Address::of_path(std::string_view path) {
  Address address;
  auto& name = reinterpret_cast<sockaddr_un&>(address.storage_);
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return tl::unexpected("the path of a UNIX socket has 1 to " +
                          std::to_string(sizeof name.sun_path - 1) + " octets: '" +
                          std::string(path) + "'");
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  address.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

Address Address::of_socket(int descriptor) {
  Address address;
  address.length_ = sizeof address.storage_;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage_), &address.length_);
  return address;
}

Address Address::with_port(std::uint16_t port) const noexcept {
  Address other = *this;
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(other.storage_).sin6_port = htons(port);
  } else if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(other.storage_).sin_port = htons(port);
  }
  return other;
}

std::uint16_t Address::port() const noexcept {
  if (is_unix()) return 0;
  return ntohs(family() == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port
                                    : reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
}

std::string Address::path() const {
  if (!is_unix()) return {};
  const auto& name = reinterpret_cast<const sockaddr_un&>(storage_);
  return {name.sun_path, strnlen(name.sun_path, sizeof name.sun_path)};
}

Reach Address::reach() const noexcept {
  if (is_unix()) return Reach::kLoopback;
  if (family() == AF_INET6) {
    return reach_of_v6(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr);
  }
  return reach_of_v4(ntohl(reinterpret_cast<const sockaddr_in&>(storage_).sin_addr.s_addr));
}

std::string Address::to_string() const {
  if (is_unix()) return std::string(kUnixPrefix) + path();
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr, text,
              sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(port());
  }
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage_).sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(port());
}

}  // namespace smtpmark::io
