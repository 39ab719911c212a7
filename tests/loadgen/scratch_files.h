// Files that are there as long as a test needs them.
#ifndef SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_
#define SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace smtpmark::loadgen::testing {

// A folder of their own; `name` tells it from those of other tests in this process.
class ScratchFiles {
 public:
  explicit ScratchFiles(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() /
                ("smtpmark-" + name + "-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ScratchFiles(const ScratchFiles&) = delete;
  ScratchFiles& operator=(const ScratchFiles&) = delete;
  ~ScratchFiles() { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // Returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_
