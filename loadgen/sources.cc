#include "loadgen/sources.h"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <optional>

namespace smtpmark::loadgen {

namespace {

constexpr std::uint32_t kMost = 65536;

// Both ends of "10.0.0.1-10.0.0.9" in host order; of one address twice the same.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

std::optional<Range> range_of(const std::string& text) {
  const std::size_t dash = text.find('-');
  in_addr first{};
  in_addr last{};
  if (inet_pton(AF_INET, text.substr(0, dash).c_str(), &first) != 1) return std::nullopt;
  const std::string end = dash == std::string::npos ? text : text.substr(dash + 1);
  if (inet_pton(AF_INET, end.c_str(), &last) != 1) return std::nullopt;
  const Range range{ntohl(first.s_addr), ntohl(last.s_addr)};
  return range.first <= range.last ? std::optional(range) : std::nullopt;
}

io::Address address_of(std::uint32_t host_order) {
  in_addr address{htonl(host_order)};
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address, text, sizeof text);
  return io::Address::resolve(text, 0).value();
}

}  // namespace

tl::expected<std::vector<io::Address>, std::string> parse_sources(const std::string& option,
                                                                  const std::string& text,
                                                                  int family) {
  std::vector<io::Address> sources;
  if (text.empty()) return sources;
  const auto bad = [&](const char* why) { return tl::unexpected(option + " " + text + why); };
  for (const std::string& part : CLI::detail::split(text, ',')) {
    if (const std::optional<Range> range = range_of(part)) {
      if (family != AF_INET) return bad(" is of another address family than the target");
      if (range->last - range->first >= kMost - sources.size()) {
        return bad(" are more than 65536 addresses");
      }
      for (std::uint32_t one = range->first;; ++one) {
        sources.push_back(address_of(one));
        if (one == range->last) break;
      }
      continue;
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, part.c_str(), &six) != 1) {
      return bad(" is no list of addresses, as 127.0.0.2 or 127.0.0.10-127.0.0.19");
    }
    if (family != AF_INET6) return bad(" is of another address family than the target");
    sources.push_back(io::Address::resolve(part, 0).value());
  }
  return sources;
}

}  // namespace smtpmark::loadgen
