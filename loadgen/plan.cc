#include "loadgen/plan.h"

namespace smtpmark::loadgen {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::kRelay: return "relay";
    case Role::kSubmission: return "submission";
    case Role::kSubmissions: return "submissions";
  }
  return "relay";
}

std::string_view to_string(TlsPolicy policy) noexcept {
  switch (policy) {
    case TlsPolicy::kNone: return "none";
    case TlsPolicy::kOpportunistic: return "opportunistic";
    case TlsPolicy::kRequired: return "required";
    case TlsPolicy::kImplicit: return "implicit";
  }
  return "none";
}

std::string_view to_string(AuthChoice choice) noexcept {
  switch (choice) {
    case AuthChoice::kNone: return "none";
    case AuthChoice::kAuto: return "auto";
    case AuthChoice::kPlain: return "plain";
    case AuthChoice::kLogin: return "login";
  }
  return "none";
}

}  // namespace smtpmark::loadgen
