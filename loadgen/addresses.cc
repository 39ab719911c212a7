#include "loadgen/addresses.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "loadgen/option_values.h"
#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::uint32_t kMostRecipients = 10'000;

auto refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

bool is_domain(std::string_view text) {
  return is_mailbox("a@" + std::string(text)) && text.find('@') == std::string_view::npos;
}

// Turns shares into the sums of themselves and those before, of 1 in all.
void accumulate(std::vector<double>& shares) {
  double sum = 0.0;
  for (double& share : shares) share = sum += share;
  for (double& share : shares) share /= sum;
}

std::size_t draw_from(const std::vector<double>& until, Random& random) {
  const auto found = std::upper_bound(until.begin(), until.end(), draw_unit(random));
  return static_cast<std::size_t>(std::min(found, until.end() - 1) - until.begin());
}

}  // namespace

tl::expected<AddressPattern, std::string> AddressPattern::parse(std::string_view text,
                                                                bool null_allowed) {
  if (null_allowed && text == "<>") return AddressPattern();  // RFC 5321, 4.5.5
  auto pattern = Pattern::parse(text);
  if (!pattern) return refuse(std::move(pattern.error()));
  if (!is_mailbox(pattern->lowest()) || !is_mailbox(pattern->highest())) {
    return refuse(std::string(text) + " is not an address");
  }
  return AddressPattern(std::move(*pattern));
}

tl::expected<WeightedNames, std::string> WeightedNames::parse(std::string_view text) {
  WeightedNames all;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t sign = part.find('=');
    const std::string_view name = trimmed(part.substr(0, sign));
    const auto weight = sign == std::string_view::npos
                            ? std::optional<double>(1.0)
                            : parse_number(trimmed(part.substr(sign + 1)));
    if (!is_domain(name) || !weight || *weight <= 0.0 || *weight > 1e9) {
      return refuse("\"" + std::string(part) + "\" is not DOMAIN=WEIGHT, as a.example=80");
    }
    all.names_.emplace_back(name);
    all.until_.push_back(*weight);
  }
  accumulate(all.until_);
  return all;
}

const std::string& WeightedNames::draw(Random& random) const {
  return names_[draw_from(until_, random)];
}

tl::expected<AddressSource, std::string> AddressSource::from_lines(std::string_view lines,
                                                                   const std::string& name) {
  AddressSource source;
  std::size_t number = 0;
  for (std::string_view line : split(lines, '\n')) {
    ++number;
    line = trimmed(line);
    if (line.empty()) continue;
    if (!is_mailbox(std::string(line))) {
      return refuse(name + ":" + std::to_string(number) + ": \"" + std::string(line) +
                    "\" is not an address");
    }
    source.list_.emplace_back(line);
    source.lines_.push_back(number);
  }
  if (source.list_.empty()) return refuse(name + " has no address in it");
  return source;
}

void AddressSource::append(std::string& to, std::uint64_t step, Random& random) const {
  const std::size_t begin = to.size();
  if (list_.empty()) {
    pattern_.append(to, step, random);
  } else {
    to += list_[step % list_.size()];
  }
  const std::size_t at = domains_.empty() ? std::string::npos : to.rfind('@');
  if (at == std::string::npos || at < begin) return;
  to.erase(at + 1);
  to += domains_.draw(random);
}

std::vector<std::pair<std::string, std::size_t>> AddressSource::of_each_domain() const {
  std::vector<std::pair<std::string, std::size_t>> all;
  for (const std::string& name : domains_.names()) all.emplace_back("anybody@" + name, 0);
  if (!all.empty()) return all;
  for (std::size_t i = 0; i < list_.size(); ++i) all.emplace_back(list_[i], lines_[i]);
  if (!all.empty()) return all;
  return {{pattern_.lowest(), 0}, {pattern_.highest(), 0}};
}

bool AddressSource::any_utf8() const {
  // Of an address whose domain is replaced, the local part alone is seen.
  const auto seen = [this](std::string_view address) {
    return domains_.empty() ? address : address.substr(0, address.rfind('@'));
  };
  const auto utf8 = [&seen](const std::string& address) { return !is_ascii(seen(address)); };
  const auto& names = domains_.names();
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& n) { return !is_ascii(n); }) ||
         std::any_of(list_.begin(), list_.end(), utf8) ||
         (list_.empty() && utf8(pattern_.lowest()));
}

tl::expected<RecipientCount, std::string> RecipientCount::parse(std::string_view text) {
  RecipientCount recipients;
  if (!text.starts_with("zipf:")) {
    const auto count = parse_count(text);
    if (!count || *count == 0 || *count > kMostRecipients) {
      return refuse("\"" + std::string(text) +
                    "\" is neither a number from 1 to 10000 nor "
                    "zipf:MAX,S");
    }
    recipients.count_ = static_cast<std::uint32_t>(*count);
    return recipients;
  }
  const auto parts = split(text.substr(5), ',');
  const auto most = parse_count(parts[0]);
  const double exponent = parts.size() == 2 ? parse_number(parts[1]).value_or(-1.0) : -1.0;
  if (!most || *most == 0 || *most > kMostRecipients || exponent < 0.0 || exponent > 20.0) {
    return refuse("\"" + std::string(text) +
                  "\" is not zipf:MAX,S with MAX from 1 to 10000 and S from 0 to 20");
  }
  for (std::uint64_t n = 1; n <= *most; ++n) {
    recipients.until_.push_back(std::pow(static_cast<double>(n), -exponent));
  }
  accumulate(recipients.until_);
  return recipients;
}

std::uint32_t RecipientCount::draw(Random& random) const {
  return fixed() ? count_ : static_cast<std::uint32_t>(draw_from(until_, random)) + 1;
}

}  // namespace smtpmark::loadgen
