#include "tests/reference/address_literal.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/reference/scanner.h"

namespace smtpmark::reference {
namespace {

using parser::DomainKind;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Snum = 1*3DIGIT, 0 to 255
bool is_snum(std::string_view text) {
  if (text.empty() || text.size() > 3) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(static_cast<unsigned char>(c)); }) &&
         std::stoi(std::string(text)) <= 255;
}

// IPv4-address-literal = Snum 3( "." Snum )
bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), is_snum);
}

// IPv6-hex = 1*4HEXDIG
bool is_hex_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The 16-bit groups of "1:2:3", whose last part may be an IPv4 address and then counts for two; -1
// when it is not so. Nothing has no groups.
int count_groups(std::string_view text, bool may_end_with_ipv4) {
  if (text.empty()) return 0;
  const auto parts = split(text, ':');
  int groups = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_hex_group(parts[i])) {
      ++groups;
    } else if (may_end_with_ipv4 && i + 1 == parts.size() && is_ipv4(parts[i])) {
      groups += 2;
    } else {
      return -1;
    }
  }
  return groups;
}

// IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp; "::" stands for two groups at
// least.
bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const int before = count_groups(text.substr(0, gap), false);
  const int behind = count_groups(text.substr(gap + 2), true);
  return before >= 0 && behind >= 0 && before + behind <= 6;
}

// Anything that can complete the beginning of an address: more groups, or the rest of an IPv4 one.
std::vector<std::string> completions() {
  std::vector<std::string> all;
  for (const std::string begin : {"", "0", ":", "::", ":0"}) {
    std::string groups = begin;
    for (int i = 0; i < 8; ++i, groups += ":0") all.push_back(groups);
  }
  for (const std::string begin : {"", "0"}) {
    std::string numbers = begin;
    for (int i = 0; i < 4; ++i, numbers += ".0") all.push_back(numbers);
  }
  return all;
}

// The longest beginning of `text` that something completes to an address.
std::size_t viable(std::string_view text, bool (*is_address)(std::string_view)) {
  static const std::vector<std::string> all_completions = completions();
  for (std::size_t length = std::min<std::size_t>(text.size(), 45);; --length) {
    const std::string begin(text.substr(0, length));
    const bool good =
        std::any_of(all_completions.begin(), all_completions.end(),
                    [&](const std::string& completion) { return is_address(begin + completion); });
    if (good || length == 0) return length;
  }
}

constexpr std::string_view kIpv6Tag = "IPV6:";

std::size_t viable_ipv6(std::string_view text) {
  const std::string tag = in_capitals(text.substr(0, kIpv6Tag.size()));
  const auto differ = std::mismatch(tag.begin(), tag.end(), kIpv6Tag.begin(), kIpv6Tag.end());
  const auto same = static_cast<std::size_t>(differ.first - tag.begin());
  return same < kIpv6Tag.size() ? same : same + viable(text.substr(same), is_ipv6);
}

bool is_dcontent(unsigned char c) {
  return c >= 33 && c <= 126 && (c < '[' || c > ']');
}

// General-address-literal = Standardized-tag ":" 1*dcontent    Standardized-tag = Ldh-str
// The longest beginning of `text` that can be one. `complete`: it is one.
std::size_t viable_general(std::string_view text, bool& complete) {
  complete = false;
  std::size_t at = 0;
  while (is_let_dig(static_cast<unsigned char>(text[at])) || text[at] == '-') ++at;
  const bool is_tag = at > 0 && text[at] == ':' && text[at - 1] != '-' &&
                      in_capitals(text.substr(0, at + 1)) != kIpv6Tag;
  if (!is_tag) return at;
  const std::size_t content = ++at;
  while (is_dcontent(static_cast<unsigned char>(text[at]))) ++at;
  complete = at > content;
  return at;
}

}  // namespace

Literal address_literal_in(std::string_view text) {
  const std::string_view content = text.substr(0, text.find(']'));
  if (content.size() < text.size()) {
    if (is_ipv4(content)) return {DomainKind::kIpv4, content.size()};
    if (in_capitals(content.substr(0, kIpv6Tag.size())) == kIpv6Tag &&
        is_ipv6(content.substr(kIpv6Tag.size()))) {
      return {DomainKind::kIpv6, content.size()};
    }
  }
  bool is_general = false;
  const std::size_t general = viable_general(text, is_general);
  if (is_general && text[general] == ']') return {DomainKind::kGeneral, general};
  return {DomainKind::kNone, std::max({viable(text, is_ipv4), viable_ipv6(text), general})};
}

}  // namespace smtpmark::reference
