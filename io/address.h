// A socket address: an IP address and a port, or the path of a UNIX socket.
#ifndef SMTPMARK_IO_ADDRESS_H_
#define SMTPMARK_IO_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smtpmark::io {

// How far a packet to an address may travel.
enum class Reach : std::uint8_t {
  kLoopback,  // 127.0.0.0/8, ::1, UNIX sockets
  kPrivate,   // RFC 1918, RFC 6598, RFC 4193, link-local
  kPublic,
};

class Address {
 public:
  Address() = default;

  // "host:port", "[::1]:25", "unix:/run/lmtp"; the host may be a name. On failure: a sentence.
  static tl::expected<Address, std::string> resolve(std::string_view host_and_port);
  static tl::expected<Address, std::string> resolve(const std::string& host, std::uint16_t port);
  static tl::expected<Address, std::string> of_path(std::string_view path);
  // Of a bound socket; the family is 0 when the system call failed.
  static Address of_socket(int descriptor);

  const sockaddr* sockaddr_ptr() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  socklen_t length() const noexcept { return length_; }
  int family() const noexcept { return storage_.ss_family; }
  // The same host with another port.
  Address with_port(std::uint16_t port) const noexcept;
  bool is_unix() const noexcept { return family() == AF_UNIX; }
  std::uint16_t port() const noexcept;  // 0 where there is none
  std::string path() const;             // of a UNIX socket
  Reach reach() const noexcept;
  std::string to_string() const;  // "127.0.0.1:25", "[::1]:25", "unix:/run/lmtp"

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

// What the text of a UNIX socket's address begins with.
inline constexpr std::string_view kUnixPrefix = "unix:";

// Splits "host:port" and "[host]:port"; on failure a sentence.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
tl::expected<HostPort, std::string> split_host_port(std::string_view text);

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_ADDRESS_H_
