#include "loadgen/text_input.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

namespace smtpmark::loadgen {

namespace {

constexpr std::uint64_t kLargestText = std::uint64_t{1} << 30;  // octets

tl::unexpected<std::string> cannot_read(const std::string& path, const char* reason) {
  return tl::unexpected("cannot read " + path + ": " + reason);
}

}  // namespace

tl::expected<std::string, std::string> read_text(const std::string& path) {
  // Opening does not wait for anybody, and reading only for what writes into a pipe already: a FIFO
  // that nobody writes into is empty.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return cannot_read(path, std::strerror(errno));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(::fdopen(descriptor, "r"),
                                                             &std::fclose);
  struct stat about {};
  if (file == nullptr || ::fstat(descriptor, &about) != 0) {
    return cannot_read(path, std::strerror(errno));
  }
  if (S_ISDIR(about.st_mode)) return cannot_read(path, "it is a folder");
  if (S_ISFIFO(about.st_mode)) {
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  } else if (!S_ISREG(about.st_mode)) {
    return cannot_read(path, "it is neither a file nor a pipe");
  }
  std::string text;
  std::array<char, 65536> piece;
  std::size_t count = 1;
  while (count > 0 && text.size() <= kLargestText &&
         static_cast<std::uint64_t>(about.st_size) <= kLargestText) {
    count = std::fread(piece.data(), 1, piece.size(), file.get());
    text.append(piece.data(), count);
  }
  if (count > 0) return tl::unexpected(path + " is larger than 1 GiB: give a part of it");
  if (std::ferror(file.get()) != 0) return cannot_read(path, std::strerror(errno));
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
