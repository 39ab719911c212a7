#include "loadgen/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);  // of version 2
constexpr std::string_view kText = "PROXY ";                        // of version 1
constexpr std::size_t kMostText = 107;                              // octets of its line, with CRLF
constexpr std::size_t kHead = 16;                                   // of version 2
constexpr char kLocal = 0x20;
constexpr char kProxied = 0x21;
constexpr char kTcp4 = 0x11;
constexpr char kTcp6 = 0x21;

// The octets of an IP address, in network order.
std::string raw_host(const io::Address& address) {
  if (address.family() == AF_INET6) {
    const auto& six = *reinterpret_cast<const sockaddr_in6*>(address.sockaddr_ptr());
    return {reinterpret_cast<const char*>(&six.sin6_addr), sizeof six.sin6_addr};
  }
  const auto& four = *reinterpret_cast<const sockaddr_in*>(address.sockaddr_ptr());
  return {reinterpret_cast<const char*>(&four.sin_addr), sizeof four.sin_addr};
}

std::string host_text(std::string_view raw) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(raw.size() == sizeof(in6_addr) ? AF_INET6 : AF_INET, raw.data(), text, sizeof text);
  return text;
}

std::string two_octets(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xFF), static_cast<char>(number & 0xFF)};
}

std::size_t number_at(std::string_view octets, std::size_t at) {
  return std::size_t{static_cast<unsigned char>(octets[at])} << 8 |
         static_cast<unsigned char>(octets[at + 1]);
}

bool is_ip(const io::Address& address) {
  return address.family() == AF_INET || address.family() == AF_INET6;
}

std::string write_text(const io::Address& client, const io::Address& server) {
  if (!is_ip(client)) return "PROXY UNKNOWN\r\n";
  return std::string("PROXY ") + (client.family() == AF_INET6 ? "TCP6 " : "TCP4 ") +
         host_text(raw_host(client)) + ' ' + host_text(raw_host(server)) + ' ' +
         std::to_string(client.port()) + ' ' + std::to_string(server.port()) + "\r\n";
}

std::string write_binary(const io::Address& client, const io::Address& server) {
  std::string header(kSignature);
  if (!is_ip(client)) return header + kLocal + '\0' + two_octets(0);
  const std::string addresses =
      raw_host(client) + raw_host(server) + two_octets(client.port()) + two_octets(server.port());
  header += kProxied;
  header += client.family() == AF_INET6 ? kTcp6 : kTcp4;
  return header + two_octets(addresses.size()) + addresses;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t space = line.find(' ');
    words.emplace_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

bool is_port(const std::string& text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && at == end && port <= 65535;
}

ProxyRead malformed() {
  return {ProxyRead::State::kMalformed, 0, {}};
}

ProxyRead read_text(std::string_view input) {
  const std::string_view line = input.substr(0, kMostText);
  const std::size_t end = line.find("\r\n");
  if (end == std::string_view::npos) return line.size() < kMostText ? ProxyRead{} : malformed();
  ProxyRead read{ProxyRead::State::kRead, end + 2, {}};
  const std::vector<std::string> words = words_of(line.substr(0, end));
  if (words.size() >= 2 && words[1] == "UNKNOWN") return read;
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return malformed();
  const int family = words[1] == "TCP6" ? AF_INET6 : AF_INET;
  in6_addr ignored{};
  for (const std::string& host : {words[2], words[3]}) {
    if (inet_pton(family, host.c_str(), &ignored) != 1) return malformed();
  }
  if (!is_port(words[4]) || !is_port(words[5])) return malformed();
  read.client = (family == AF_INET6 ? "[" + words[2] + "]" : words[2]) + ":" + words[4];
  return read;
}

ProxyRead read_binary(std::string_view input) {
  if (input.size() < kHead) return {};
  const char command = input[12];
  const std::size_t length = number_at(input, 14);
  if (command != kLocal && command != kProxied) return malformed();
  if (input.size() < kHead + length) return {};
  ProxyRead read{ProxyRead::State::kRead, kHead + length, {}};
  const std::size_t host = input[13] == kTcp4 ? 4 : input[13] == kTcp6 ? 16 : 0;
  if (command == kLocal || host == 0) return read;
  if (length < 2 * host + 4) return malformed();
  const std::string text = host_text(input.substr(kHead, host));
  read.client = (host == 16 ? "[" + text + "]" : text) + ":" +
                std::to_string(number_at(input, kHead + 2 * host));
  return read;
}

}  // namespace

std::string_view to_string(ProxyVersion version) noexcept {
  switch (version) {
    case ProxyVersion::kNone: return "none";
    case ProxyVersion::kV1: return "v1";
    case ProxyVersion::kV2: return "v2";
  }
  return "";
}

std::string proxy_header(ProxyVersion version, const io::Address& client,
                         const io::Address& server) {
  switch (version) {
    case ProxyVersion::kNone: break;
    case ProxyVersion::kV1: return write_text(client, server);
    case ProxyVersion::kV2: return write_binary(client, server);
  }
  return {};
}

ProxyRead read_proxy_header(std::string_view input) {
  if (input.empty()) return {};
  const auto may_be = [input](std::string_view beginning) {
    const std::size_t both = std::min(input.size(), beginning.size());
    return input.substr(0, both) == beginning.substr(0, both);
  };
  if (may_be(kText)) return input.size() < kText.size() ? ProxyRead{} : read_text(input);
  if (may_be(kSignature))
    return input.size() < kSignature.size() ? ProxyRead{} : read_binary(input);
  return malformed();
}

}  // namespace smtpmark::loadgen
