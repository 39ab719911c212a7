#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "loadgen/tls_sweep.h"

namespace smtpmark::loadgen {

using nlohmann::json;

namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr double kAllResumed = 0.9;  // of the handshakes: the first of each connection are full

bool same_place(const json& a, const json& b) {
  const auto same = [&](const char* key) { return a.at(key) == b.at(key); };
  return same("role") && same("version") && same("group") && same("certificate");
}

// Of a cell in which something was measured.
std::string number(const json& cell, const char* figure) {
  const json& value = cell.at(figure);
  const bool unknown = value.is_null() || cell.at("tls_handshakes").get<std::uint64_t>() == 0;
  return unknown ? "-" : fmt::format("{:.0f}", value.get<double>());
}

std::string median(const json& ratio) {
  return ratio.is_null() ? "-" : fmt::format("{:.2f}", ratio.at("median").get<double>());
}

std::string certificate_of(const json& cell) {
  if (!cell.at("certificate").is_null()) return cell.at("certificate").get<std::string>();
  const json& kinds = cell.at("negotiated");
  return kinds.empty() ? "-" : kinds.at(0).at("peer_key").get<std::string>();
}

// What the figures of a cell do not mean; empty: they mean what its row says.
std::string doubt(const json& cell) {
  const std::string group = cell.at("group").get<std::string>();
  for (const json& kind : cell.at("negotiated")) {
    const std::string used = kind.at("group").get<std::string>();
    if (used != group) {
      return fmt::format("{} was negotiated in place of {}", used.empty() ? "no group" : used,
                         group);
    }
  }
  const auto all = cell.at("tls_handshakes").get<double>();
  if (all == 0.0) return "no handshake ended within the measured part: nothing was measured";
  const auto resumed = cell.at("tls_resumed").get<double>();
  if (cell.at("resumed").get<bool>() && resumed < all * kAllResumed) {
    return fmt::format("{:.0f} of {:.0f} handshakes were resumed, {} tickets refused", resumed, all,
                       cell.at("tls_stale").get<std::uint64_t>());
  }
  return {};
}

void render_figures(Out out, const json* cell) {
  if (cell == nullptr) {
    fmt::format_to(out, "{:>9}{:>8}{:>8}  ", "", "", "");
    return;
  }
  fmt::format_to(out, "{:>9}{:>8}{:>8}{}", number(*cell, "handshakes_per_s"),
                 number(*cell, "client_us"), number(*cell, "server_us"),
                 doubt(*cell).empty() ? "  " : " *");
}

// A full cell and the resumed one of the same place, or one of both.
void render_row(Out out, const json* full, const json* resumed, const json& ratios) {
  const json& cell = full != nullptr ? *full : *resumed;
  fmt::format_to(out, "{:<13}{:<5}{:<12}{:<16}", cell.at("role").get<std::string>(),
                 cell.at("version").get<std::string>(), certificate_of(cell),
                 cell.at("group").get<std::string>());
  render_figures(out, full);
  render_figures(out, resumed);
  for (const json& one : ratios) {
    if (full == nullptr || resumed == nullptr || !same_place(one, cell)) continue;
    const json& cpu = one.at("cpu_us").is_null() ? one.at("client_us") : one.at("cpu_us");
    fmt::format_to(out, "{:>8}{:>8}", median(one.at("handshakes_per_s")), median(cpu));
  }
  *out++ = '\n';
}

void render_doubts(Out out, const json& matrix) {
  for (const json& cell : matrix) {
    const std::string failure = cell.at("failure").get<std::string>();
    const std::string text = doubt(cell);
    const std::string name = fmt::format(
        "{}, TLS {}, {}, {}, {}", cell.at("role").get<std::string>(),
        cell.at("version").get<std::string>(), certificate_of(cell),
        cell.at("group").get<std::string>(), cell.at("resumed").get<bool>() ? "resumed" : "full");
    if (!text.empty()) fmt::format_to(out, "* {}: {}\n", name, text);
    if (failure.empty()) continue;
    fmt::format_to(out, "{}: {} errors, most of them {}\n", name,
                   cell.at("errors").get<std::uint64_t>(), failure);
  }
}

}  // namespace

std::string render_tls_matrix(const json& result) {
  const json& matrix = result.at("tls_matrix");
  std::string text;
  Out out = std::back_inserter(text);
  fmt::format_to(out, "{:<46}{:>9}{:>16}  {:>9}{:>16}  {:>16}\n", "", "full:", "CPU us each",
                 "resumed:", "CPU us each", "resumed / full");
  fmt::format_to(out, "{:<13}{:<5}{:<12}{:<16}{:>9}{:>8}{:>8}  {:>9}{:>8}{:>8}  {:>8}{:>8}\n",
                 "handshakes", "TLS", "certificate", "group", "/s", "client", "server", "/s",
                 "client", "server", "/s", "CPU");
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const json* first = &matrix.at(i);
    const bool pair = i + 1 < matrix.size() && same_place(*first, matrix.at(i + 1)) &&
                      !first->at("resumed").get<bool>();
    const json* second = pair ? &matrix.at(++i) : nullptr;
    if (second == nullptr && first->at("resumed").get<bool>()) std::swap(first, second);
    render_row(out, first, second, result.at("tls_resumption"));
  }
  *out++ = '\n';
  render_doubts(out, matrix);
  return text;
}

}  // namespace smtpmark::loadgen
