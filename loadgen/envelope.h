// The envelope of one message (RFC 5321, 2.3.1), written out as the commands that carry it.
#ifndef SMTPMARK_LOADGEN_ENVELOPE_H_
#define SMTPMARK_LOADGEN_ENVELOPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/plan.h"

namespace smtpmark::loadgen {

// What a server said in its reply to EHLO, as far as envelopes depend on it.
struct Offer {
  std::uint64_t capabilities = 0;     // bits of parser::Capability
  std::uint32_t rcpt_max = 0;         // most recipients of a message (RFC 9422, 4.2); 0: not told
  std::uint32_t rcpt_domain_max = 0;  // most domains of these (4.3); 0: not told

  bool operator==(const Offer&) const = default;
};

// What the lines of an envelope depend on.
struct MailFacts {
  Offer offer;
  std::uint64_t size = 0;                     // octets of this very message, before dot-stuffing
  bool eight_bit = false;                     // it has octets above 127
  const ParameterPlan* parameters = nullptr;  // null: none of them
  Chunking chunking = {};
};

struct Envelope {
  std::string mail;               // with the parameters that are to be used
  std::vector<std::string> rcpt;  // a line for each recipient that the server allows
  std::string group;              // MAIL, RCPT and DATA in one (RFC 2920, 3.1); where BDAT is to
                                  // follow, without DATA
  std::vector<bool> bad;          // recipients that are to be refused; empty: none is

  // Writes the lines anew, into the memory that they have.
  void write(std::string_view reverse_path, const std::vector<std::string>& forward_paths,
             const MailFacts& facts);
};

// As xtext (RFC 3461, 4).
std::string to_xtext(std::string_view text);

// The UTF-8 of `text` as utf-8-addr-xtext (RFC 6533, 3), which is ASCII: what a server takes
// whether it offers SMTPUTF8 or not.
std::string to_utf8_xtext(std::string_view text);

// The forward-path of recipient `number` of a message whose recipients have one address between
// them: from the second on they are told apart by a tag.
std::string numbered_recipient(const std::string& recipient, std::uint32_t number);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_ENVELOPE_H_
