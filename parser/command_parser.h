// The server's side of RFC 5321: octets in, commands out.
#ifndef SMTPMARK_PARSER_COMMAND_PARSER_H_
#define SMTPMARK_PARSER_COMMAND_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/leniency.h"
#include "parser/status.h"

namespace smtpmark::parser {

enum class Verb : std::uint8_t {
  kUnknown,
  kEhlo,      // RFC 5321, 4.1.1.1
  kHelo,      // RFC 5321, 4.1.1.1
  kLhlo,      // RFC 2033, 4.1
  kMail,      // RFC 5321, 4.1.1.2
  kRcpt,      // RFC 5321, 4.1.1.3
  kData,      // RFC 5321, 4.1.1.4
  kBdat,      // RFC 3030, 2
  kRset,      // RFC 5321, 4.1.1.5
  kNoop,      // RFC 5321, 4.1.1.9
  kQuit,      // RFC 5321, 4.1.1.10
  kStarttls,  // RFC 3207, 4
  kAuth,      // RFC 4954, 4
  kVrfy,      // RFC 5321, 4.1.1.6
  kExpn,      // RFC 5321, 4.1.1.7
  kHelp,      // RFC 5321, 4.1.1.8
  kBurl,      // RFC 4468, 3.2
  kEtrn,      // RFC 1985, 5
  kAtrn,      // RFC 2645, 5
  kXclient,   // Postfix, XCLIENT_README
  kXforward,  // Postfix, XFORWARD_README
  kTurn,      // obsolete (RFC 5321, F.1)
  kSend,      // obsolete (RFC 5321, F.6); this and the next two have the syntax of MAIL
  kSoml,      // obsolete (RFC 5321, F.6)
  kSaml,      // obsolete (RFC 5321, F.6)
};

inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::kSaml) + 1;

// The verb in capitals; static storage.
std::string_view to_string(Verb verb) noexcept;

enum class DomainKind : std::uint8_t {
  kNone,     // there is no domain: "<>", "<Postmaster>"
  kName,     // labels of letters, digits and hyphens, or U-labels, which are checked as UTF-8 and
             // not against IDNA: "b.example"
  kIpv4,     // "[192.0.2.1]" (RFC 5321, 4.1.3)
  kIpv6,     // "[IPv6:2001:db8::1]"
  kGeneral,  // "[tag:content]"; with kAllowAnyLiteral also what is none of these
};

// A reverse-path or forward-path without its angle brackets (RFC 5321, 4.1.2).
struct Path {
  std::string_view mailbox;     // "local@domain"; empty for the null reverse-path
  std::string_view local_part;  // as on the wire: a quoted-string keeps its quotes and backslashes
  std::string_view domain;      // empty for "<Postmaster>"; an address literal keeps its brackets
  std::string_view source_route;  // "@a,@b" of "<@a,@b:c@d>": accepted and ignored; mostly empty
  DomainKind domain_kind = DomainKind::kNone;
  bool is_quoted = false;   // the local part is a quoted-string
  bool is_escaped = false;  // and it holds quoted-pairs, so that only a copy can be decoded
  bool is_utf8 = false;     // something in the path, its route included, is not ASCII (RFC 6531)

  // The local part without its quotes. Unless `is_escaped` this is the local part decoded.
  constexpr std::string_view unquoted() const noexcept {
    if (!is_quoted) return local_part;
    return {local_part.data() + 1, local_part.size() - 2};
  }
};

// Writes the local part without quotes and quoted-pairs to `out`, which must hold
// path.local_part.size() octets. Returns how many were written.
std::size_t decode_local_part(const Path& path, char* out) noexcept;

// Writes `xtext` (RFC 3461, 4) with each "+41" replaced by the octet it stands for to `out`, which
// must hold xtext.size() octets. Returns how many were written. Of a line that was not rejected the
// result is printable US-ASCII; of AUTH=, XCLIENT and XFORWARD it may hold octets above 127 too.
std::size_t decode_xtext(std::string_view xtext, char* out) noexcept;

// Writes what the address of an ORCPT stands for to `out`, which must hold address.size() octets:
// xtext decoded, or, where `type` is "utf-8", the address with each "\x{20AC}" replaced by its
// character in UTF-8 (RFC 6533, 3). Returns how many were written.
std::size_t decode_orcpt(std::string_view type, std::string_view address, char* out) noexcept;

enum class BodyType : std::uint8_t { k7bit, k8bitMime, kBinaryMime };  // RFC 6152, RFC 3030

// What becomes of a message that is late (RFC 2852, 4).
enum class ByMode : std::uint8_t { kReturn, kNotify };

// What to do with the message when the next server does not know RRVS (RFC 7293, 3.1); unspecified
// means to reject.
enum class RrvsAction : std::uint8_t { kUnspecified, kContinue, kReject };

// Which parameters of MAIL or RCPT were given: bits of Command::parameters_present.
enum Parameter : std::uint32_t {
  kParamSize = 1U << 0,         // MAIL: RFC 1870
  kParamBody = 1U << 1,         // MAIL: RFC 6152, RFC 3030
  kParamSmtpUtf8 = 1U << 2,     // MAIL: RFC 6531
  kParamRet = 1U << 3,          // MAIL: RFC 3461
  kParamEnvid = 1U << 4,        // MAIL: RFC 3461
  kParamNotify = 1U << 5,       // RCPT: RFC 3461
  kParamOrcpt = 1U << 6,        // RCPT: RFC 3461
  kParamAuth = 1U << 7,         // MAIL: RFC 4954, 5
  kParamBy = 1U << 8,           // MAIL: RFC 2852
  kParamHoldFor = 1U << 9,      // MAIL: RFC 4865; one of these two
  kParamHoldUntil = 1U << 10,   // MAIL: RFC 4865
  kParamMtrk = 1U << 11,        // MAIL: RFC 3885
  kParamMtPriority = 1U << 12,  // MAIL: RFC 6710
  kParamRrvs = 1U << 13,        // RCPT: RFC 7293
  kParamRequireTls = 1U << 14,  // MAIL: RFC 8689
  kParamUnknown = 1U << 31,     // at least one that is none of these: see RawParameters
};

// NOTIFY (RFC 3461, 4.1) as bits; kNotifyNever stands alone.
enum Notify : std::uint8_t {
  kNotifyNever = 1,
  kNotifySuccess = 2,
  kNotifyFailure = 4,
  kNotifyDelay = 8,
};

// One command line. Which members mean something depends on `verb`; of the others `argument`,
// `parameters`, `parameters_present` and `initial_response` are empty, and the rest holds what an
// earlier line left there. So do all but the first four, and those of BDAT, after a rejection. All
// views: see status.h.
//
// error_offset is where the octets stop being the beginning of any line the grammar has. It is the
// first octet beyond a limit that is broken, the first one of a parameter that is given twice or
// belongs to another command, the first one that is not ASCII when SMTPUTF8 is missing, and 0 for
// an unknown command. A CR, LF or NUL inside a line outranks whatever else is wrong with it, but
// its length: a line over its limit is kLineTooLong, whatever it holds.
struct Command {
  Verb verb = Verb::kUnknown;
  SyntaxError error = SyntaxError::kNone;  // of a rejected line
  std::uint32_t error_offset = 0;          // octets from the start of the line

  std::string_view line;  // without its line end; empty when the line was too long
  // EHLO, HELO, LHLO: the domain or literal; VRFY, EXPN, HELP, NOOP: the string, which may be any
  // words ("<a@b> SMTPUTF8"), more than RFC 5321, 4.1.2 has; AUTH: the mechanism; BURL: the URL;
  // ETRN: the node; ATRN: the domains, "a,b"; TURN, DATA, RSET, QUIT, STARTTLS: what kAllowArgument
  // let pass. Empty when there is none.
  std::string_view argument;
  DomainKind hello_kind = DomainKind::kNone;  // EHLO, HELO, LHLO: what `argument` is; kNone when it
                                              // is only text, or nothing, by leniency

  // MAIL, RCPT, SEND, SOML, SAML
  Path path;
  std::string_view parameters;           // all of them, raw: "SIZE=10 BODY=8BITMIME"; see
                                         // RawParameters. XCLIENT, XFORWARD: the attributes
  std::uint32_t parameters_present = 0;  // bits of Parameter; a member below is set with its bit
  std::uint64_t size = 0;                // SIZE, octets
  BodyType body = BodyType::k7bit;
  bool ret_full = false;             // RET=FULL against RET=HDRS
  std::uint8_t notify = 0;           // bits of Notify
  ByMode by_mode = ByMode::kReturn;  // BY
  bool by_trace = false;
  std::int8_t mt_priority = 0;  // -9 to 9
  RrvsAction rrvs_action = RrvsAction::kUnspecified;
  std::int32_t by_s = 0;           // BY, seconds; above 0 with ByMode::kReturn
  std::uint32_t hold_for_s = 0;    // HOLDFOR, seconds, 1 to 999999999
  std::uint32_t mtrk_s = 0;        // MTRK, seconds; 0 when it has no time-out
  std::int64_t hold_until_s = 0;   // HOLDUNTIL, seconds since 1970-01-01T00:00:00Z, fractions cut
  std::int64_t rrvs_since_s = 0;   // RRVS, the same, without fractions
  std::string_view envid;          // xtext, still encoded; up to 100 octets
  std::string_view orcpt;          // "rfc822;xtext", still encoded; up to 500 octets
  std::string_view orcpt_type;     // "rfc822"
  std::string_view orcpt_address;  // "xtext", still encoded: decode_orcpt(); may be UTF-8 when the
                                   // type is "utf-8"
  std::string_view auth_param;     // AUTH=: xtext or "<>"
  std::string_view mtrk;           // MTRK, the certifier: base64 without "="

  // BDAT; BURL has chunk_last too. A rejected BDAT still consumes the octets it announces (RFC
  // 3030, 2), so its size is told whenever a number stands behind "BDAT " and ends at white space
  // or at the line end. When even that is not so, or the line is too long, nobody knows how many
  // octets follow: reply and close the connection, for what comes next may be part of a message.
  std::uint64_t chunk_size = 0;   // octets that follow the line; 0 where that is not known
  bool chunk_last = false;        // unspecified when the BDAT is rejected
  bool chunk_size_known = false;  // true for every BDAT that is not rejected

  // AUTH
  std::string_view initial_response;  // base64 or "="; without one it has no data()
};

// Whether what follows `command` may be something else than a command, so that the caller must
// look before it feeds the parser again: after STARTTLS a TLS handshake (and what was pipelined
// behind it must be dropped, RFC 3207, 4.2), after DATA a message, after BDAT a chunk, after AUTH
// what feed_auth_response() takes, after BURL, XCLIENT, ATRN and QUIT nothing until the reply.
// feed() has consumed the line to its end and not an octet more. Of a rejected line only a BDAT
// pauses: see Command::chunk_size_known.
bool pauses(const Command& command) noexcept;

// One parameter of MAIL or RCPT, or one attribute of XCLIENT or XFORWARD.
struct RawParameter {
  std::string_view keyword;
  std::string_view value;  // empty when there is none; as on the wire
};

// The parameters of Command::parameters in their order, known and unknown:
//   for (const RawParameter parameter : RawParameters(command.parameters)) ...
class RawParameters {
 public:
  class Iterator {
   public:
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { advance(); }
    const RawParameter& operator*() const noexcept { return parameter_; }
    Iterator& operator++() noexcept {
      advance();
      return *this;
    }
    bool operator==(const Iterator& other) const noexcept {
      return parameter_.keyword.data() == other.parameter_.keyword.data();
    }

   private:
    void advance() noexcept;

    std::string_view rest_;
    RawParameter parameter_;
  };

  explicit RawParameters(std::string_view parameters) noexcept : parameters_(parameters) {}
  template <OwningTemporary Bytes>  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  explicit RawParameters(Bytes&&) = delete;  // views into a temporary would dangle
  Iterator begin() const noexcept { return Iterator(parameters_); }
  Iterator end() const noexcept { return Iterator({}); }

 private:
  std::string_view parameters_;
};

// Parameters that are none of those in Parameter are compared with each other too; so that no line
// takes long, MAIL and RCPT may hold this many of them (kTooManyParameters). So may XCLIENT and
// XFORWARD attributes.
inline constexpr std::size_t kMaxUnknownParameters = 32;

// What a client says while an AUTH goes on (RFC 4954, 4).
struct AuthResponse {
  bool cancelled = false;                  // "*"
  SyntaxError error = SyntaxError::kNone;  // of a rejected line
  std::uint32_t error_offset = 0;          // octets from the start of the line
  std::string_view base64;                 // may be empty
};

// The longest lines accepted, CRLF included, in octets.
inline constexpr std::uint32_t kMaxCommandLine = 512;  // RFC 5321, 4.5.3.1.4
inline constexpr std::uint32_t kMaxMailLine =
    kMaxCommandLine + 26  // SIZE (RFC 1870, 3)
    + 17                  // BODY (RFC 6152, 2)
    + 10                  // SMTPUTF8 (RFC 6531, 3.1)
    + 116                 // " RET=FULL", " ENVID=" and its 100 octets (RFC 3461, 4.4)
    + 500                 // AUTH= (RFC 4954, 3)
    + 17                  // BY (RFC 2852, 2)
    + 34                  // HOLDFOR, HOLDUNTIL (RFC 4865, 3)
    + 40                  // MTRK (RFC 3885, 3)
    + 15                  // MT-PRIORITY (RFC 6710, 3)
    + 11;                 // REQUIRETLS (RFC 8689, 2)
inline constexpr std::uint32_t kMaxRcptLine = kMaxCommandLine +
                                              29  // " NOTIFY=SUCCESS,FAILURE,DELAY" (RFC 3461, 4.1)
                                              + 507  // " ORCPT=" and its 500 octets (RFC 3461, 4.2)
                                              + 33;  // RRVS (RFC 7293, 3.1)
inline constexpr std::uint32_t kMaxAuthLine = 12288;    // RFC 4954, 4; also the longest of all
inline constexpr std::uint32_t kMaxLenientLine = 2048;  // of every other one: kAllowLongLine

// The limit of a line that begins with `verb`; MAIL's for SEND, SOML and SAML.
std::uint32_t max_line(Verb verb, Leniencies leniencies = 0) noexcept;

// A resumable parser of command lines; no allocation, no copy. Contract: status.h.
//
// Strict unless told otherwise (leniency.h): a line ends with CRLF and with nothing else. A
// rejected line is consumed to its end, so that the next call begins with the next command and no
// tail of a bad line is ever taken for one; no error is sticky. A line over its limit is consumed
// as it comes, so that `bytes` never has to hold more than kMaxAuthLine octets.
//
// The parser knows lines, not transactions: it takes commands in any order, and leaves to the
// caller that a RCPT with Path::is_utf8 needs a MAIL with SMTPUTF8 before it.
class CommandParser {
 public:
  CommandParser() = default;
  explicit CommandParser(Leniencies leniencies) noexcept : leniencies_(leniencies) {}
  explicit CommandParser(Profile profile) noexcept : leniencies_(leniencies_of(profile)) {}

  // kReady: `command` holds a command that follows the grammar.
  // kRejected: command.error and command.error_offset say why, `verb` what it would have been.
  // kNeedMore: `command` is unspecified.
  FeedResult feed(std::string_view bytes, Command& command) noexcept;
  template <OwningTemporary Bytes>
  FeedResult feed(Bytes&&, Command&) = delete;  // views into a temporary would dangle

  // Instead of feed(), after an AUTH that was answered with 334: takes the line as the client's
  // response, base64 or "*", and never as a command, whatever it holds.
  // kReady: `response` holds it. kRejected: response.error says why; the exchange has failed.
  FeedResult feed_auth_response(std::string_view bytes, AuthResponse& response) noexcept;
  template <OwningTemporary Bytes>
  FeedResult feed_auth_response(Bytes&&, AuthResponse&) = delete;

 private:
  [[gnu::noinline]] FeedResult feed_more(std::string_view bytes, Command& command) noexcept;
  FeedResult wait(std::string_view bytes, Command& command) noexcept;
  FeedResult skip(std::string_view bytes, std::size_t from, Command& command) noexcept;
  FeedResult skip(std::string_view bytes, std::size_t from) noexcept;
  std::size_t find_end_nearby(std::string_view bytes) const noexcept;
  std::size_t find_end(std::string_view bytes, std::size_t from) const noexcept;
  void reject_too_long(Verb verb, Command& command) const noexcept;

  std::uint32_t scanned_ = 0;  // octets of the current line that were searched for its end
  Leniencies leniencies_ = 0;
  Verb verb_ = Verb::kUnknown;  // of a line that is skipped because it is too long
  bool skipping_ = false;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_COMMAND_PARSER_H_
