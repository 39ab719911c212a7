// Whom a load may reach.
#ifndef SMTPMARK_LOADGEN_SAFETY_H_
#define SMTPMARK_LOADGEN_SAFETY_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "io/address.h"

namespace smtpmark::loadgen {

// Whether mail to this domain can reach nobody: example.com, example.net, example.org (and the
// other example second-level domains), *.example, *.test, *.invalid, *.localhost (RFC 2606, RFC
// 6761), and address literals of loopback.
bool is_reserved_domain(std::string_view domain);

// Loopback is free. Anything else needs `allow_remote`; a public address also needs `authorized`.
// Fails with a sentence that names the flag.
tl::expected<void, std::string> check_target(const io::Address& target, bool allow_remote,
                                             bool authorized);
// A recipient outside the reserved domains needs `authorized`, wherever the target is.
tl::expected<void, std::string> check_recipient(std::string_view recipient, bool authorized);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SAFETY_H_
