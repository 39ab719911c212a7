// One's own messages, to be sent as they are.
#ifndef SMTPMARK_LOADGEN_CORPUS_H_
#define SMTPMARK_LOADGEN_CORPUS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/message.h"

namespace smtpmark::loadgen {

struct Corpus {
  std::vector<Message> messages;
  std::uint64_t left_out = 0;  // messages for which there was no room
};

// The messages of a maildir (a folder with cur/ and new/), of any other folder (each file in it is
// one), or of an mbox file, in the order of their names or in that of the file; as many as have
// room in `most_octets`. Line ends become CRLF. With `restamped` their Message-ID is taken out, for
// a stamp brings its own. Fails with a sentence when there is nothing to read, or more than a
// million files; what is no regular file is no message.
tl::expected<Corpus, std::string> read_corpus(const std::string& path, std::uint64_t most_octets,
                                              bool restamped);

// Every LF, CR and CRLF as CRLF, one at the end too.
std::string with_crlf(std::string_view text);
// The messages of an mbox, with CRLF. What stands before the first "From " line is none; of lines
// that begin with ">From ", however many ">" there are, one is taken away.
std::vector<std::string> split_mbox(std::string_view text);
// A content with CRLF without the named field of its header.
std::string without_field(std::string_view content, std::string_view name);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CORPUS_H_
