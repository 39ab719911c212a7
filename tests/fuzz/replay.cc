// Runs a fuzz target without a fuzzer: over its corpus, then over deterministic mutations of it,
// some of which have a line about as long as its limit.
//
//   replay_TARGET --dictionary FILE [--executions N] [--seconds N] [--seed N] [--max-len N]
//   FOLDER...
//
// The same arguments give the same inputs. The input of an abort is left in the file "finding" of
// the working directory (under AddressSanitizer: ASAN_OPTIONS=abort_on_error=1).
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/require.h"

namespace smtpmark::fuzz {
namespace {

using Inputs = std::vector<std::string>;

struct Options {
  std::string dictionary;
  Inputs folders;
  std::uint64_t executions = 20'000;
  std::uint64_t seconds = 0;  // 0: as many executions as were asked for, however long it takes
  std::uint64_t seed = 1;
  std::size_t max_len = 2048;  // beyond the limits of all lines but AUTH
};

// One input in so many may be longer than that, for the lines of AUTH.
constexpr std::size_t kLongInputs = 64;
constexpr std::size_t kLongest = 12'800;

// Where lines are at their limits (parser/command_parser.h), and by how much they are about there.
constexpr std::array<std::size_t, 5> kLimits = {512, 1081, 1298, 2048, 12'288};
constexpr std::size_t kAbout = 3;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(2);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

// In the order of their names, so that every run sees the same sequence.
Inputs read_folders(const Inputs& folders) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  Inputs inputs;
  for (const auto& path : paths) inputs.push_back(read_file(path));
  if (inputs.empty()) fail("no corpus");
  return inputs;
}

// The text between the quotes of a line of the dictionary: "\\", "\"" and "\x0d" as in libFuzzer.
std::string unescape(std::string_view quoted) {
  std::string text;
  while (!quoted.empty()) {
    if (quoted.starts_with("\\x") && quoted.size() >= 4) {
      int octet = 0;
      std::from_chars(quoted.data() + 2, quoted.data() + 4, octet, 16);
      text += static_cast<char>(octet);
      quoted.remove_prefix(4);
      continue;
    }
    if (quoted.front() == '\\') quoted.remove_prefix(1);
    text += quoted.front();
    quoted.remove_prefix(1);
  }
  return text;
}

Inputs read_dictionary(const std::string& path) {
  Inputs words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t open = line.find('"');
    const std::size_t close = line.rfind('"');
    if (line.starts_with('#') || open == close) continue;
    words.push_back(unescape(std::string_view(line).substr(open + 1, close - open - 1)));
  }
  if (words.empty()) fail("no dictionary at " + path);
  return words;
}

class Mutator {
 public:
  Mutator(const Inputs& inputs, const Inputs& words, const Options& options)
      : inputs_(inputs), words_(words), random_(options.seed), max_len_(options.max_len) {}

  const std::string& next() {
    text_ = pick(inputs_);
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change();
    const std::size_t limit = below(kLongInputs) == 0 ? std::max(max_len_, kLongest) : max_len_;
    if (below(16) == 0) stretch(limit);
    if (text_.size() > limit) text_.resize(limit);
    return text_;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  std::size_t position() { return below(text_.size() + 1); }
  const std::string& pick(const Inputs& from) { return from[below(from.size())]; }
  std::size_t length_from(std::size_t at) {
    return std::min(text_.size() - at, 1 + below(below(4) == 0 ? 64 : 4));
  }

  char octet() {
    static constexpr std::string_view kTelling(
        "\r\n\0 \t.<>@:;=\"\\[]+-_,/\x7f\x80\xc3\xff"
        "09aZ",
        29);
    return below(2) == 0 ? kTelling[below(kTelling.size())] : static_cast<char>(below(256));
  }

  void change() {
    const std::size_t at = position();
    switch (below(8)) {
      case 0: text_.insert(at, 1, octet()); break;
      case 1: text_.erase(at, length_from(at)); break;
      case 2: text_.insert(at, pick(words_)); break;
      case 3: text_.insert(position(), text_.substr(at, length_from(at))); break;
      case 4: splice(at); break;
      case 5: text_.replace(at, length_from(at), pick(words_)); break;
      default:
        if (at < text_.size())
          text_[at] = below(4) == 0 ? static_cast<char>(text_[at] ^ ' ') : octet();
    }
  }

  // Goes on with the rest of another input.
  void splice(std::size_t at) {
    const std::string& other = pick(inputs_);
    text_.replace(at, std::string::npos, other, below(other.size() + 1), std::string::npos);
  }

  // Brings a line to one of the limits that an input may reach, or about there.
  void stretch(std::size_t limit) {
    const std::size_t at = position();
    const std::size_t before = text_.rfind("\r\n", at == 0 ? 0 : at - 1);
    const std::size_t begin = before == std::string::npos || at == 0 ? 0 : before + 2;
    const std::size_t crlf = text_.find("\r\n", at);
    const std::size_t size = (crlf == std::string::npos ? text_.size() : crlf + 2) - begin;
    const auto beyond = std::upper_bound(kLimits.begin(), kLimits.end(), limit);
    if (beyond == kLimits.begin()) return;
    const std::size_t reachable = static_cast<std::size_t>(beyond - kLimits.begin());
    const std::size_t wanted = kLimits[below(reachable)] - kAbout + below(2 * kAbout + 1);
    if (wanted <= size) return;
    const char octet = at > begin && below(4) != 0 ? text_[at - 1] : 'A';
    text_.insert(at, wanted - size, octet);
  }

  const Inputs& inputs_;
  const Inputs& words_;
  std::mt19937_64 random_;
  std::size_t max_len_;
  std::string text_;
};

// What is under way, for the report of a finding.
const std::string* current = nullptr;

void write_finding(int signal) {
  if (std::FILE* const file = std::fopen("finding", "wb"); file != nullptr && current != nullptr) {
    std::fwrite(current->data(), 1, current->size(), file);
    std::fclose(file);
    std::fputs("the input is in the file \"finding\" of the working directory\n", stderr);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// In memory of its own, so that AddressSanitizer sees a look behind its end.
void execute(const std::string& input) {
  current = &input;
  const auto copy = std::make_unique_for_overwrite<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

std::uint64_t number_in(const char* text) {
  std::uint64_t number = 0;
  const std::string_view digits = text == nullptr ? "" : text;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || end.ptr != digits.data() + digits.size())
    fail("not a number: " + std::string(digits));
  return number;
}

Options options_of(char** arguments) {
  Options options;
  for (++arguments; *arguments != nullptr; ++arguments) {
    const std::string_view name = *arguments;
    if (!name.starts_with("--")) {
      options.folders.emplace_back(name);
      continue;
    }
    const char* const value = *++arguments;
    if (value == nullptr) fail("a value is missing behind " + std::string(name));
    if (name == "--dictionary")
      options.dictionary = value;
    else if (name == "--executions")
      options.executions = number_in(value);
    else if (name == "--seconds")
      options.seconds = number_in(value);
    else if (name == "--seed")
      options.seed = number_in(value);
    else if (name == "--max-len")
      options.max_len = number_in(value);
    else
      fail("unknown option " + std::string(name));
  }
  return options;
}

// Executions done.
std::uint64_t mutate(Mutator& mutator, const Options& options) {
  constexpr std::uint64_t kBetweenLooksAtTheClock = 4096;
  const auto start = std::chrono::steady_clock::now();
  const auto end = start + std::chrono::seconds(options.seconds);
  std::uint64_t done = 0;
  while (options.seconds == 0
             ? done < options.executions
             : done % kBetweenLooksAtTheClock != 0 || std::chrono::steady_clock::now() < end) {
    execute(mutator.next());
    ++done;
  }
  return done;
}

}  // namespace
}  // namespace smtpmark::fuzz

int main(int, char** arguments) {
  using namespace smtpmark::fuzz;
  const Options options = options_of(arguments);
  const Inputs inputs = read_folders(options.folders);
  const Inputs words = read_dictionary(options.dictionary);
  std::signal(SIGABRT, write_finding);
  for (const std::string& input : inputs) execute(input);
  Mutator mutator(inputs, words, options);
  const std::uint64_t mutated = mutate(mutator, options);
  std::printf("%zu inputs of the corpus, %llu mutations of them\n", inputs.size(),
              static_cast<unsigned long long>(mutated));
}
