// smtpmark: loads an SMTP server and says what it carries.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/build_info.h"
#include "loadgen/commands.h"
#include "loadgen/option_values.h"
#include "loadgen/options.h"
#include "loadgen/scenario.h"

namespace loadgen = smtpmark::loadgen;

namespace {

// CLI11 asks for a command before it says which word it did not know.
std::string sentence_of(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining();
  if (!app.get_subcommands().empty() || unknown.empty()) return error.what();
  const char* const kind = unknown.front().starts_with('-') ? "option" : "command";
  return fmt::format("there is no {} \"{}\"", kind, unknown.front());
}

int run(int argc, char** argv) {
  CLI::App app("Loads an SMTP server on ports 25, 587 and 465 and says what it carries.",
               "smtpmark");
  app.set_version_flag("--version",
                       fmt::format("smtpmark {} ({})", loadgen::kVersion, loadgen::kGitCommit));
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  loadgen::RunOptions run_options;
  loadgen::FindOptions find_options;
  loadgen::TlsSweepOptions tls_options;
  loadgen::SinkRunOptions sink_options;
  loadgen::ShowOptions show_options;
  loadgen::ReportOptions report_options;
  loadgen::CompareOptions compare_options;
  loadgen::AbOptions ab_options;
  loadgen::ParseOptions parse_options;
  CLI::App* run_command = app.add_subcommand("run", "Load a server, or do the main job");
  CLI::App* find_command =
      app.add_subcommand("find", "Find the highest rate that meets an objective");
  CLI::App* tls_command = app.add_subcommand(
      "tls", "Measure TLS handshakes: versions, groups, certificates, full and resumed");
  CLI::App* sink_command = app.add_subcommand("sink", "Take mail and throw it away");
  CLI::App* show_command = app.add_subcommand("show", "Print the table of a result again");
  CLI::App* report_command =
      app.add_subcommand("report", "Write results as a web page with charts");
  CLI::App* compare_command = app.add_subcommand(
      "compare", "Say whether results got worse: exit code 1 if so, 2 if nobody can tell");
  CLI::App* ab_command = app.add_subcommand(
      "ab", "Load two servers, or one in two ways, in turn; say whether the new one is worse");
  CLI::App* parse_command = app.add_subcommand(
      "parse", "Say what SMTP on standard input means, an event a line, in JSON");
  define_run(*run_command, run_options);
  define_find(*find_command, find_options);
  define_tls_sweep(*tls_command, tls_options);
  define_sink(*sink_command, sink_options);
  define_show(*show_command, show_options);
  define_report(*report_command, report_options);
  define_compare(*compare_command, compare_options);
  define_ab(*ab_command, ab_options);
  define_parse(*parse_command, parse_options);
  const std::string_view named = argc > 1 ? argv[1] : "";
  const int bad_command_line =
      named == "compare" || named == "ab" ? loadgen::kNotCompared : loadgen::kBadCommandLine;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return loadgen::complain(sentence_of(app, error) + " (see smtpmark --help)", bad_command_line);
  }
  for (const CLI::App* command : app.get_subcommands()) {
    if (auto good = loadgen::refuse_empty_values(*command); !good) {
      return loadgen::complain(good.error(), bad_command_line);
    }
  }
  for (const auto& [command, options] :
       {std::pair<CLI::App*, loadgen::RunOptions*>{run_command, &run_options},
        {find_command, &find_options}}) {
    if (!command->parsed()) continue;
    if (auto read = loadgen::load_scenario(*command, *options); !read) {
      return loadgen::complain(read.error(), loadgen::kBadCommandLine);
    }
  }
  if (run_command->parsed()) return loadgen::command_run(run_options, {argv, argv + argc});
  if (find_command->parsed()) return loadgen::command_find(find_options, {argv, argv + argc});
  if (tls_command->parsed()) return loadgen::command_tls(tls_options, {argv, argv + argc});
  if (sink_command->parsed()) return loadgen::command_sink(sink_options);
  if (report_command->parsed()) return loadgen::command_report(report_options);
  if (compare_command->parsed()) return loadgen::command_compare(compare_options);
  if (ab_command->parsed()) return loadgen::command_ab(ab_options);
  if (parse_command->parsed()) return loadgen::command_parse(parse_options);
  return loadgen::command_show(show_options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return loadgen::complain(error.what(), loadgen::kFailed);
  }
}
