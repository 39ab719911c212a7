#include "loadgen/corpus.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 1'000'000;

using Paths = tl::expected<std::vector<fs::path>, std::string>;

// Appends the files in `folder`.
std::string list_files(const fs::path& folder, std::vector<fs::path>& files) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    // Those of /proc say that they have no octets, and may have them without an end.
    if (!at->is_regular_file(unknown) || at->file_size(unknown) == 0) continue;
    if (files.size() == kMostFiles) {
      return folder.string() +
             fmt::format(" has more than {} files: give a part of it", kMostFiles);
    }
    files.push_back(at->path());
  }
  return error ? "cannot read " + folder.string() + ": " + error.message() : std::string();
}

Paths files_of(const fs::path& path) {
  std::error_code unknown;
  std::vector<fs::path> files;
  std::vector<fs::path> folders = {path};
  if (fs::is_directory(path / "cur", unknown) && fs::is_directory(path / "new", unknown)) {
    folders = {path / "cur", path / "new"};
  }
  for (const fs::path& folder : folders) {
    if (const std::string failure = list_files(folder, files); !failure.empty()) {
      return tl::unexpected(failure);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Takes messages until there is no room for more.
class Collector {
 public:
  Collector(std::uint64_t most_octets, bool restamped)
      : left_(most_octets), restamped_(restamped) {}

  bool has_room_for(std::uint64_t octets) const noexcept { return octets <= left_; }
  void leave_out() noexcept { ++corpus_.left_out; }
  void take(std::string content) {
    if (content.empty()) return;
    if (restamped_) content = without_field(without_field(content, "Message-ID"), "X-Smtpmark");
    Message message(std::move(content));
    if (!has_room_for(message.footprint()) || message.size() == 0) return leave_out();
    left_ -= message.footprint();
    corpus_.messages.push_back(std::move(message));
  }
  Corpus& corpus() noexcept { return corpus_; }

 private:
  std::uint64_t left_;
  bool restamped_;
  Corpus corpus_;
};

std::string read_folder(const fs::path& path, Collector& collector) {
  const Paths files = files_of(path);
  if (!files) return files.error();
  for (const fs::path& file : *files) {
    std::error_code unknown;
    if (!collector.has_room_for(fs::file_size(file, unknown))) {
      collector.leave_out();
      continue;
    }
    const auto text = read_text(file.string());
    if (!text) return text.error();
    collector.take(with_crlf(*text));
  }
  return {};
}

std::string read_mbox(const std::string& path, Collector& collector) {
  const auto text = read_text(path);
  if (!text) return text.error();
  if (!text->starts_with("From ")) {
    return path + " is neither a folder nor an mbox: it does not begin with \"From \"";
  }
  for (std::string& content : split_mbox(*text)) collector.take(std::move(content));
  return {};
}

bool is_from_line(std::string_view line) {
  return line.starts_with("From ");
}

bool is_quoted_from_line(std::string_view line) {
  const std::size_t at = line.find_first_not_of('>');
  return at != 0 && at != std::string_view::npos && is_from_line(line.substr(at));
}

}  // namespace

tl::expected<Corpus, std::string> read_corpus(const std::string& path, std::uint64_t most_octets,
                                              bool restamped) {
  Collector collector(most_octets, restamped);
  std::error_code unknown;
  const bool folder = fs::is_directory(path, unknown);
  const std::string failure = folder ? read_folder(path, collector) : read_mbox(path, collector);
  if (!failure.empty()) return tl::unexpected(failure);
  Corpus& corpus = collector.corpus();
  if (corpus.messages.empty() && corpus.left_out > 0) {
    return tl::unexpected("not one message of " + path + " has room in " +
                          std::to_string(most_octets) + " octets: give more --pool");
  }
  if (corpus.messages.empty()) return tl::unexpected("there is no message in " + path);
  return std::move(corpus);
}

std::string with_crlf(std::string_view text) {
  std::string lines;
  lines.reserve(text.size() + text.size() / 32 + 2);
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.append(text.substr(0, end)).append("\r\n");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return lines;
}

std::vector<std::string> split_mbox(std::string_view text) {
  std::vector<std::string> messages;
  const std::string all = with_crlf(text);
  std::string_view rest = all;
  bool behind_empty = true;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    if (behind_empty && is_from_line(line)) {
      // The empty line in front of it belongs to it.
      if (!messages.empty() && messages.back().ends_with("\r\n\r\n")) {
        messages.back().erase(messages.back().size() - 2);
      }
      messages.emplace_back();
      behind_empty = false;
      continue;
    }
    behind_empty = line == "\r\n";
    if (!messages.empty()) messages.back().append(line.substr(is_quoted_from_line(line) ? 1 : 0));
  }
  if (!messages.empty() && messages.back().ends_with("\r\n\r\n")) {
    messages.back().erase(messages.back().size() - 2);
  }
  return messages;
}

std::string without_field(std::string_view content, std::string_view name) {
  std::string kept;
  kept.reserve(content.size());
  bool dropping = false;
  while (!content.empty() && !content.starts_with("\r\n")) {
    const std::size_t end = std::min(content.find('\n'), content.size() - 1) + 1;
    const std::string_view line = content.substr(0, end);
    const bool goes_on = line.front() == ' ' || line.front() == '\t';
    if (!goes_on) {
      dropping = line.size() > name.size() && line[name.size()] == ':' &&
                 strncasecmp(line.data(), name.data(), name.size()) == 0;
    }
    if (!dropping) kept += line;
    content.remove_prefix(line.size());
  }
  return kept.append(content);
}

}  // namespace smtpmark::loadgen
