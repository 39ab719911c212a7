// The spans of time that a run measures.
#ifndef SMTPMARK_LOADGEN_PHASE_H_
#define SMTPMARK_LOADGEN_PHASE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smtpmark::loadgen {

enum class Phase : std::uint8_t {
  kScheduleLag,          // open loop: from the intended start to the real one
  kConnect,              // TCP handshake
  kGreeting,             // from connected (465: from the end of the TLS handshake) to the 220
  kEhlo,                 // EHLO to the last line of its reply
  kStarttls,             // STARTTLS to its 220
  kTlsHandshake,         // first ClientHello to the end of a full handshake
  kTlsHandshakeResumed,  // of one that resumes an earlier session (RFC 8446, 2.2; RFC 5077)
  kEhloTls,              // the EHLO behind STARTTLS
  kXclient,              // XCLIENT to the new greeting
  kAuth,                 // AUTH to its 235
  kAuthRejected,         // AUTH with a wrong password to its 535, where that was wanted
  kMail,
  kRcpt,                // each RCPT
  kData,                // DATA to its 354
  kBodySent,            // the 354 to the kernel's taking the last octet of the final dot
  kEndOfData,           // from there to the reply
  kReset,               // RSET behind a transaction that was refused
  kQuit,                // QUIT to its 221
  kMessage,             // MAIL to the final reply; open loop of messages: from the intended start
  kMessageUncorrected,  // open loop of messages: MAIL to the final reply, as a closed loop has it
  kSession,             // connect to 221; open loop: from the intended start
  kSessionUncorrected,  // open loop: connect to 221
};

// As in tables and JSON.
inline constexpr auto kPhaseNames = std::to_array<std::string_view>({"schedule_lag",
                                                                     "connect",
                                                                     "greeting",
                                                                     "ehlo",
                                                                     "starttls",
                                                                     "tls_handshake",
                                                                     "tls_handshake_resumed",
                                                                     "ehlo_tls",
                                                                     "xclient",
                                                                     "auth",
                                                                     "auth_rejected",
                                                                     "mail",
                                                                     "rcpt",
                                                                     "data",
                                                                     "body_sent",
                                                                     "end_of_data",
                                                                     "reset",
                                                                     "quit",
                                                                     "message",
                                                                     "message_uncorrected",
                                                                     "session",
                                                                     "session_uncorrected"});

inline constexpr std::size_t kPhaseCount = kPhaseNames.size();
static_assert(kPhaseCount == static_cast<std::size_t>(Phase::kSessionUncorrected) + 1);

constexpr std::string_view to_string(Phase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_PHASE_H_
