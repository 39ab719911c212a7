#include "tests/cases/page.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "tests/events/wire_text.h"

namespace smtpmark::cases {
namespace {

using namespace parser;
using events::Settings;

constexpr std::string_view kFence = "```";

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::optional<Kind> kind_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Kind>, 6> kKinds{{
      {"commands", Kind::kCommands},
      {"response", Kind::kResponse},
      {"replies", Kind::kReplies},
      {"ehlo", Kind::kEhlo},
      {"data", Kind::kData},
      {"session", Kind::kSession},
  }};
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

bool set_leniency(std::string_view name, Settings& settings) {
  for (const Profile profile : kAllProfiles) {
    if (to_string(profile) != name) continue;
    settings.leniencies = leniencies_of(profile);
    return true;
  }
  for (const Leniency leniency : kAllLeniencies) {
    if (to_string(leniency) != name) continue;
    settings.leniencies |= leniency;
    return true;
  }
  return false;
}

bool set_number(std::string_view setting, Settings& settings) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view digits = setting.substr(equals + 1);
  std::uint32_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return false;
  const std::string_view name = setting.substr(0, equals);
  if (name == "due") {
    settings.counts_replies = true;
    settings.due = value;
  } else if (name == "stop-after") {
    settings.stop_after = value;
  } else if (name == "max-lines") {
    settings.replies.max_lines = value;
  } else if (name == "max-reply") {
    settings.replies.max_reply = value;
  } else if (name == "max-line") {
    settings.replies.max_line = value;
    settings.body.max_line = value;
  } else {
    return false;
  }
  return true;
}

bool set(std::string_view setting, Settings& settings) {
  if (setting == "lf-ends-line") {
    settings.replies.bare_lf_ends_line = true;
    settings.body.bare_lf_ends_line = true;
    return true;
  }
  if (setting == "any-text") {
    settings.replies.any_text = true;
    return true;
  }
  return set_leniency(setting, settings) || set_number(setting, settings);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Page read() {
    std::string_view line;
    while (page_.problem.empty() && next(line)) {
      if (line.starts_with("## ")) {
        check_complete();
        page_.cases.emplace_back();
        page_.cases.back().heading = line.substr(3);
        page_.cases.back().line = number_;
        complete_ = false;
      } else if (line.starts_with(kFence)) {
        read_block(line.substr(kFence.size()));
      }
    }
    check_complete();
    return std::move(page_);
  }

 private:
  bool next(std::string_view& line) {
    if (at_ >= text_.size()) return false;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    line = text_.substr(at_, end - at_);
    at_ = end + 1;
    ++number_;
    return true;
  }

  void complain(std::string_view what) {
    page_.problem = "line " + std::to_string(number_) + ": " + std::string(what);
  }

  void check_complete() {
    if (page_.problem.empty() && !complete_) complain("the case above has no log");
  }

  void read_block(std::string_view title) {
    const std::size_t begin = at_;
    std::size_t end = begin;
    std::vector<std::string> lines;
    std::string_view line;
    for (;;) {
      end = at_;
      if (!next(line)) return complain("a block is not closed");
      if (line == kFence) break;
      lines.emplace_back(line);
    }
    if (page_.cases.empty()) return complain("a block stands before the first heading");
    Case& current = page_.cases.back();
    if (title == "log") {
      current.log = std::move(lines);
      current.log_begin = begin;
      current.log_end = end;
      complete_ = true;
    } else {
      read_wire(title, lines, current);
    }
  }

  void read_wire(std::string_view title, const std::vector<std::string>& lines, Case& current) {
    const auto kind = kind_of(take_word(title));
    if (!kind) return complain("a block of no known kind");
    current.kind = *kind;
    for (auto word = take_word(title); !word.empty(); word = take_word(title)) {
      current.has_settings = true;
      if (!set(word, current.settings)) return complain("unknown setting " + std::string(word));
    }
    for (const std::string& line : lines) {
      const auto octets = events::octets_of(line);
      if (!octets) return complain("does not follow the notation: " + line);
      current.octets += *octets;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
  bool complete_ = true;
  Page page_;
};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

Page read_page(std::string_view text) {
  return Reader(text).read();
}

std::string test_name_of(std::string_view heading) {
  std::string name;
  bool word_start = true;
  for (const char c : heading) {
    if (is_alphanumeric(c)) {
      name += word_start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    } else if (c == '.' && word_start) {
      name += "Dot";
    }
    if (c != '\'') word_start = !is_alphanumeric(c);
  }
  return name;
}

}  // namespace smtpmark::cases
