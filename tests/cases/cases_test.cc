// Makes a test of each case on the pages of this folder.
//
//   cases_test PAGE...                checks
//   cases_test --regenerate PAGE...   writes what the parser says into the pages: read the diff
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/cases/page.h"
#include "tests/parser/split_driver.h"
#include "tests/reference/reference.h"

namespace smtpmark::cases {
namespace {

using parser::testing::Log;
using parser::testing::SplitDriver;

template <typename Session>
Log log_of_every_split(const Case& a_case) {
  SplitDriver<Session, events::Settings> driver(a_case.octets, a_case.settings);
  Log log = driver.run();
  if (driver.rest() != 0) log.push_back("rest: " + std::to_string(driver.rest()) + " octets");
  return log;
}

Log log_of(const Case& a_case) {
  switch (a_case.kind) {
    case Kind::kCommands: return log_of_every_split<events::CommandSession>(a_case);
    case Kind::kResponse: return log_of_every_split<events::ResponseSession>(a_case);
    case Kind::kReplies: return log_of_every_split<events::ReplySession>(a_case);
    case Kind::kEhlo: return log_of_every_split<events::EhloSession>(a_case);
    case Kind::kData: return log_of_every_split<events::DataSession>(a_case);
    case Kind::kSession: break;
  }
  return log_of_every_split<events::ServerSession>(a_case);
}

// What the reference says, where it can: it is strict and knows no settings. Null otherwise.
reference::Log (*reference_of(const Case& a_case))(std::string_view) {
  if (a_case.has_settings) return nullptr;
  switch (a_case.kind) {
    case Kind::kCommands: return reference::commands;
    case Kind::kResponse: return reference::responses;
    case Kind::kReplies: return reference::replies;
    case Kind::kEhlo: return reference::ehlo;
    case Kind::kData: return reference::data;
    case Kind::kSession: break;
  }
  return nullptr;
}

// Every way to look at the octets of a body must see the same (parser/body_framer.h).
void check_scan_paths(const Case& a_case) {
  for (const parser::ScanPath path : {parser::ScanPath::kPortable, parser::ScanPath::kAvx2}) {
    if (!parser::is_supported(path)) continue;
    Case other = a_case;
    other.settings.body.path = path;
    EXPECT_EQ(log_of(other), a_case.log) << "scan path " << static_cast<int>(path);
  }
}

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(const Case& a_case) : case_(a_case) {}

  void TestBody() override {
    EXPECT_EQ(log_of(case_), case_.log);
    if (case_.kind == Kind::kData) check_scan_paths(case_);
    const auto reference = reference_of(case_);
    if (reference == nullptr) return;
    Log events = case_.log;
    if (!events.empty() && events.back().starts_with("rest: ")) events.pop_back();
    EXPECT_EQ(reference(case_.octets), events) << "the reference disagrees with the page";
  }

 private:
  const Case& case_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string suite_name_of(const std::string& path) {
  return test_name_of(std::filesystem::path(path).stem().string());
}

// False when two headings of the page make the same name.
bool register_page(const std::string& path, const Page& page) {
  const std::string suite = suite_name_of(path);
  std::set<std::string> names;
  for (const Case& a_case : page.cases) {
    const std::string name = test_name_of(a_case.heading);
    if (!names.insert(name).second) {
      std::fprintf(stderr, "%s: two cases \"%s\"\n", path.c_str(), a_case.heading.c_str());
      return false;
    }
    testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, path.c_str(),
                          static_cast<int>(a_case.line),
                          [&a_case]() -> testing::Test* { return new CaseTest(a_case); });
  }
  return true;
}

// Writes the logs of the parser into the page.
void regenerate(const std::string& path, const Page& page) {
  std::string text = read_file(path);
  for (auto a_case = page.cases.rbegin(); a_case != page.cases.rend(); ++a_case) {
    std::string log;
    for (const std::string& line : log_of(*a_case)) log += line + "\n";
    text.replace(a_case->log_begin, a_case->log_end - a_case->log_begin, log);
  }
  std::ofstream(path, std::ios::binary) << text;
}

int run(const std::vector<std::string>& arguments) {
  const bool writes = !arguments.empty() && arguments[0] == "--regenerate";
  std::vector<std::string> paths(arguments.begin() + (writes ? 1 : 0), arguments.end());
  static std::vector<Page> pages;
  for (const std::string& path : paths) {
    pages.push_back(read_page(read_file(path)));
    const std::string problem = pages.back().cases.empty() ? "no cases" : pages.back().problem;
    if (problem.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", path.c_str(), problem.c_str());
    return 2;
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (writes) {
      regenerate(paths[i], pages[i]);
    } else if (!register_page(paths[i], pages[i])) {
      return 2;
    }
  }
  return writes ? 0 : RUN_ALL_TESTS();
}

}  // namespace
}  // namespace smtpmark::cases

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return smtpmark::cases::run({argv + 1, argv + argc});
}
