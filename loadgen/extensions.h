// Service extensions (RFC 5321, 2.2) by their keywords, as options name them.
#ifndef SMTPMARK_LOADGEN_EXTENSIONS_H_
#define SMTPMARK_LOADGEN_EXTENSIONS_H_

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace smtpmark::loadgen {

// "CHUNKING,DSN" as bits of parser::Capability; "" is none. Refuses with a sentence that begins
// with `option` a keyword that is not known.
tl::expected<std::uint64_t, std::string> parse_extensions(const std::string& option,
                                                          const std::string& text);

// The keywords of the bits, as "CHUNKING, DSN"; "" for none.
std::string keywords_of(std::uint64_t capabilities);

// The parameters of MAIL and RCPT (bits of parser::Parameter) that `extensions` (bits of
// parser::Capability) define between them.
std::uint32_t parameters_of(std::uint64_t extensions) noexcept;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_EXTENSIONS_H_
