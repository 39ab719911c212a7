#include "loadgen/result_folder.h"

#include <filesystem>

namespace smtpmark::loadgen {

namespace {

// A name as a part of a path.
std::string path_part(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain) c = '-';
  }
  return name;
}

}  // namespace

tl::expected<std::string, std::string> make_result_folder(const std::string& results_dir,
                                                          const std::string& name,
                                                          const std::string& started_utc) {
  std::string stamp;
  for (const char c : started_utc) {
    if (c != '-' && c != ':') stamp.push_back(c);
  }
  const std::filesystem::path results(results_dir);
  const std::string first = stamp + "-" + path_part(name);
  std::error_code error;
  std::filesystem::create_directories(results, error);
  std::filesystem::path folder = results / first;
  // A run that began in the same second keeps its folder.
  for (int number = 2; !error && !std::filesystem::create_directory(folder, error); ++number) {
    folder = results / (first + "-" + std::to_string(number));
  }
  if (error) {
    return tl::unexpected("cannot make the result folder " + folder.string() + ": " +
                          error.message() + "; name another one with --results-dir");
  }
  return folder.string();
}

std::string result_file(const std::string& path) {
  const std::filesystem::path inner = std::filesystem::path(path) / "result.json";
  std::error_code unknown;
  return std::filesystem::exists(inner, unknown) ? inner.string() : path;
}

}  // namespace smtpmark::loadgen
