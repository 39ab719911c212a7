// The addresses that connections are to come from.
#ifndef SMTPMARK_LOADGEN_SOURCES_H_
#define SMTPMARK_LOADGEN_SOURCES_H_

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "io/address.h"

namespace smtpmark::loadgen {

// "127.0.0.2", "127.0.0.10-127.0.0.19", "fd00::1-fd00::9", several of them with commas; "" is none.
// Refuses with a sentence about `option` what is no address of `family`, and more than 65536 of
// them.
tl::expected<std::vector<io::Address>, std::string> parse_sources(const std::string& option,
                                                                  const std::string& text,
                                                                  int family);

// Refuses with a sentence about `option` an address that this machine does not have, so that no
// connection can come from it.
tl::expected<void, std::string> check_sources(const std::string& option,
                                              const std::vector<io::Address>& sources);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SOURCES_H_
