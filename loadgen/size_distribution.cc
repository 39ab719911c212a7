#include "loadgen/size_distribution.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

using Parsed = tl::expected<SizeDistribution, std::string>;

auto refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

double normal_share(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

// The inverse, by halving: it is asked some thousand times, before the clock starts.
double normal_quantile(double p) {
  double low = -9.0;
  double high = 9.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (normal_share(middle) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::vector<std::string_view> columns(std::string_view line) {
  const std::size_t gap = line.find_first_of(" \t,;");
  if (gap == std::string_view::npos) return {line};
  return {line.substr(0, gap), trimmed(line.substr(gap + 1))};
}

std::string is_no_size(std::string_view text) {
  return "\"" + std::string(text) + "\" is no size from 0 to 1G, as 1024, 10K or 1M";
}

}  // namespace

tl::expected<std::uint64_t, std::string> parse_octets(std::string_view text) {
  std::string number(text);
  std::uint64_t octets = 0;
  try {
    const CLI::AsSizeValue with_unit(false);
    if (!with_unit(number).empty() || !CLI::detail::lexical_cast(number, octets) ||
        octets > kLargestMessage) {
      return refuse(is_no_size(text));
    }
  } catch (const CLI::Error&) {
    return refuse(is_no_size(text));
  }
  return octets;
}

SizeDistribution::SizeDistribution(std::uint64_t octets)
    : points_{{static_cast<double>(octets), 1.0}} {}

Parsed SizeDistribution::parse(const std::string& text) {
  const std::string_view all = text;
  if (all.starts_with("uniform:")) return parse_uniform(all.substr(8));
  if (all.starts_with("lognormal:")) return parse_lognormal(all.substr(10));
  if (all.starts_with("cdf:")) {
    const std::string path(all.substr(4));
    const auto lines = read_text(path);
    if (!lines) return refuse(lines.error());
    return from_table(*lines, path);
  }
  const auto octets = parse_octets(all);
  if (octets) return SizeDistribution(*octets);
  return refuse(octets.error() +
                ", and no uniform:FROM-TO, lognormal:MEDIAN,SIGMA or cdf:FILE either");
}

Parsed SizeDistribution::parse_uniform(std::string_view range) {
  const auto ends = split(range, '-');
  if (ends.size() != 2) return refuse("uniform: wants FROM-TO, as uniform:1K-100K");
  const auto from = parse_octets(ends[0]);
  if (!from) return refuse(from.error());
  const auto to = parse_octets(ends[1]);
  if (!to) return refuse(to.error());
  if (*from > *to) return refuse("uniform:" + std::string(range) + " ends before it begins");
  SizeDistribution sizes;
  sizes.points_ = {{static_cast<double>(*from), 0.0}, {static_cast<double>(*to), 1.0}};
  return sizes;
}

Parsed SizeDistribution::parse_lognormal(std::string_view terms) {
  const auto parts = split(terms, ',');
  const auto wrong = [terms] {
    return refuse("lognormal:" + std::string(terms) +
                  " is not MEDIAN,SIGMA[,pareto:FROM,ALPHA][,max:N] with numbers above 0");
  };
  const auto octets = [](std::string_view text) {
    return static_cast<double>(parse_octets(text).value_or(0));
  };
  const auto positive = [](std::string_view text) {
    const double value = parse_number(text).value_or(0.0);
    return value <= 100.0 ? std::max(value, 0.0) : 0.0;
  };
  if (parts.size() < 2) return wrong();
  SizeDistribution sizes;
  Lognormal& body = sizes.lognormal_;
  body.median = octets(parts[0]);
  body.sigma = positive(parts[1]);
  if (body.median == 0.0 || body.sigma == 0.0) return wrong();
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (parts[i].starts_with("pareto:") && i + 1 < parts.size()) {
      body.tail_from = octets(parts[i].substr(7));
      body.tail_alpha = positive(parts[++i]);
      if (body.tail_from == 0.0 || body.tail_alpha == 0.0) return wrong();
    } else if (parts[i].starts_with("max:")) {
      body.most = octets(parts[i].substr(4));
      if (body.most == 0.0) return wrong();
    } else {
      return wrong();
    }
  }
  return sizes;
}

Parsed SizeDistribution::from_table(std::string_view lines, const std::string& name) {
  SizeDistribution sizes;
  sizes.points_.clear();
  std::size_t number = 0;
  for (std::string_view line : split(lines, '\n')) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::string place = name + ":" + std::to_string(number) + ": ";
    const auto cells = columns(line);
    if (cells.size() != 2) return refuse(place + "a line has a size and the share up to it");
    const auto octets = parse_octets(cells[0]);
    if (!octets) return refuse(place + octets.error());
    const auto share = parse_share(cells[1]);
    if (!share) {
      return refuse(place + "\"" + std::string(cells[1]) + "\" is no share, as 0.25 or 25%");
    }
    const Point point{static_cast<double>(*octets), *share};
    const bool grows = sizes.points_.empty() || (point.octets >= sizes.points_.back().octets &&
                                                 point.share >= sizes.points_.back().share);
    if (!grows) return refuse(place + "sizes and shares have to grow from line to line");
    sizes.points_.push_back(point);
  }
  if (sizes.points_.empty()) return refuse(name + " has no line with a size and a share");
  if (sizes.points_.back().share < 1.0) {
    return refuse(name + " ends before the share has become 1, or 100%");
  }
  return sizes;
}

bool SizeDistribution::fixed() const noexcept {
  if (lognormal_.median > 0.0) return false;
  return points_.front().octets == points_.back().octets;
}

std::uint64_t SizeDistribution::quantile(double p) const noexcept {
  const double octets = lognormal_.median > 0.0 ? lognormal_quantile(p) : table_quantile(p);
  return static_cast<std::uint64_t>(std::llround(octets));
}

// What has a share below that of the first point is of its size.
double SizeDistribution::table_quantile(double p) const noexcept {
  const auto above = std::find_if(points_.begin(), points_.end(),
                                  [p](const Point& point) { return point.share >= p; });
  if (above == points_.begin()) return above->octets;
  const Point& below = *(above - 1);
  const double part = (p - below.share) / (above->share - below.share);
  return below.octets + part * (above->octets - below.octets);
}

double SizeDistribution::lognormal_quantile(double p) const noexcept {
  const Lognormal& body = lognormal_;
  double octets = body.median * std::exp(body.sigma * normal_quantile(p));
  if (body.tail_from > 0.0 && octets > body.tail_from) {
    const double beyond = 1.0 - normal_share(std::log(body.tail_from / body.median) / body.sigma);
    octets = body.tail_from * std::pow(beyond / (1.0 - p), 1.0 / body.tail_alpha);
  }
  return std::min(octets, body.most);
}

}  // namespace smtpmark::loadgen
