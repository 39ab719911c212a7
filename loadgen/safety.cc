#include "loadgen/safety.h"

#include <algorithm>
#include <array>

namespace smtpmark::loadgen {

namespace {

constexpr std::array<std::string_view, 4> kReservedTopLevel = {"example", "test", "invalid",
                                                               "localhost"};
constexpr std::array<std::string_view, 2> kLoopbackLiterals = {"[127.0.0.1]", "[ipv6:::1]"};

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

bool is_reserved_domain(std::string_view domain) {
  std::string name = in_lower_case(domain);
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (std::find(kLoopbackLiterals.begin(), kLoopbackLiterals.end(), name) !=
      kLoopbackLiterals.end()) {
    return true;
  }
  const std::size_t last_dot = name.rfind('.');
  const std::string top = last_dot == std::string::npos ? name : name.substr(last_dot + 1);
  if (std::find(kReservedTopLevel.begin(), kReservedTopLevel.end(), top) !=
      kReservedTopLevel.end()) {
    return true;
  }
  if (top != "com" && top != "net" && top != "org") return false;
  const std::string rest = name.substr(0, last_dot);
  return rest == "example" || rest.ends_with(".example");
}

tl::expected<void, std::string> check_target(const io::Address& target, bool allow_remote,
                                             bool authorized) {
  const io::Reach reach = target.reach();
  if (reach != io::Reach::kLoopback && !allow_remote) {
    return tl::unexpected(target.to_string() +
                          " is not a loopback address: --allow-remote is needed to load it");
  }
  if (reach == io::Reach::kPublic && !authorized) {
    return tl::unexpected(target.to_string() +
                          " is a public address: --i-am-authorized is needed to load it");
  }
  return {};
}

tl::expected<void, std::string> check_recipient(std::string_view recipient, bool authorized) {
  const std::size_t at = recipient.rfind('@');
  const std::string_view domain =
      at == std::string_view::npos ? std::string_view() : recipient.substr(at + 1);
  if (!is_reserved_domain(domain) && !authorized) {
    return tl::unexpected("the recipient " + std::string(recipient) +
                          " is outside the reserved domains (example.com, *.test, *.invalid): "
                          "--i-am-authorized is needed to send to it");
  }
  return {};
}

}  // namespace smtpmark::loadgen
