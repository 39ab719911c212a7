#include "loadgen/session_shape.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <optional>

#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

namespace {

// "1%" and "0.01" are the same.
std::optional<double> share_of(std::string text) {
  const bool percent = text.ends_with('%');
  if (percent) text.pop_back();
  double value = 0.0;
  if (!CLI::detail::lexical_cast(text, value)) return std::nullopt;
  if (percent) value /= 100.0;
  return value >= 0.0 && value <= 1.0 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string_view to_string(Spread spread) noexcept {
  switch (spread) {
    case Spread::kFixed: return "fixed";
    case Spread::kUniform: return "uniform";
    case Spread::kGeometric: return "geometric";
  }
  return "";
}

std::uint64_t draw_count(Spread spread, std::uint64_t mean, Random& random) {
  if (mean <= 1) return mean;
  const auto middle = static_cast<double>(mean);
  switch (spread) {
    case Spread::kFixed: return mean;
    case Spread::kUniform:
      return 1 + static_cast<std::uint64_t>(draw_unit(random) * (2.0 * middle - 1.0));
    case Spread::kGeometric:
      return 1 +
             static_cast<std::uint64_t>(std::log1p(-draw_unit(random)) / std::log1p(-1.0 / middle));
  }
  return mean;
}

std::uint64_t ThinkTime::draw(Random& random) const {
  if (!exponential) return mean_ns;
  const double factor = -std::log1p(-draw_unit(random));
  return static_cast<std::uint64_t>(static_cast<double>(mean_ns) * factor);
}

tl::expected<ThinkTime, std::string> parse_think_time(const std::string& text) {
  constexpr std::string_view kExponential = "exponential:";
  ThinkTime think;
  if (text.empty()) return think;
  think.exponential = text.starts_with(kExponential);
  std::string mean = think.exponential ? text.substr(kExponential.size()) : text;
  double mean_s = 0.0;
  try {
    const std::string complaint = seconds()(mean);
    if (!complaint.empty() || !CLI::detail::lexical_cast(mean, mean_s)) mean_s = -1.0;
  } catch (const CLI::Error&) {
    mean_s = -1.0;
  }
  if (!(mean_s > 0.0) || mean_s > 86400.0) {
    return tl::unexpected("--think-time " + text +
                          " is neither a time up to 24h nor exponential:TIME, as 2s or "
                          "exponential:500ms");
  }
  think.mean_ns = to_ns(mean_s);
  return think;
}

AbortPoint AbortShares::draw(Random& random) const {
  const double at = draw_unit(random);
  if (at < mail) return AbortPoint::kMail;
  if (at < mail + rcpt) return AbortPoint::kRcpt;
  return at < mail + rcpt + body ? AbortPoint::kBody : AbortPoint::kNone;
}

tl::expected<AbortShares, std::string> parse_abort_shares(const std::string& text) {
  AbortShares shares;
  if (text.empty()) return shares;
  const auto bad = [&text] {
    return tl::unexpected("--abort " + text +
                          " is not a list of mail, rcpt and body with their shares, as "
                          "mail=1%,body=0.5%");
  };
  for (const std::string& part : CLI::detail::split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) return bad();
    const std::string point = part.substr(0, equals);
    const std::optional<double> share = share_of(part.substr(equals + 1));
    if (!share) return bad();
    if (point == "mail") {
      shares.mail = *share;
    } else if (point == "rcpt") {
      shares.rcpt = *share;
    } else if (point == "body") {
      shares.body = *share;
    } else {
      return bad();
    }
  }
  if (shares.mail + shares.rcpt + shares.body > 1.0) {
    return tl::unexpected("--abort " + text + " aborts more messages than there are");
  }
  return shares;
}

}  // namespace smtpmark::loadgen
