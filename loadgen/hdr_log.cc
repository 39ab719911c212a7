#include "loadgen/hdr_log.h"

#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "loadgen/base64.h"
#include "loadgen/result_figures.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

// The last digit: counts are variable-length integers.
constexpr std::uint32_t kCookie = 0x1C849303 | 0x10;
constexpr std::uint32_t kCompressedCookie = 0x1C849304 | 0x10;
constexpr std::uint32_t kSignificantDigits = 3;
constexpr std::uint64_t kLowestDiscernible = 1;

template <class Number>
void put(std::string& to, Number number) {
  for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8) {
    to.push_back(static_cast<char>(number >> shift));
  }
}

// ZigZag LEB128 of at most nine octets, of which the ninth has eight bits of its own.
void put_count(std::string& to, std::int64_t count) {
  std::uint64_t rest =
      (static_cast<std::uint64_t>(count) << 1) ^ static_cast<std::uint64_t>(count >> 63);
  for (int octets = 1; octets < 9 && rest >= 0x80; ++octets) {
    to.push_back(static_cast<char>(rest | 0x80));
    rest >>= 7;
  }
  to.push_back(static_cast<char>(rest));
}

// Zeros in a row are one negative number; none behind the last count.
std::string encode_counts(const std::vector<std::uint64_t>& counts) {
  std::string encoded;
  std::int64_t zeros = 0;
  for (const std::uint64_t count : counts) {
    if (count == 0) {
      ++zeros;
      continue;
    }
    if (zeros > 0) put_count(encoded, -zeros);
    zeros = 0;
    put_count(encoded, static_cast<std::int64_t>(count));
  }
  return encoded;
}

std::string encode_plain(const Histogram& histogram) {
  const std::string counts = encode_counts(histogram.counts());
  std::string encoded;
  put(encoded, kCookie);
  put(encoded, static_cast<std::uint32_t>(counts.size()));
  put(encoded, std::uint32_t{0});  // of the normalisation of indices
  put(encoded, kSignificantDigits);
  put(encoded, kLowestDiscernible);
  put(encoded, Histogram::kHighest);
  put(encoded, std::bit_cast<std::uint64_t>(1.0));  // integers to values
  return encoded + counts;
}

std::string deflated(std::string_view plain) {
  uLongf size = compressBound(plain.size());
  std::string compressed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(compressed.data()), &size,
            reinterpret_cast<const Bytef*>(plain.data()), plain.size(), Z_BEST_COMPRESSION);
  compressed.resize(size);
  return compressed;
}

std::string tag_of(const std::string& job, const std::string& phase) {
  std::string tag = job + "/" + phase;
  for (char& c : tag) {
    if (c == ',' || c == ' ' || c == '"' || static_cast<unsigned char>(c) < ' ') c = '_';
  }
  return tag;
}

double seconds_of_utc(const std::string& utc) {
  std::tm time{};
  return strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr
             ? 0.0
             : static_cast<double>(timegm(&time));
}

}  // namespace

std::string encode_hdr(const Histogram& histogram) {
  const std::string compressed = deflated(encode_plain(histogram));
  std::string framed;
  put(framed, kCompressedCookie);
  put(framed, static_cast<std::uint32_t>(compressed.size()));
  return base64_encode(framed + compressed);
}

std::string render_hdr_log(const json& result) {
  const auto utc = result.at("started_utc").get<std::string>();
  std::string text = fmt::format(
      "#[Logged by smtpmark; values are nanoseconds]\n#[Histogram log format version 1.3]\n"
      "#[StartTime: {:.3f} (seconds since epoch), {}]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
      "\"Interval_Compressed_Histogram\"\n",
      seconds_of_utc(utc), utc);
  for (const json& job : result.at("jobs")) {
    const auto warmup_s = job.at("config").at("warmup_s").get<double>();
    for (const auto& [phase, figures] : job.at("phases").items()) {
      if (figures.at("outside_window").get<bool>()) continue;
      const Histogram histogram = histogram_of(figures);
      fmt::format_to(std::back_inserter(text), "Tag={},{:.3f},{:.3f},{:.3f},{}\n",
                     tag_of(job.at("name").get<std::string>(), phase), warmup_s,
                     job.at("measured_s").get<double>(),
                     static_cast<double>(histogram.max_ns()) / 1e6, encode_hdr(histogram));
    }
  }
  return text;
}

}  // namespace smtpmark::loadgen
