#include "tests/reference/path.h"

#include <algorithm>
#include <string>

#include "tests/reference/address_literal.h"

namespace smtpmark::reference {
namespace {

using parser::DomainKind;
using parser::Path;
using parser::SyntaxError;

constexpr std::size_t kMaxLocalPart = 64;  // RFC 5321, 4.5.3.1.1
constexpr std::size_t kMaxDomain = 255;    // RFC 5321, 4.5.3.1.2
constexpr std::size_t kMaxPath = 256;      // RFC 5321, 4.5.3.1.3

enum class Labels { kAscii, kUtf8 };

// Let-dig = ALPHA / DIGIT; in a U-label also what is not ASCII.
bool let_dig(Scanner& scan, Labels labels) {
  if (is_let_dig(scan.peek())) {
    scan.move_to(scan.at() + 1);
    return true;
  }
  if (labels == Labels::kUtf8 && scan.peek() >= 0x80) return scan.utf8();
  return scan.fail_here();
}

// sub-domain = Let-dig [Ldh-str]    Ldh-str = *( ALPHA / DIGIT / "-" ) Let-dig
bool sub_domain(Scanner& scan, Labels labels) {
  if (!let_dig(scan, labels)) return false;
  for (;;) {
    bool hyphen = false;
    while (scan.take('-')) hyphen = true;
    const bool goes_on =
        is_let_dig(scan.peek()) || (labels == Labels::kUtf8 && scan.peek() >= 0x80);
    if (!goes_on) return hyphen ? scan.fail_here() : true;
    if (!let_dig(scan, labels)) return false;
  }
}

// Domain = sub-domain *( "." sub-domain )
bool domain(Scanner& scan, Labels labels) {
  do {
    if (!sub_domain(scan, labels)) return false;
  } while (scan.take('.'));
  return true;
}

// address-literal = "[" ( IPv4 / IPv6 / General ) "]"
bool address_literal(Scanner& scan, DomainKind& kind) {
  scan.expect('[');
  const Literal literal = address_literal_in(scan.rest());
  if (literal.kind == DomainKind::kNone) {
    return scan.fail(SyntaxError::kBadAddressLiteral, scan.at() + literal.length);
  }
  kind = literal.kind;
  scan.move_to(scan.at() + literal.length);
  return scan.expect(']');
}

// A-d-l = At-domain *( "," At-domain )    At-domain = "@" Domain
bool source_route(Scanner& scan) {
  do {
    if (!scan.expect('@') || !domain(scan, Labels::kUtf8)) return false;
  } while (scan.take(','));
  return true;
}

// Atom = 1*atext; here one octet or character of it.
bool atext(Scanner& scan) {
  if (scan.peek() >= 0x80) return scan.utf8();
  if (!is_atext(scan.peek())) return scan.fail_here();
  scan.move_to(scan.at() + 1);
  return true;
}

// Dot-string = Atom *( "." Atom )
bool dot_string(Scanner& scan) {
  do {
    if (!atext(scan)) return false;
    while (scan.peek() >= 0x80 || is_atext(scan.peek())) {
      if (!atext(scan)) return false;
    }
  } while (scan.take('.'));
  return true;
}

// Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE
bool quoted_string(Scanner& scan, bool& is_escaped) {
  scan.expect('"');
  while (!scan.take('"')) {
    if (scan.peek() >= 0x80) {
      if (!scan.utf8()) return false;
      continue;
    }
    if (scan.take('\\')) is_escaped = true;
    if (scan.peek() < ' ' || scan.peek() > '~') return scan.fail_here();
    scan.move_to(scan.at() + 1);
  }
  return true;
}

bool has_utf8(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// The narrowest limit that is broken has the word.
bool check_limits(Scanner& scan, std::size_t begin, std::size_t local, std::size_t domain,
                  const Path& path) {
  if (path.local_part.size() > kMaxLocalPart) {
    return scan.fail(SyntaxError::kLocalPartTooLong, local + kMaxLocalPart);
  }
  if (path.domain.size() > kMaxDomain) {
    return scan.fail(SyntaxError::kDomainTooLong, domain + kMaxDomain);
  }
  if (scan.at() - begin > kMaxPath) return scan.fail(SyntaxError::kPathTooLong, begin + kMaxPath);
  return true;
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"    Mailbox = Local-part "@" ( Domain / address-literal )
bool path_behind_bracket(Scanner& scan, Path& path, bool allows_postmaster) {
  const std::size_t begin = scan.at() - 1;
  if (scan.peek() == '@') {
    const std::size_t route = scan.at();
    if (!source_route(scan)) return false;
    path.source_route = scan.from(route);
    if (!scan.expect(':')) return false;
  }
  const std::size_t local = scan.at();
  path.is_quoted = scan.peek() == '"';
  if (!(path.is_quoted ? quoted_string(scan, path.is_escaped) : dot_string(scan))) return false;
  path.local_part = scan.from(local);
  const bool is_postmaster =
      path.source_route.empty() && in_capitals(path.local_part) == "POSTMASTER";
  if (allows_postmaster && is_postmaster && scan.take('>')) {
    path.mailbox = path.local_part;
    return true;
  }
  if (!scan.expect('@')) return false;
  const std::size_t domain_begin = scan.at();
  path.domain_kind = DomainKind::kName;
  const bool is_host =
      scan.peek() == '[' ? address_literal(scan, path.domain_kind) : domain(scan, Labels::kUtf8);
  if (!is_host) return false;
  path.domain = scan.from(domain_begin);
  path.mailbox = scan.from(local);
  if (!scan.expect('>')) return false;
  path.is_utf8 = has_utf8(path.mailbox) || has_utf8(path.source_route);
  return check_limits(scan, begin, local, domain_begin, path);
}

}  // namespace

// Reverse-path = Path / "<>"
bool reverse_path(Scanner& scan, Path& path) {
  if (!scan.expect('<')) return false;
  return scan.take('>') || path_behind_bracket(scan, path, false);
}

// Forward-path = Path; and "<Postmaster>" (4.1.1.3)
bool forward_path(Scanner& scan, Path& path) {
  if (!scan.expect('<')) return false;
  if (scan.peek() == '>') return scan.fail(SyntaxError::kNullPathNotAllowed, scan.at());
  return path_behind_bracket(scan, path, true);
}

bool host(Scanner& scan, DomainKind& kind) {
  const std::size_t begin = scan.at();
  kind = DomainKind::kName;
  const bool found =
      scan.peek() == '[' ? address_literal(scan, kind) : domain(scan, Labels::kAscii);
  if (!found) return false;
  if (!scan.is_at_end_of_word()) return scan.fail_here();
  return scan.at() - begin <= kMaxDomain ||
         scan.fail(SyntaxError::kDomainTooLong, begin + kMaxDomain);
}

bool ascii_domain(Scanner& scan) {
  return domain(scan, Labels::kAscii);
}

}  // namespace smtpmark::reference
