// What follows the verb of a command line (RFC 5321, 4.1 and the extensions named below).
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/ascii.h"
#include "parser/grammar.h"
#include "parser/octet_set.h"
#include "parser/verb.h"

%%{
  machine command;
  alphtype unsigned char;

  action accept { fault = {}; fbreak; }

  # The innermost rule that has a word for a wrong octet has it first.
  action bad_octet {
    if (!wrong) fail(*p < 0x80 ? SyntaxError::kBadSyntax : SyntaxError::kNonAscii, p);
  }
  action bad_utf8_lead { if (!wrong && *p >= 0x80) fail(SyntaxError::kBadUtf8, p); }
  action bad_utf8_tail { if (!wrong) fail(SyntaxError::kBadUtf8, p); }
  action bad_literal { if (!wrong) fail(SyntaxError::kBadAddressLiteral, p); }
  action bad_value { if (!wrong) fail(SyntaxError::kBadParameter, p); }

  # A shortcut through states that would lead back to themselves.
  action run_atext { p = last_of_run(kAtext, p); }
  action run_let_dig { p = last_of_run(kLetDig, p); }

  action argument_begin { begin = p; }
  action argument_end { command.argument = view(begin, p); }
  action response_begin { begin = p; }
  action response_end { command.initial_response = view(begin, p); }
  action host_end {
    if (p - begin > kMaxDomain) { fail(SyntaxError::kDomainTooLong, begin + kMaxDomain); fbreak; }
  }

  action literal_begin { literal = p; }
  action literal_end {
    const Fault inside = check_address_literal(view(literal + 1, p));
    if (inside.error != SyntaxError::kNone) {
      fail(inside.error, literal + 1 + inside.offset);
      fbreak;
    }
  }

  action path_begin { path.begin = p; }
  action route_begin { begin = p; }
  action route_end { command.path.source_route = view(begin, p); }
  action local_begin { path.local = p; }
  action local_end { path.at = p; }
  action domain_begin { path.domain = p; }
  action domain_end { path.domain_end = p; }
  action path_end {
    const PathFault bad = check_limits(path, p + 1);
    if (bad.at) { fail(bad.error, bad.at); fbreak; }
    command.path.mailbox = view(path.local, path.domain_end);
    command.path.local_part = view(path.local, path.at);
    command.path.domain = view(path.domain, path.domain_end);
  }
  action postmaster_end {
    const std::string_view local_part = view(path.local, path.at);
    if (path.local != path.begin + 1 || !equals_ignoring_case(local_part, "Postmaster")) {
      fail(SyntaxError::kBadSyntax, p);
      fbreak;
    }
    command.path.mailbox = command.path.local_part = local_part;
  }
  action null_path_misplaced { fail(SyntaxError::kNullPathNotAllowed, p); fbreak; }

  action parameter_begin { begin = p; if (!parameters) parameters = p; }
  action parameter_end { command.parameters = view(parameters, p); }
  action misplaced { fail(SyntaxError::kBadParameter, begin); fbreak; }
  action is_unknown { command.parameters_present |= kParamUnknown; }
  action is_size { parameter = kParamSize; }
  action is_body { parameter = kParamBody; }
  action is_smtputf8 { parameter = kParamSmtpUtf8; }
  action is_ret { parameter = kParamRet; }
  action is_envid { parameter = kParamEnvid; }
  action is_notify { parameter = kParamNotify; }
  action is_orcpt { parameter = kParamOrcpt; }
  action is_auth { parameter = kParamAuth; }
  action claim {
    if (command.parameters_present & parameter) {
      fail(SyntaxError::kDuplicateParameter, begin);
      fbreak;
    }
    command.parameters_present |= parameter;
  }

  action number_begin { number = 0; }
  action number_digit {
    if (!append_digit(number, *p)) { fail(SyntaxError::kNumberOverflow, p); fbreak; }
  }
  action value_begin { value = p; }
  action size_end { command.size = number; }
  action body_7bit { command.body = BodyType::k7bit; }
  action body_8bitmime { command.body = BodyType::k8bitMime; }
  action body_binarymime { command.body = BodyType::kBinaryMime; }
  action ret_full { command.ret_full = true; }
  action ret_hdrs { command.ret_full = false; }
  action envid_end { command.envid = view(value, p); }
  action auth_param_end { command.auth_param = view(value, p); }
  action notify_begin { command.notify = 0; }
  action notify_never { command.notify |= kNotifyNever; }
  action notify_success { command.notify |= kNotifySuccess; }
  action notify_failure { command.notify |= kNotifyFailure; }
  action notify_delay { command.notify |= kNotifyDelay; }
  action orcpt_end { command.orcpt = view(value, p); }

  action chunk_size_end { command.chunk_size = number; }
  action chunk_is_last { command.chunk_last = true; }

  include rfc5321 "rfc5321.rl";

  # White space before the line end is tolerated (RFC 5321, 4.1.1).
  eol = WSP* CRLF @accept;

  # RFC 5321, 4.1.2; RFC 6531, 3.3
  utf8 = utf8_non_ascii >err(bad_utf8_lead) <>err(bad_utf8_tail);
  ldh_label = let_dig @run_let_dig ( "-"* let_dig @run_let_dig )*;
  u_let_dig = let_dig @run_let_dig | utf8;
  u_label = u_let_dig ( "-"* u_let_dig )*;
  address_literal = "[" >literal_begin ( dcontent* "]" @literal_end ) @err(bad_literal);
  at_domain = "@" u_label ( "." u_label )*;
  source_route = ( at_domain ( "," at_domain )* ) >route_begin %route_end ":";
  atext = let_dig | [!#$%&'*+/=?^_`{|}~\-];
  atom = ( atext @run_atext | utf8 )+;
  dot_string = atom ( "." atom )*;
  qtext_smtp = 32..33 | 35..91 | 93..126 | utf8;
  quoted_pair_smtp = "\\" 32..126;
  quoted_string = DQUOTE ( qtext_smtp | quoted_pair_smtp )* DQUOTE;
  local_part = ( dot_string | quoted_string ) >local_begin %local_end;
  domain = ( u_label ( "." u_label )* | address_literal ) >domain_begin %domain_end;
  reverse_path = "<" >path_begin source_route? local_part "@" domain ">" @path_end;
  forward_path = "<" >path_begin source_route? local_part
                 ( "@" domain ">" @path_end | ">" @postmaster_end );

  # RFC 5321, 4.1.2; RFC 3461, 4; RFC 1870; RFC 6152; RFC 3030; RFC 6531; RFC 4954, 5; RFC 6533, 3
  xtext_char = ( 33..126 - [+=] ) | "+" [0-9A-F]{2};
  esmtp_keyword = let_dig ( let_dig | "-" )*;
  esmtp_value = ( 33..60 | 62..126 | utf8 )+;
  mail_keyword = "SIZE"i | "BODY"i | "SMTPUTF8"i | "RET"i | "ENVID"i | "AUTH"i;
  rcpt_keyword = "NOTIFY"i | "ORCPT"i;

  size = "SIZE"i %is_size %claim
         ( "=" DIGIT{1,20} >number_begin $number_digit %size_end ) $err(bad_value);
  body = "BODY"i %is_body %claim
         ( "=" ( "7BIT"i @body_7bit | "8BITMIME"i @body_8bitmime |
                 "BINARYMIME"i @body_binarymime ) ) $err(bad_value);
  smtputf8 = "SMTPUTF8"i %is_smtputf8 %claim %err(bad_value);
  ret = "RET"i %is_ret %claim ( "=" ( "FULL"i @ret_full | "HDRS"i @ret_hdrs ) ) $err(bad_value);
  envid = "ENVID"i %is_envid %claim
          ( "=" xtext_char+ >value_begin %envid_end ) $err(bad_value);
  auth_param = "AUTH"i %is_auth %claim
               ( "=" xtext_char+ >value_begin %auth_param_end ) $err(bad_value);
  notify_element = "SUCCESS"i @notify_success | "FAILURE"i @notify_failure | "DELAY"i @notify_delay;
  notify = "NOTIFY"i %is_notify %claim
           ( "=" ( "NEVER"i @notify_never | notify_element ( "," notify_element )* ) >notify_begin )
           $err(bad_value);
  addr_type = ( atext - "=" )+ - "utf-8"i;
  orcpt = "ORCPT"i %is_orcpt %claim
          ( "=" ( addr_type ";" xtext_char* | "utf-8"i ";" ( xtext_char | utf8 )* )
            >value_begin %orcpt_end ) $err(bad_value);
  unknown = ( esmtp_keyword - ( mail_keyword | rcpt_keyword ) ) %is_unknown ( "=" esmtp_value )?;

  mail_parameter = size | body | smtputf8 | ret | envid | auth_param | unknown |
                   rcpt_keyword %misplaced ( "=" esmtp_value )?;
  rcpt_parameter = notify | orcpt | unknown | mail_keyword %misplaced ( "=" esmtp_value )?;

  # RFC 3030, 2
  chunk_size = DIGIT+ >number_begin $number_digit %chunk_size_end;

  # RFC 4954, 8
  sasl_mech = ( let_dig | [_\-] ){1,20};

  # What the argument of VRFY, EXPN, HELP or NOOP means is for the local system (RFC 5321, 3.5.1).
  word = ( 33..126 | utf8 )+;
  text = ( word ( WSP+ word )* ) >argument_begin %argument_end;

  # The commands; a verb has been read before.
  hello := ( SP ( ( ldh_label ( "." ldh_label )* | address_literal )
                  >argument_begin %host_end %argument_end ) eol ) $err(bad_octet);
  mail := ( SP "FROM:"i ( "<>" | reverse_path )
            ( SP mail_parameter >parameter_begin %parameter_end )* eol ) $err(bad_octet);
  rcpt := ( SP "TO:"i ( "<>" @null_path_misplaced | forward_path )
            ( SP rcpt_parameter >parameter_begin %parameter_end )* eol ) $err(bad_octet);
  bdat := ( SP chunk_size ( SP "LAST"i @chunk_is_last )? eol ) $err(bad_octet);
  auth := ( SP sasl_mech >argument_begin %argument_end
            ( SP ( base64 | "=" ) >response_begin %response_end )? eol ) $err(bad_octet);
  one_text := ( SP text eol ) $err(bad_octet);
  maybe_text := ( ( SP text )? eol ) $err(bad_octet);
  nothing := eol $err(bad_octet);
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror;

using Octet = const unsigned char;

constexpr OctetSet kLetDig = letters_digits_and("");
constexpr OctetSet kAtext = letters_digits_and("!#$%&'*+/=?^_`{|}~-");

constexpr std::ptrdiff_t kMaxLocalPart = 64;  // RFC 5321, 4.5.3.1.1
constexpr std::ptrdiff_t kMaxDomain = 255;    // RFC 5321, 4.5.3.1.2
constexpr std::ptrdiff_t kMaxPath = 256;      // RFC 5321, 4.5.3.1.3: with its angle brackets

struct PathMarks {
  Octet* begin = nullptr;
  Octet* local = nullptr;
  Octet* at = nullptr;
  Octet* domain = nullptr;
  Octet* domain_end = nullptr;
};

struct PathFault {
  SyntaxError error = SyntaxError::kNone;
  Octet* at = nullptr;
};

// The narrowest limit that is broken has the word.
PathFault check_limits(const PathMarks& path, Octet* end) noexcept {
  if (path.at - path.local > kMaxLocalPart) {
    return {SyntaxError::kLocalPartTooLong, path.local + kMaxLocalPart};
  }
  if (path.domain_end - path.domain > kMaxDomain) {
    return {SyntaxError::kDomainTooLong, path.domain + kMaxDomain};
  }
  if (end - path.begin > kMaxPath) return {SyntaxError::kPathTooLong, path.begin + kMaxPath};
  return {};
}

std::string_view view(Octet* begin, Octet* end) noexcept {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

constexpr std::array kEntryStates = [] {
  std::array<int, kVerbs> states{};
  states.fill(command_en_nothing);
  const auto set = [&](Verb verb, int state) { states[static_cast<std::size_t>(verb)] = state; };
  for (const Verb verb : {Verb::kEhlo, Verb::kHelo, Verb::kLhlo}) set(verb, command_en_hello);
  for (const Verb verb : {Verb::kVrfy, Verb::kExpn}) set(verb, command_en_one_text);
  for (const Verb verb : {Verb::kNoop, Verb::kHelp}) set(verb, command_en_maybe_text);
  set(Verb::kMail, command_en_mail);
  set(Verb::kRcpt, command_en_rcpt);
  set(Verb::kBdat, command_en_bdat);
  set(Verb::kAuth, command_en_auth);
  return states;
}();

// Forgets what the grammar only sets when it is there.
void clear_optional_members(Command& command) noexcept {
  command.argument = {};
  command.path = {};
  command.parameters = {};
  command.parameters_present = 0;
  command.chunk_last = false;
  command.initial_response = {};
}

}  // namespace

Fault parse_arguments(std::string_view line, Command& command) noexcept {
  const auto* const line_begin = reinterpret_cast<Octet*>(line.data());
  Octet* p = line_begin + length_of(command.verb);
  Octet* const eof = nullptr;  // never met: CRLF ends the machine
  int cs = kEntryStates[static_cast<std::size_t>(command.verb)];
  Octet* begin = nullptr;
  Octet* literal = nullptr;
  Octet* parameters = nullptr;
  Octet* value = nullptr;
  PathMarks path;
  Parameter parameter{};
  std::uint64_t number = 0;

  Fault fault{SyntaxError::kBadSyntax, 0};  // unless the grammar says otherwise
  Octet* wrong = nullptr;
  const auto fail = [&](SyntaxError error, Octet* at) {
    wrong = at;
    fault = {error, static_cast<std::size_t>(at - line_begin)};
  };
  clear_optional_members(command);

  %% write exec noend;

  return fault;
}

}  // namespace smtpmark::parser
