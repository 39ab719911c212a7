// The server's side of RFC 5321: octets in, commands out.
#ifndef SMTPMARK_PARSER_COMMAND_PARSER_H_
#define SMTPMARK_PARSER_COMMAND_PARSER_H_

#include <cstdint>
#include <string>
#include <string_view>

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
};

// The verb in capitals; static storage.
std::string_view to_string(Verb verb) noexcept;

// A reverse-path or forward-path without its angle brackets (RFC 5321, 4.1.2).
struct Path {
  std::string_view mailbox;     // "local@domain"; empty for the null reverse-path
  std::string_view local_part;  // as on the wire: a quoted-string keeps its quotes and backslashes
  std::string_view domain;      // empty for "<Postmaster>"; an address literal keeps its brackets
  std::string_view source_route;  // "@a,@b" of "<@a,@b:c@d>": accepted and ignored; mostly empty
};

enum class BodyType : std::uint8_t { k7bit, k8bitMime, kBinaryMime };  // RFC 6152, RFC 3030

// Which parameters of MAIL or RCPT were given: bits of Command::parameters_present.
enum Parameter : std::uint32_t {
  kParamSize = 1U << 0,      // RFC 1870
  kParamBody = 1U << 1,      // RFC 6152
  kParamSmtpUtf8 = 1U << 2,  // RFC 6531
  kParamRet = 1U << 3,       // RFC 3461
  kParamEnvid = 1U << 4,     // RFC 3461
  kParamNotify = 1U << 5,    // RFC 3461
  kParamOrcpt = 1U << 6,     // RFC 3461
  kParamAuth = 1U << 7,      // RFC 4954, 5
  kParamUnknown = 1U << 31,  // at least one that is none of these: see Command::parameters
};

// NOTIFY (RFC 3461, 4.1) as bits; kNotifyNever stands alone.
enum Notify : std::uint8_t {
  kNotifyNever = 1,
  kNotifySuccess = 2,
  kNotifyFailure = 4,
  kNotifyDelay = 8,
};

// One command line. Which members mean something depends on `verb`; the others hold what an
// earlier line left there. All views: see status.h.
//
// error_offset is where the octets stop being the beginning of any line the grammar has. It is the
// first octet beyond a limit that is broken, the first one of a parameter that is given twice or
// belongs to another command, and 0 for an unknown command. A CR, LF or NUL inside a line outranks
// whatever else is wrong with it. Unknown parameters are not compared with each other.
struct Command {
  Verb verb = Verb::kUnknown;
  SyntaxError error = SyntaxError::kNone;  // of a rejected line
  std::uint32_t error_offset = 0;          // octets from the start of the line

  std::string_view line;      // without its line end; empty when the line was too long
  std::string_view argument;  // EHLO, HELO, LHLO: the domain or literal; VRFY, EXPN, HELP, NOOP:
                              // the string; AUTH: the mechanism. Empty when there is none

  // MAIL, RCPT
  Path path;
  std::string_view parameters;           // all of them, raw: "SIZE=10 BODY=8BITMIME"
  std::uint32_t parameters_present = 0;  // bits of Parameter; a member below is set with its bit
  std::uint64_t size = 0;                // SIZE, octets
  BodyType body = BodyType::k7bit;
  bool ret_full = false;        // RET=FULL against RET=HDRS
  std::uint8_t notify = 0;      // bits of Notify
  std::string_view envid;       // xtext, still encoded
  std::string_view orcpt;       // "rfc822;xtext", still encoded
  std::string_view auth_param;  // AUTH=: xtext or "<>"

  // BDAT
  std::uint64_t chunk_size = 0;  // octets that follow the line
  bool chunk_last = false;

  // AUTH
  std::string_view initial_response;  // base64 or "="; without one it has no data()
};

// The longest line accepted, CRLF included, in octets (RFC 5321, 4.5.3.1.4, plus what the
// extensions add: RFC 1870, 6152, 6531, 3461, 4954).
inline constexpr std::uint32_t kMaxCommandLine = 2048;
inline constexpr std::uint32_t kMaxAuthLine = 12288;  // RFC 4954, 4

// A resumable parser of command lines; no allocation, no copy. Contract: status.h.
//
// Strict: a line ends with CRLF and with nothing else. A rejected line is consumed to its CRLF, so
// that the next call begins with the next command and no tail of a bad line is ever taken for one.
// A line over its limit is consumed as it comes, so that `bytes` never has to hold more than
// kMaxAuthLine octets.
class CommandParser {
 public:
  // kReady: `command` holds a command that follows the grammar.
  // kRejected: command.error and command.error_offset say why, `verb` what it would have been.
  // kNeedMore: `command` is unspecified.
  FeedResult feed(std::string_view bytes, Command& command) noexcept;
  FeedResult feed(std::string&&, Command&) = delete;  // views into a temporary would dangle

 private:
  FeedResult wait(std::string_view bytes, Command& command) noexcept;
  FeedResult skip(std::string_view bytes, std::size_t from, Command& command) noexcept;

  std::uint32_t scanned_ = 0;   // octets of the current line that were searched for its end
  Verb verb_ = Verb::kUnknown;  // of a line that is skipped because it is too long
  bool skipping_ = false;
};

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_COMMAND_PARSER_H_
