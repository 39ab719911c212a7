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
  next_gap = SP;
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

constexpr Head kSize = head_of(" SIZE=");

// Eight octets must be there, the line end counted.
bool begins_with(Octet* p, const Head& head) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, kHeadOctets);
  return ((word | head.fold) & head.relevant) == head.octets;
}

constexpr bool is_digit(unsigned char octet) noexcept {
  return octet >= '0' && octet <= '9';
}

constexpr std::size_t kVerbOctets = 4;  // of those that begin a line with a path

// The bracket of a path that stands at `p` where the RFC has it; null when it does not.
Octet* find_bracket(Octet* p, const Command& command, const Head& head) noexcept {
  if (command.line.size() < kVerbOctets + kHeadOctets) return nullptr;
  return begins_with(p, head) ? p + head.size - 1 : nullptr;
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
constexpr bool stands_alone(int entry) noexcept {
  return entry == command_en_nothing || entry == command_en_maybe_text || entry == command_en_atrn;
}

// Whether the line ends at `p`.
bool ends_at(Octet* p, const Command& command) noexcept {
  return view(p, p).data() == command.line.data() + command.line.size();
}

// Whether the line goes on for `count` octets from `p`, its end not counted.
bool has_octets(Octet* p, std::size_t count, const Command& command) noexcept {
  const char* const begin = view(p, p).data();
  return static_cast<std::size_t>(command.line.data() + command.line.size() - begin) >= count;
}

// EHLO with a plain domain.
bool glance_at_hello(Octet* line, std::uint64_t let_digs, Command& command) noexcept {
  constexpr std::size_t kHost = sizeof("EHLO");
  if (line[kVerbOctets] != ' ') return false;
  Octet* const end = glance_at_domain(Specials(line, let_digs, kHost));
  if (end == nullptr || !ends_at(end, command)) return false;
  command.argument = view(line + kHost, end);
  command.hello_kind = DomainKind::kName;
  return true;
}

// What is behind the plain path of a MAIL or RCPT; null when it has none. `head` stands before it.
Octet* glance_at_mailbox(Octet* line, std::uint64_t let_digs, const Head& head,
                         Command& command) noexcept {
  Octet* const bracket = find_bracket(line + kVerbOctets, command, head);
  if (bracket == nullptr) return nullptr;
  const auto from = static_cast<std::size_t>(bracket + 1 - line);
  const PathGlance glance = glance_at_path(Specials(line, let_digs, from));
  if (glance.bracket == nullptr) return nullptr;
  Path& path = command.path;
  path.mailbox = view(bracket + 1, glance.bracket);
  path.local_part = view(bracket + 1, glance.at);
  path.domain = view(glance.at + 1, glance.bracket);
  path.domain_kind = DomainKind::kName;
  return glance.bracket + 1;
}

// What is behind " SIZE=" and a number at `p`, or `p`.
Octet* glance_at_size(Octet* p, Command& command) noexcept {
  // The line end may be one octet; a size is one at least.
  if (!has_octets(p, kHeadOctets - 1, command) || !begins_with(p, kSize)) return p;
  Octet* const first = p + kSize.size;
  if (!is_digit(*first)) return p;
  const Number number = read_number(first);
  Octet* const end = number.last + 1;
  if (number.overflows || end - first > kMaxSizeDigits) return p;
  if (*end != ' ' && !ends_at(end, command)) return p;
  command.parameters = view(p + 1, end);
  command.parameters_present = kParamSize;
  command.size = number.value;
  return end;
}

// Reads the rest of a line from `p` on, with the entry state `cs`.
Fault run(Octet* line_begin, Octet* p, int cs, std::uint64_t let_digs, Command& command) noexcept {
  Octet* const eof = nullptr;  // never met: the line end ends the machine
  Marks m(line_begin, 0, command);
  if (!command.parameters.empty()) {
    m.parameters = reinterpret_cast<Octet*>(command.parameters.data());
  }
  std::uint64_t number = 0;
  bool accepted = false;

  %% write exec noend;

  return accepted ? m.accept() : m.fault;
}

}  // namespace

Fault parse_arguments(std::string_view bytes, Command& command) noexcept {
  auto* const line = reinterpret_cast<Octet*>(bytes.data());
  const Verb verb = command.verb;
  Octet* p = line + length_of(verb);
  int entry = kEntryStates[static_cast<std::size_t>(verb)];
  forget_optional_members(command);
  if (ends_at(p, command) && stands_alone(entry)) return {};
  if (!has_words(verb)) return run(line, p, entry, 0, command);

  const std::uint64_t let_digs = let_dig_mask(bytes.data(), bytes.size());
  if (verb == Verb::kEhlo) {
    if (glance_at_hello(line, let_digs, command)) return {};
    return run(line, p, entry, let_digs, command);
  }
  const bool is_mail = verb == Verb::kMail;
  Octet* behind = glance_at_mailbox(line, let_digs, is_mail ? kFrom : kTo, command);
  if (behind != nullptr) {
    p = is_mail ? glance_at_size(behind, command) : behind;
    if (ends_at(p, command)) return {};
    entry = is_mail ? command_en_mail_end : command_en_rcpt_end;
  }
  return run(line, p, entry, let_digs, command);
}

}  // namespace smtpmark::parser
