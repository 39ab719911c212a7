// What a run is to do.
#ifndef SMTPMARK_LOADGEN_PLAN_H_
#define SMTPMARK_LOADGEN_PLAN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "io/address.h"
#include "io/tls_context.h"

namespace smtpmark::loadgen {

// What a port is for; each has its customs about TLS and AUTH.
enum class Role : std::uint8_t {
  kRelay,        // 25: RFC 5321
  kSubmission,   // 587: RFC 6409
  kSubmissions,  // 465: RFC 8314
};
std::string_view to_string(Role role) noexcept;

enum class TlsPolicy : std::uint8_t {
  kNone,           // never
  kOpportunistic,  // STARTTLS where it is offered
  kRequired,       // STARTTLS, or the session fails: never plaintext
  kImplicit,       // TLS from the first octet
};
std::string_view to_string(TlsPolicy policy) noexcept;

enum class AuthChoice : std::uint8_t { kNone, kAuto, kPlain, kLogin };
std::string_view to_string(AuthChoice choice) noexcept;

// The dialogue of every session of one run.
struct SessionPlan {
  Role role = Role::kRelay;
  TlsPolicy tls = TlsPolicy::kOpportunistic;
  AuthChoice auth = AuthChoice::kNone;
  bool auth_without_tls = false;
  std::string user;
  std::string password;
  std::string helo_name = "client.example.com";
  std::string sender = "load@example.com";
  std::string recipient = "sink@example.com";
  std::uint32_t recipients = 1;               // a message
  std::uint64_t messages_per_connection = 1;  // 0: sessions without a message
  std::uint64_t message_size = 1024;          // octets before dot-stuffing
  std::uint64_t timeout_ns = 30'000'000'000;  // for each reply
};

// How much of it, and how fast.
struct LoadPlan {
  std::uint32_t connections = 100;
  std::uint32_t threads = 1;
  double rate_per_s = 0.0;        // 0: closed loop. Messages, or sessions without messages
  std::uint64_t duration_ns = 0;  // behind the warm-up; 0: until the count is reached
  std::uint64_t warmup_ns = 0;
  std::uint64_t count = 0;  // messages, or sessions without messages; 0: unlimited
  int first_cpu = -1;       // pin thread i to CPU first_cpu + i; -1: not pinned
};

struct RunPlan {
  std::string name;
  io::Address target;
  std::string target_text;
  SessionPlan session;
  LoadPlan load;
  io::TlsClientOptions tls;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PLAN_H_
