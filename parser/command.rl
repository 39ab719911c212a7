// The strict machine: command lines as the RFCs have them.
#include "parser/command_marks.h"
#include "parser/octet_lanes.h"
#include "parser/verb.h"

%%{
  machine command;
  alphtype unsigned char;

  include command_words "command_words.rl";

  gap = SP;
  after_colon = null;
  line_end = CRLF;
  host_octet = let_dig @run_let_dig;
  last_dot = null;
  dot_string = atom ( "." atom )*;
  domainless_mail = empty;
  domainless_rcpt = ">" @domainless_end;
  bracketless = empty;
  hello_without = empty;
  ignored = empty;

  include command_lines "command_lines.rl";
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror;

// Whether it pays to know the letters and digits of what follows.
constexpr bool has_words(Verb verb) noexcept {
  return verb == Verb::kMail || verb == Verb::kRcpt || verb == Verb::kEhlo;
}

constexpr EntryStates kEntryStates = entry_states({
    .hello = command_en_hello,
    .mail = command_en_mail,
    .rcpt = command_en_rcpt,
    .bdat = command_en_bdat,
    .burl = command_en_burl,
    .auth = command_en_auth,
    .etrn = command_en_etrn,
    .atrn = command_en_atrn,
    .attributes = command_en_attributes,
    .one_text = command_en_one_text,
    .maybe_text = command_en_maybe_text,
    .nothing = command_en_nothing,
});

}  // namespace

Fault parse_arguments(std::string_view line, Command& command) noexcept {
  const auto* const line_begin = reinterpret_cast<Octet*>(line.data());
  Octet* p = line_begin + length_of(command.verb);
  Octet* const eof = nullptr;  // never met: the line end ends the machine
  int cs = kEntryStates[static_cast<std::size_t>(command.verb)];
  Marks m(line_begin, 0, command);
  std::uint64_t let_digs = 0;
  bool accepted = false;
  forget_optional_members(command);
  if (has_words(command.verb)) let_digs = let_dig_mask(line.data(), line.size());

  %% write exec noend;

  return accepted ? m.accept() : m.fault;
}

}  // namespace smtpmark::parser
