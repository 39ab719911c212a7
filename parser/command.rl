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
constexpr Head kBody = head_of(" BODY=");
constexpr Head k7bit = head_of("7BIT");
constexpr Head k8bitMime = head_of("8BITMIME");
constexpr Head kLast = head_of(" LAST");

// Eight octets must be there, whatever they are.
bool begins_with(Octet* p, const Head& head) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, kHeadOctets);
  return ((word | head.fold) & head.relevant) == head.octets;
}

constexpr std::size_t kVerbOctets = 4;  // of those that begin a line with a path

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

// A line that is read at a glance where it is as most are.
struct Glance {
  Octet* line;
  Octet* end;        // of the line, without its CRLF
  Octet* bytes_end;  // of what may be looked at
  Command& command;

  // Whether as many octets as a head is compared with may be looked at.
  bool has_head_at(Octet* p) const noexcept {
    return bytes_end - p >= static_cast<std::ptrdiff_t>(kHeadOctets);
  }
  bool has_at(Octet* p, const Head& head) const noexcept {
    return has_head_at(p) && begins_with(p, head);
  }

  bool at_hello(const WordMasks& masks) const noexcept;
  bool at_chunk() const noexcept;
  Octet* at_mailbox(const WordMasks& masks, const Head& head) const noexcept;
  Octet* at_size(Octet* p) const noexcept;
  Octet* at_body(Octet* p) const noexcept;

 private:
  Octet* read_size(Octet* first, std::uint64_t& size) const noexcept;
  Octet* add_parameter(Octet* p, Octet* parameter_end, Parameter bit) const noexcept;
};

// EHLO with a plain domain.
bool Glance::at_hello(const WordMasks& masks) const noexcept {
  constexpr std::size_t kHost = sizeof("EHLO");
  if (line[kVerbOctets] != ' ') return false;
  const std::size_t domain_end = glance_at_domain(line, masks, kHost);
  if (domain_end == kNowhere || line + domain_end != end) return false;
  command.argument = view(line + kHost, end);
  command.hello_kind = DomainKind::kName;
  return true;
}

// What is behind the plain path of a MAIL or RCPT; null when it has none. `head` stands before it.
Octet* Glance::at_mailbox(const WordMasks& masks, const Head& head) const noexcept {
  if (!has_at(line + kVerbOctets, head)) return nullptr;
  const std::size_t from = kVerbOctets + head.size;
  const PathGlance glance = glance_at_path(line, masks, from);
  if (glance.bracket == kNowhere) return nullptr;
  command.path = {};
  command.path.mailbox = view(line + from, line + glance.bracket);
  command.path.local_part = view(line + from, line + glance.at);
  command.path.domain = view(line + glance.at + 1, line + glance.bracket);
  command.path.domain_kind = DomainKind::kName;
  return line + glance.bracket + 1;
}

// What is behind the number at `first`; null when there is none of up to seven digits.
Octet* Glance::read_size(Octet* first, std::uint64_t& size) const noexcept {
  if (!has_head_at(first)) return nullptr;
  const ShortNumber number = read_short_number(first);
  if (number.digits == 0 || number.digits == kHeadOctets) return nullptr;
  size = number.value;
  return first + number.digits;
}

Octet* Glance::add_parameter(Octet* p, Octet* parameter_end, Parameter bit) const noexcept {
  Octet* const first = command.parameters_present == 0 ? p + 1 : view_begin(command.parameters);
  command.parameters = view(first, parameter_end);
  command.parameters_present |= bit;
  return parameter_end;
}

// What is behind a parameter at `p`, or `p`.
Octet* Glance::at_size(Octet* p) const noexcept {
  if (!has_at(p, kSize)) return p;
  Octet* const parameter_end = read_size(p + kSize.size, command.size);
  if (parameter_end == nullptr || (*parameter_end != ' ' && parameter_end != end)) return p;
  return add_parameter(p, parameter_end, kParamSize);
}

Octet* Glance::at_body(Octet* p) const noexcept {
  if (!has_at(p, kBody)) return p;
  Octet* const value = p + kBody.size;
  const bool is_8bit = has_at(value, k8bitMime);
  if (!is_8bit && !has_at(value, k7bit)) return p;
  Octet* const parameter_end = value + (is_8bit ? k8bitMime : k7bit).size;
  if (*parameter_end != ' ' && parameter_end != end) return p;
  command.body = is_8bit ? BodyType::k8bitMime : BodyType::k7bit;
  return add_parameter(p, parameter_end, kParamBody);
}

// BDAT with a size of up to seven digits.
bool Glance::at_chunk() const noexcept {
  Octet* const gap = line + kVerbOctets;
  if (*gap != ' ') return false;
  Octet* const size_end = read_size(gap + 1, command.chunk_size);
  if (size_end == nullptr) return false;
  command.chunk_last = size_end + kLast.size == end && has_at(size_end, kLast);
  return command.chunk_last || size_end == end;
}

// Reads the rest of a line from `p` on, with the entry state `cs`.
Fault run(Octet* line_begin, Octet* p, int cs, std::uint64_t let_digs, Command& command) noexcept {
  Octet* const eof = nullptr;  // never met: the line end ends the machine
  Marks m(line_begin, 0, command);
  if (!command.parameters.empty()) {
    m.parameters = view_begin(command.parameters);
  }
  std::uint64_t number = 0;
  bool accepted = false;

  %% write exec noend;

  return accepted ? m.accept() : m.fault;
}

}  // namespace

Fault parse_arguments(std::string_view bytes, Command& command) noexcept {
  Octet* const line = view_begin(bytes);
  Octet* const end = view_begin(command.line) + command.line.size();
  const Glance glance{line, end, line + bytes.size(), command};
  const Verb verb = command.verb;
  Octet* p = line + length_of(verb);
  int entry = kEntryStates[static_cast<std::size_t>(verb)];
  WordMasks masks;
  forget_texts(command);
  if (p == end && stands_alone(entry)) return {};
  if (verb == Verb::kBdat && glance.at_chunk()) return {};
  if (has_words(verb)) {
    masks = word_masks(bytes.data(), bytes.size(), command.line.size());
    if (verb == Verb::kEhlo) {
      if (glance.at_hello(masks)) return {};
    } else {
      const bool is_mail = verb == Verb::kMail;
      Octet* const behind = glance.at_mailbox(masks, is_mail ? kFrom : kTo);
      if (behind != nullptr) {
        p = is_mail ? glance.at_body(glance.at_size(behind)) : behind;
        if (p == end) return {};
        return run(line, p, is_mail ? command_en_mail_end : command_en_rcpt_end, masks.let_digs,
                   command);
      }
    }
  }
  forget_optional_members(command);
  return run(line, p, entry, masks.let_digs, command);
}

}  // namespace smtpmark::parser
