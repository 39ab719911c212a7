#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "loadgen/commands.h"
#include "loadgen/compare_report.h"
#include "loadgen/compare_rules.h"
#include "loadgen/regression.h"
#include "loadgen/result_json.h"
#include "loadgen/terminal_text.h"

namespace smtpmark::loadgen {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kRegression = 1;
constexpr int kUndecided = 2;

// The results that `path` stands for: itself, or all results of a folder and of the folders in it.
std::vector<std::string> files_of(const std::string& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return {path};
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, failed)) {
    const fs::path inner = entry.path() / "result.json";
    if (entry.is_regular_file(failed) && entry.path().extension() == ".json") {
      files.push_back(entry.path());
    } else if (fs::exists(inner, failed)) {
      files.push_back(inner);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Results, and the files that they are of.
struct Side {
  std::vector<std::string> files;
  std::vector<json> results;
};

tl::expected<Side, std::string> read_all(const std::vector<std::string>& paths) {
  Side side;
  for (const std::string& path : paths) {
    const std::vector<std::string> files = files_of(path);
    if (files.empty()) return tl::unexpected("there is no result in " + path);
    for (const std::string& file : files) {
      auto result = read_result(file);
      if (!result) return tl::unexpected(result.error());
      side.files.push_back(file);
      side.results.push_back(std::move(*result));
    }
  }
  return side;
}

// About the first result that cannot be compared with itself either.
std::string damaged(const Side& side, const CompareRules& rules) {
  for (std::size_t i = 0; i < side.files.size(); ++i) {
    const std::vector<json> one = {side.results[i]};
    try {
      (void)compare_sets(one, one, rules);
    } catch (const json::exception& error) {
      return damaged_result(side.files[i], error);
    }
  }
  return {};
}

tl::expected<Verdict, std::string> compare(const CompareOptions& options) {
  const auto rules = rules_of(options);
  if (!rules) return tl::unexpected(rules.error());
  const bool two = options.sides.size() == 2;
  const auto base = read_all(two ? std::vector{options.sides[0]} : options.base);
  if (!base) return tl::unexpected(base.error());
  const auto fresh = read_all(two ? std::vector{options.sides[1]} : options.fresh);
  if (!fresh) return tl::unexpected(fresh.error());
  try {
    return compare_sets(base->results, fresh->results, *rules);
  } catch (const json::exception& error) {
    std::string sentence = damaged(*base, *rules);
    if (sentence.empty()) sentence = damaged(*fresh, *rules);
    return tl::unexpected(sentence.empty() ? damaged_result("one of the results", error)
                                           : sentence);
  }
}

tl::expected<void, std::string> write_reports(const CompareOptions& options,
                                              const Verdict& verdict) {
  if (!options.markdown.empty()) {
    const auto written = write_text(options.markdown, render_markdown(verdict));
    if (!written) return written;
  }
  if (options.junit.empty()) return {};
  return write_text(options.junit, render_junit(verdict));
}

int exit_code_of(const Verdict& verdict) {
  if (!verdict.objections.empty()) return kUndecided;
  switch (verdict.overall()) {
    case Finding::kWorse: return kRegression;
    case Finding::kCannotTell: return kUndecided;
    case Finding::kSame:
    case Finding::kBetter: break;
  }
  return 0;
}

}  // namespace

int command_compare(const CompareOptions& options) {
  if (options.sides.empty() && options.base.empty()) {
    return complain("compare needs BASE and NEW, or --base and --new", kNotCompared);
  }
  if (!options.sides.empty() && options.sides.size() != 2) {
    return complain(fmt::format("compare takes two results or folders, BASE and NEW, not {}",
                                options.sides.size()),
                    kNotCompared);
  }
  const auto verdict = compare(options);
  if (!verdict) return complain(verdict.error(), kNotCompared);
  const auto printed = print_out(printable_lines(render_verdict(*verdict)));
  if (const auto written = write_reports(options, *verdict); !written) {
    return complain(written.error(), kNotCompared);
  }
  if (!printed) return complain(printed.error() + "; the findings are lost", kNotCompared);
  return exit_code_of(*verdict);
}

}  // namespace smtpmark::loadgen
