// The lenient machine: command lines as mail programs send them, each liberty taken only when its
// flag is there (leniency.h). With no flag it judges as the strict machine does.
#include "parser/command_marks.h"
#include "parser/verb.h"

%%{
  machine lenient_command;
  alphtype unsigned char;

  include command_words "command_words.rl";

  action gap_begin { m.gap = p; }
  action extra_space { if (!m.grant(kAllowExtraSpace, p)) fbreak; }
  action gap_end { if (!m.end_gap(p)) fbreak; }
  action space_after_colon { if (!m.grant(kAllowSpaceAfterColon, p)) fbreak; }
  action bare_lf { if (!m.grant(kAllowBareLf, p)) fbreak; }
  action underscore { if (!m.grant(kAllowUnderscore, p)) fbreak; }
  action trailing_dot { if (!m.grant(kAllowTrailingDot, p)) fbreak; }
  action dot {
    if ((p[-1] == '<' || p[-1] == ':' || p[-1] == ' ' || p[-1] == '\t' || p[-1] == '.') && !m.grant(kAllowOddDots, p)) fbreak;
  }
  action after_dots { if (p[-1] == '.' && !m.grant(kAllowOddDots, p)) fbreak; }
  action no_hello { if (!m.grant(kAllowNoHello, p)) fbreak; command.hello_kind = DomainKind::kNone; }
  action any_hello_end { command.hello_kind = DomainKind::kNone; }

  gap = ( SP | HTAB @extra_space ) ( WSP @extra_space )*;
  next_gap = WSP+ >gap_begin %gap_end;
  after_colon = ( WSP >space_after_colon WSP* )?;
  line_end = CRLF | "\n" >bare_lf;
  host_octet = let_dig | "_" @underscore;
  last_dot = ( "." %trailing_dot )?;
  dot_string = ( atom | "." @dot )+ %after_dots;
  domainless_mail = ">" @domainless_end;
  domainless_rcpt = ">" @domainless_end;
  bracketless = null;
  hello_without = gap? ( "\r" @no_hello "\n" | "\n" @no_hello @bare_lf ) @accept;
  ignored = null;

  include command_lines "command_lines.rl";

  any_hello := ( gap text %any_hello_end eol ) $err(bad_octet);
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror;

constexpr EntryStates kEntryStates = entry_states({
    .hello = lenient_command_en_hello,
    .mail = lenient_command_en_mail,
    .rcpt = lenient_command_en_rcpt,
    .bdat = lenient_command_en_bdat,
    .burl = lenient_command_en_burl,
    .auth = lenient_command_en_auth,
    .etrn = lenient_command_en_etrn,
    .atrn = lenient_command_en_atrn,
    .attributes = lenient_command_en_attributes,
    .one_text = lenient_command_en_one_text,
    .maybe_text = lenient_command_en_maybe_text,
    .nothing = lenient_command_en_nothing,
});

Fault run(int cs, std::string_view line, std::size_t from, Leniencies leniencies,
          Command& command) noexcept {
  const auto* const line_begin = reinterpret_cast<Octet*>(line.data());
  Octet* p = line_begin + from;
  Octet* const eof = nullptr;  // never met: the line end ends the machine
  Marks m(line_begin, leniencies, command);
  const std::uint64_t let_digs = 0;
  std::uint64_t number = 0;
  bool accepted = false;
  forget_optional_members(command);

  %% write exec noend;

  return accepted ? m.accept() : m.fault;
}

}  // namespace

Fault parse_lenient_arguments(std::string_view line, std::size_t from, Leniencies leniencies,
                              Command& command) noexcept {
  const int entry = kEntryStates[static_cast<std::size_t>(command.verb)];
  const Fault fault = run(entry, line, from, leniencies, command);
  const bool may_be_any =
      entry == lenient_command_en_hello && (leniencies & kAllowAnyHello) != 0;
  if (fault.error == SyntaxError::kNone || !may_be_any) return fault;
  return run(lenient_command_en_any_hello, line, from, leniencies, command);
}

}  // namespace smtpmark::parser
