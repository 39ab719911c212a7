// Files that are there as long as a test needs them.
#ifndef SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_
#define SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "io/certificate.h"

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

// A chain of certificates, and the file with its root.
struct MadeCertificate {
  MadeCertificate(io::KeyKind kind, std::size_t length, const ScratchFiles& files)
      : chain(std::make_shared<const io::Certificate>(io::Certificate::make(kind, length).value())),
        root(files.write("root-" + std::string(io::to_string(kind)), chain->root_to_pem())) {}

  std::shared_ptr<const io::Certificate> chain;
  std::string root;
};

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_SCRATCH_FILES_H_
