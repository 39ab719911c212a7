#include "loadgen/auth_plan.h"

#include <algorithm>
#include <utility>

namespace smtpmark::loadgen {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<parser::AuthMechanism> mechanism_of(std::string_view name) {
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    if (same_word(name, parser::to_string(mechanism))) return mechanism;
  }
  return std::nullopt;
}

std::string describe(MechanismSet set) {
  if (set == 0) return "none";
  if (set == kAllMechanisms) return "auto";
  std::string text;
  for (const parser::AuthMechanism mechanism : kMechanisms) {
    if ((set & mechanism) == 0) continue;
    if (!text.empty()) text += ',';
    for (const char c : parser::to_string(mechanism)) text += lower(c);
  }
  return text;
}

std::string_view to_string(InitialResponse when) noexcept {
  switch (when) {
    case InitialResponse::kAuto: return "auto";
    case InitialResponse::kAlways: return "always";
    case InitialResponse::kNever: return "never";
  }
  return "auto";
}

AuthPlan auth_as(MechanismSet mechanisms, std::string name, std::string password,
                 std::string token) {
  AuthPlan plan;
  plan.mechanisms = mechanisms;
  plan.users = one_user(std::move(name), std::move(password), std::move(token));
  return plan;
}

}  // namespace smtpmark::loadgen
