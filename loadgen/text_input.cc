#include "loadgen/text_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace smtpmark::loadgen {

tl::expected<std::string, std::string> read_text(const std::string& path) {
  const auto failed = [&path](int os_code) {
    return tl::unexpected("cannot read " + path + ": " +
                          (os_code == EISDIR ? "it is a folder" : std::strerror(os_code)));
  };
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return failed(errno);
  std::string text;
  std::array<char, 65536> piece;
  std::size_t count = 0;
  while ((count = std::fread(piece.data(), 1, piece.size(), file)) > 0) {
    text.append(piece.data(), count);
  }
  const bool broken = std::ferror(file) != 0;  // as of a folder
  const int os_code = errno;
  std::fclose(file);
  if (broken) return failed(os_code);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value > 1'000'000'000'000) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> parse_share(std::string_view text) {
  text = trimmed(text);
  const bool percent = text.ends_with('%');
  if (percent) text = trimmed(text.substr(0, text.size() - 1));
  const auto value = parse_number(text);
  if (!value) return std::nullopt;
  const double share = percent ? *value / 100.0 : *value;
  if (share < 0.0 || share > 1.0) return std::nullopt;
  return share;
}

}  // namespace smtpmark::loadgen
