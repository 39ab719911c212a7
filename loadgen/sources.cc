#include "loadgen/sources.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>

namespace smtpmark::loadgen {

namespace {

constexpr std::size_t kMost = 65536;

// An address of either family in network order; of IPv4 the first four octets.
struct Host {
  int family = AF_INET;
  std::array<std::uint8_t, 16> octets{};

  std::size_t size() const noexcept { return family == AF_INET ? 4 : 16; }
  // The address behind this one; the one behind the last is the first.
  void advance() noexcept {
    for (std::size_t i = size(); i-- > 0 && ++octets[i] == 0;) {
    }
  }
  io::Address address() const {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, octets.data(), text, sizeof text);
    return io::Address::resolve(text, 0).value();
  }
};

std::optional<Host> host_of(const std::string& text) {
  Host host;
  if (inet_pton(AF_INET, text.c_str(), host.octets.data()) == 1) return host;
  host.family = AF_INET6;
  if (inet_pton(AF_INET6, text.c_str(), host.octets.data()) == 1) return host;
  return std::nullopt;
}

// Both ends of "10.0.0.1-10.0.0.9"; of one address twice the same.
struct Range {
  Host first;
  Host last;
};

std::optional<Range> range_of(const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto first = host_of(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : host_of(text.substr(dash + 1));
  if (!first || !last || first->family != last->family || first->octets > last->octets) {
    return std::nullopt;
  }
  return Range{*first, *last};
}

}  // namespace

tl::expected<std::vector<io::Address>, std::string> parse_sources(const std::string& option,
                                                                  const std::string& text,
                                                                  int family) {
  std::vector<io::Address> sources;
  if (text.empty()) return sources;
  const auto bad = [&](const char* why) { return tl::unexpected(option + " " + text + why); };
  for (const std::string& part : CLI::detail::split(text, ',')) {
    const std::optional<Range> range = range_of(part);
    if (!range) {
      return bad(
          " is no list of addresses, as 127.0.0.2, 127.0.0.10-127.0.0.19 or fd00::1-fd00::9");
    }
    if (family != range->first.family) return bad(" is of another address family than the target");
    for (Host one = range->first;; one.advance()) {
      if (sources.size() == kMost) return bad(" are more than 65536 addresses");
      sources.push_back(one.address());
      if (one.octets == range->last.octets) break;
    }
  }
  return sources;
}

tl::expected<void, std::string> check_sources(const std::string& option,
                                              const std::vector<io::Address>& sources) {
  for (const io::Address& source : sources) {
    const int descriptor = socket(source.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool bound = bind(descriptor, source.sockaddr_ptr(), source.length()) == 0;
    const bool strange = !bound && errno == EADDRNOTAVAIL;
    if (descriptor >= 0) close(descriptor);
    if (!strange) continue;
    const std::string text = source.to_string();
    return tl::unexpected(option + ": this machine does not have the address " +
                          text.substr(0, text.rfind(':')));
  }
  return {};
}

}  // namespace smtpmark::loadgen
