#include "parser/leniency.h"

namespace smtpmark::parser {
namespace {

constexpr Leniencies all_leniencies() noexcept {
  Leniencies all = 0;
  for (const Leniency leniency : kAllLeniencies) all |= leniency;
  return all;
}

constexpr Leniencies kPostfixLeniencies = kAllowBareLf | kAllowExtraSpace | kAllowSpaceAfterColon |
                                          kAllowNoBrackets | kAllowNoDomain | kAllowOddDots |
                                          kAllowUnderscore | kAllowTrailingDot | kAllowNoSmtpUtf8 |
                                          kAllowAnyHello | kAllowLongLine | kAllowHeloLiteral;

}  // namespace

std::string_view to_string(Leniency leniency) noexcept {
  switch (leniency) {
    case kAllowBareLf: return "bare-lf";
    case kAllowExtraSpace: return "extra-space";
    case kAllowSpaceAfterColon: return "space-after-colon";
    case kAllowNoBrackets: return "no-brackets";
    case kAllowNoDomain: return "no-domain";
    case kAllowOddDots: return "odd-dots";
    case kAllowUnderscore: return "underscore";
    case kAllowTrailingDot: return "trailing-dot";
    case kAllowAnyLiteral: return "any-literal";
    case kAllowNoSmtpUtf8: return "no-smtputf8";
    case kAllowAnyHello: return "any-hello";
    case kAllowNoHello: return "no-hello";
    case kAllowArgument: return "argument";
    case kAllowLongLine: return "long-line";
    case kAllowHeloLiteral: return "helo-literal";
  }
  return "unknown";
}

std::string_view to_string(Profile profile) noexcept {
  switch (profile) {
    case Profile::kStrict: return "strict";
    case Profile::kPostfixLike: return "postfix-like";
    case Profile::kPermissive: return "permissive";
  }
  return "unknown";
}

Leniencies leniencies_of(Profile profile) noexcept {
  switch (profile) {
    case Profile::kStrict: return 0;
    case Profile::kPostfixLike: return kPostfixLeniencies;
    case Profile::kPermissive: return all_leniencies();
  }
  return 0;
}

}  // namespace smtpmark::parser
