// The strict machine: command lines as the RFCs have them.
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "parser/command_marks.h"
#include "parser/glance.h"
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

// A text of up to eight octets as a word, to find it whatever the case of its letters.
struct Head {
  std::uint64_t octets = 0;
  std::uint64_t fold = 0;      // what makes a capital letter a small one
  std::uint64_t relevant = 0;  // the octets of the text
  std::size_t size = 0;
};

constexpr std::size_t kHeadOctets = sizeof(std::uint64_t);

constexpr Head head_of(std::string_view text) noexcept {
  std::array<unsigned char, kHeadOctets> octets{};
  std::array<unsigned char, kHeadOctets> fold{};
  std::array<unsigned char, kHeadOctets> relevant{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    fold[i] = text[i] >= 'A' && text[i] <= 'Z' ? 0x20 : 0;
    octets[i] = static_cast<unsigned char>(text[i] | fold[i]);
    relevant[i] = 0xff;
  }
  return {std::bit_cast<std::uint64_t>(octets), std::bit_cast<std::uint64_t>(fold),
          std::bit_cast<std::uint64_t>(relevant), text.size()};
}

constexpr Head kFrom = head_of(" FROM:<");
constexpr Head kTo = head_of(" TO:<");

constexpr std::size_t kVerbOctets = 4;  // of those that begin a line with a path

// The bracket of a path that stands at `p` where the RFC has it; null when it does not.
Octet* find_bracket(Octet* p, const Command& command, const Head& head) noexcept {
  if (command.line.size() < kVerbOctets + kHeadOctets) return nullptr;
  std::uint64_t word = 0;
  std::memcpy(&word, p, kHeadOctets);
  return ((word | head.fold) & head.relevant) == head.octets ? p + head.size - 1 : nullptr;
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

// Verbs that a line may consist of: those without arguments, or with some that may be left out.
constexpr bool stands_alone(Verb verb) noexcept {
  const int entry = kEntryStates[static_cast<std::size_t>(verb)];
  return entry == command_en_nothing || entry == command_en_maybe_text || entry == command_en_atrn;
}

enum class Glance : std::uint8_t { kNothing, kPath, kAll };

// Whether the line ends at `p`.
bool ends_at(Octet* p, const Command& command) noexcept {
  return view(p, p).data() == command.line.data() + command.line.size();
}

// EHLO: the whole line, or nothing.
Glance glance_at_hello(Marks& m, std::uint64_t let_digs) noexcept {
  constexpr std::size_t kHost = sizeof("EHLO");
  Octet* const host = m.line_begin + kHost;
  if (host[-1] != ' ') return Glance::kNothing;
  Octet* const end = glance_at_domain(Specials(m.line_begin, let_digs, kHost));
  if (end == nullptr || !ends_at(end, m.command)) return Glance::kNothing;
  m.command.argument = view(host, end);
  m.command.hello_kind = DomainKind::kName;
  return Glance::kAll;
}

// MAIL, RCPT: the path, or nothing. `head` is what stands before it.
Glance glance_at_mailbox(Marks& m, std::uint64_t let_digs, const Head& head) noexcept {
  Octet* const bracket = find_bracket(m.line_begin + kVerbOctets, m.command, head);
  if (bracket == nullptr) return Glance::kNothing;
  const auto from = static_cast<std::size_t>(bracket + 1 - m.line_begin);
  const PathGlance path = glance_at_path(Specials(m.line_begin, let_digs, from));
  if (path.bracket == nullptr) return Glance::kNothing;
  m.local = bracket + 1;
  m.local_end = path.at;
  m.host = path.at + 1;
  m.host_end = path.bracket;
  m.kind = DomainKind::kName;
  m.set_path();
  return ends_at(path.bracket + 1, m.command) ? Glance::kAll : Glance::kPath;
}

}  // namespace

Fault parse_arguments(std::string_view bytes, Command& command) noexcept {
  const auto* const line_begin = reinterpret_cast<Octet*>(bytes.data());
  Octet* p = line_begin + length_of(command.verb);
  forget_optional_members(command);
  if (ends_at(p, command) && stands_alone(command.verb)) return {};

  Octet* const eof = nullptr;  // never met: the line end ends the machine
  int cs = kEntryStates[static_cast<std::size_t>(command.verb)];
  Marks m(line_begin, 0, command);
  std::uint64_t let_digs = 0;
  std::uint64_t number = 0;
  bool accepted = false;
  if (has_words(command.verb)) {
    let_digs = let_dig_mask(bytes.data(), bytes.size());
    const bool is_mail = command.verb == Verb::kMail;
    const Glance glance = command.verb == Verb::kEhlo
                              ? glance_at_hello(m, let_digs)
                              : glance_at_mailbox(m, let_digs, is_mail ? kFrom : kTo);
    if (glance == Glance::kAll) return {};
    if (glance == Glance::kPath) {
      p = m.host_end + 1;
      cs = is_mail ? command_en_mail_end : command_en_rcpt_end;
    }
  }

  %% write exec noend;

  return accepted ? m.accept() : m.fault;
}

}  // namespace smtpmark::parser
