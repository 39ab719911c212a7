#include "loadgen/extensions.h"

#include <CLI/CLI.hpp>
#include <array>
#include <bit>
#include <utility>

#include "parser/capabilities.h"
#include "parser/command_parser.h"

namespace smtpmark::loadgen {

namespace {

constexpr auto kDefinedBy = std::to_array<std::pair<std::uint32_t, std::uint64_t>>(
    {{parser::kParamSize, parser::kCapSize},
     {parser::kParamBody, parser::kCap8bitMime | parser::kCapBinaryMime},
     {parser::kParamSmtpUtf8, parser::kCapSmtpUtf8},
     {parser::kParamRet, parser::kCapDsn},
     {parser::kParamEnvid, parser::kCapDsn},
     {parser::kParamNotify, parser::kCapDsn},
     {parser::kParamOrcpt, parser::kCapDsn},
     {parser::kParamAuth, parser::kCapAuth},
     {parser::kParamBy, parser::kCapDeliverBy},
     {parser::kParamHoldFor, parser::kCapFutureRelease},
     {parser::kParamHoldUntil, parser::kCapFutureRelease},
     {parser::kParamMtrk, parser::kCapMtrk},
     {parser::kParamMtPriority, parser::kCapMtPriority},
     {parser::kParamRrvs, parser::kCapRrvs},
     {parser::kParamRequireTls, parser::kCapRequireTls}});

}  // namespace

tl::expected<std::uint64_t, std::string> parse_extensions(const std::string& option,
                                                          const std::string& text) {
  std::uint64_t bits = 0;
  if (text.empty()) return bits;
  for (const std::string& keyword : CLI::detail::split(text, ',')) {
    parser::Capabilities known;
    const parser::Capability capability = known.add(std::string_view(keyword)).capability;
    if (capability == parser::kCapNone || keyword.find(' ') != std::string::npos) {
      return tl::unexpected(option + " " + keyword + " is not the keyword of a known extension");
    }
    bits |= capability;
  }
  return bits;
}

std::string keywords_of(std::uint64_t capabilities) {
  std::string text;
  for (; capabilities != 0; capabilities &= capabilities - 1) {
    if (!text.empty()) text += ", ";
    text += to_string(static_cast<parser::Capability>(1ULL << std::countr_zero(capabilities)));
  }
  return text;
}

std::uint32_t parameters_of(std::uint64_t extensions) noexcept {
  std::uint32_t parameters = 0;
  for (const auto& [parameter, extension] : kDefinedBy) {
    if ((extensions & extension) != 0) parameters |= parameter;
  }
  return parameters;
}

}  // namespace smtpmark::loadgen
