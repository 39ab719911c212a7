#include "loadgen/environment.h"

#include <liburing.h>
#include <openssl/crypto.h>
#include <sys/utsname.h>

#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "loadgen/build_info.h"
#include "loadgen/cpu.h"

#if __has_include(<liburing/io_uring_version.h>)
#include <liburing/io_uring_version.h>
#endif

namespace smtpmark::loadgen {

namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string governor() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::string text;
  std::getline(file, text);
  return text.empty() ? "unknown" : text;
}

}  // namespace

nlohmann::json describe_environment(const io::RingFeatures& features) {
  utsname kernel{};
  uname(&kernel);
  nlohmann::json io = {{"backend", features.backend == io::Backend::kEpoll ? "epoll" : "io_uring"},
                       {"single_issuer", features.single_issuer},
                       {"defer_taskrun", features.defer_taskrun},
                       {"liburing", kLiburingVersion}};
  return {{"cpu_model", cpu_model()},   {"processors", usable_processors()},
          {"cpu_governor", governor()}, {"architecture", kernel.machine},
          {"kernel", kernel.release},   {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"io", std::move(io)},        {"smtpmark", kVersion},
          {"git_commit", kGitCommit},   {"compiler", kCompiler},
          {"build_type", kBuildType}};
}

double seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace smtpmark::loadgen
