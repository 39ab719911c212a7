// What a server offers in its reply to EHLO (RFC 5321, 4.1.1.1), decoded line by line.
#ifndef SMTPMARK_PARSER_CAPABILITIES_H_
#define SMTPMARK_PARSER_CAPABILITIES_H_

#include <cstdint>
#include <string_view>

#include "parser/status.h"

namespace smtpmark::parser {

// Bits of Capabilities::offered and ::malformed.
enum Capability : std::uint64_t {
  kCapNone = 0,                         // a keyword that is none of these
  kCapPipelining = 1ULL << 0,           // RFC 2920
  kCapSize = 1ULL << 1,                 // RFC 1870
  kCap8bitMime = 1ULL << 2,             // RFC 6152
  kCapSmtpUtf8 = 1ULL << 3,             // RFC 6531
  kCapChunking = 1ULL << 4,             // RFC 3030
  kCapBinaryMime = 1ULL << 5,           // RFC 3030
  kCapEnhancedStatusCodes = 1ULL << 6,  // RFC 2034
  kCapStarttls = 1ULL << 7,             // RFC 3207
  kCapAuth = 1ULL << 8,                 // RFC 4954
  kCapDsn = 1ULL << 9,                  // RFC 3461
  kCapDeliverBy = 1ULL << 10,           // RFC 2852
  kCapFutureRelease = 1ULL << 11,       // RFC 4865
  kCapMtrk = 1ULL << 12,                // RFC 3885
  kCapMtPriority = 1ULL << 13,          // RFC 6710
  kCapRrvs = 1ULL << 14,                // RFC 7293
  kCapRequireTls = 1ULL << 15,          // RFC 8689
  kCapLimits = 1ULL << 16,              // RFC 9422
  kCapBurl = 1ULL << 17,                // RFC 4468
  kCapEtrn = 1ULL << 18,                // RFC 1985
  kCapAtrn = 1ULL << 19,                // RFC 2645
  kCapXclient = 1ULL << 20,             // Postfix, XCLIENT_README
  kCapXforward = 1ULL << 21,            // Postfix, XFORWARD_README
  kCapHelp = 1ULL << 22,                // RFC 5321, 4.1.1.8
  kCapExpn = 1ULL << 23,                // RFC 5321, 4.1.1.7
  kCapVrfy = 1ULL << 24,                // RFC 5321, 4.1.1.6
  kCapNoSoliciting = 1ULL << 25,        // RFC 3865
  kCapCheckpoint = 1ULL << 26,          // RFC 1845
  kCapConneg = 1ULL << 27,              // RFC 4141
  kCapConperm = 1ULL << 28,             // RFC 4141
  kCapSubmitter = 1ULL << 29,           // RFC 4405
  kCapTurn = 1ULL << 30,                // RFC 5321, F.1
  kCapSend = 1ULL << 31,                // RFC 5321, F.6
  kCapSoml = 1ULL << 32,                // RFC 5321, F.6
  kCapSaml = 1ULL << 33,                // RFC 5321, F.6
};

// The keyword of one bit, as "8BITMIME"; "" for kCapNone. Static storage.
std::string_view to_string(Capability capability) noexcept;

// Bits of Capabilities::mechanisms.
enum AuthMechanism : std::uint32_t {
  kAuthPlain = 1U << 0,  // RFC 4616
  kAuthLogin = 1U << 1,
  kAuthCramMd5 = 1U << 2,      // RFC 2195
  kAuthScramSha1 = 1U << 3,    // RFC 5802
  kAuthScramSha256 = 1U << 4,  // RFC 7677
  kAuthXoauth2 = 1U << 5,
  kAuthOauthBearer = 1U << 6,      // RFC 7628
  kAuthScramSha1Plus = 1U << 7,    // RFC 5802
  kAuthScramSha256Plus = 1U << 8,  // RFC 7677
  kAuthScramSha512 = 1U << 9,
  kAuthScramSha512Plus = 1U << 10,
  kAuthExternal = 1U << 11,   // RFC 4422
  kAuthGssapi = 1U << 12,     // RFC 4752
  kAuthAnonymous = 1U << 13,  // RFC 4505
  kAuthNtlm = 1U << 14,
  kAuthDigestMd5 = 1U << 15,    // RFC 2831, made historic by 6331
  kAuthGs2Krb5 = 1U << 16,      // RFC 5801
  kAuthGs2Krb5Plus = 1U << 17,  // RFC 5801
  kAuthUnknown = 1U << 31,      // at least one that is none of these
};

// The name of one bit, as "SCRAM-SHA-256"; "" for kAuthUnknown. Static storage.
std::string_view to_string(AuthMechanism mechanism) noexcept;

// Attributes of XCLIENT and XFORWARD: bits of Capabilities::xclient and ::xforward.
enum ProxyAttribute : std::uint16_t {
  kProxyName = 1U << 0,
  kProxyAddr = 1U << 1,
  kProxyPort = 1U << 2,
  kProxyProto = 1U << 3,
  kProxyHelo = 1U << 4,
  kProxyLogin = 1U << 5,     // XCLIENT
  kProxyDestAddr = 1U << 6,  // XCLIENT
  kProxyDestPort = 1U << 7,  // XCLIENT
  kProxyIdent = 1U << 8,     // XFORWARD
  kProxySource = 1U << 9,    // XFORWARD
  kProxyUnknown = 1U << 15,  // at least one that is none of these
};

// How the values of MT-PRIORITY are assigned (RFC 6710, 9.2; RFC 6758, annexes).
enum class PriorityProfile : std::uint8_t { kNone, kMixer, kStanag4406, kNsep, kOther };

// One line of an EHLO reply. Views: see status.h.
struct CapabilityLine {
  Capability capability = kCapNone;
  SyntaxError error = SyntaxError::kNone;  // kBadSyntax: not a keyword; kBadParameter,
                                           // kNumberOverflow: a value that its RFC does not allow
  std::uint32_t error_offset = 0;          // octets from the start of the text
  std::string_view keyword;                // as on the wire
  std::string_view value;  // what follows the keyword, without the white space around it
};

// All that the lines of one EHLO reply said. Numbers are 0 where nothing was said or where what was
// said is malformed: then the bit in `malformed` is set. Begin with a new object for each reply to
// EHLO: what an earlier one offered is forgotten (behind STARTTLS, RFC 3207, 4.2; RFC 9422, 3.6).
struct Capabilities {
  std::uint64_t offered = 0;     // bits of Capability
  std::uint64_t malformed = 0;   // bits of Capability: offered, with a value its RFC does not allow
  std::uint64_t size_limit = 0;  // SIZE: octets; 0 is no limit (RFC 1870, 3)
  std::uint64_t hold_until_max_s = 0;  // FUTURERELEASE: latest time, seconds since 1970 UTC
  std::uint32_t hold_for_max_s = 0;    // FUTURERELEASE: longest interval
  std::uint32_t deliver_by_min_s = 0;  // DELIVERBY: shortest time that may be asked for
  std::uint32_t mechanisms = 0;        // AUTH: bits of AuthMechanism
  std::uint32_t mail_max = 0;          // LIMITS MAILMAX: transactions (MAIL) of a session
  std::uint32_t rcpt_max = 0;          // LIMITS RCPTMAX: RCPT commands of a transaction
  std::uint32_t rcpt_domain_max = 0;   // LIMITS RCPTDOMAINMAX: recipient domains of a session
  std::uint16_t xclient = 0;           // XCLIENT: bits of ProxyAttribute
  std::uint16_t xforward = 0;          // XFORWARD: bits of ProxyAttribute
  PriorityProfile priority_profile = PriorityProfile::kNone;  // MT-PRIORITY
  bool burl_imap = false;  // BURL imap: any IMAP server that has been made known (RFC 4468, 3.2)

  bool has(Capability capability) const noexcept { return (offered & capability) != 0; }

  // Takes the text of one line of the EHLO reply that is not its first (that one is the greeting).
  // Keywords and mechanisms are matched without regard to case; words stand apart by any run of SP
  // and HTAB. An unknown keyword is no error, and the values of a keyword that has none are
  // ignored. The obsolete "AUTH=" form is not taken for AUTH. A later line of the same keyword
  // overrides the numbers of an earlier one and adds to its sets. Of LIMITS, what does not follow
  // its grammar says nothing at all, and one wrong number takes no other along (RFC 9422, 3.7).
  CapabilityLine add(std::string_view text) noexcept;
  template <OwningTemporary Bytes>
  CapabilityLine add(Bytes&&) = delete;  // views into a temporary would dangle
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_CAPABILITIES_H_
