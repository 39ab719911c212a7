// Where results are kept.
#ifndef SMTPMARK_LOADGEN_RESULT_FOLDER_H_
#define SMTPMARK_LOADGEN_RESULT_FOLDER_H_

#include <string>
#include <tl/expected.hpp>

namespace smtpmark::loadgen {

// Makes RESULTS_DIR/<started>-<name>, with a number behind it where that is taken, and returns it.
// `started_utc` is as utc_now() gives it. Fails with a sentence.
tl::expected<std::string, std::string> make_result_folder(const std::string& results_dir,
                                                          const std::string& name,
                                                          const std::string& started_utc);

// The file that `path` means: its result.json where it is a folder that has one, else itself.
std::string result_file(const std::string& path);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_RESULT_FOLDER_H_
