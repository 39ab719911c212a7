#include "loadgen/compare_report.h"

#include <gtest/gtest.h>

namespace smtpmark::loadgen {
namespace {

Change change_of(const std::string& job, Finding finding) {
  Change change;
  change.job = job;
  change.metric = &metrics().front();
  change.base = 1000.0;
  change.fresh = 900.0;
  change.ratio = 0.9;
  change.interval = {0.88, 0.93};
  change.finding = finding;
  change.repeats_needed = 14;
  return change;
}

bool report_holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CompareReport, SaysWhatChangedAndWhatItComesTo) {
  const Verdict verdict{{change_of("25", Finding::kWorse), change_of("465", Finding::kSame)}, {}};
  const std::string text = render_verdict(verdict);
  EXPECT_TRUE(report_holds(text, "1000/s"));
  EXPECT_TRUE(report_holds(text, "900/s"));
  EXPECT_TRUE(report_holds(text, "-10.0 %"));
  EXPECT_TRUE(report_holds(text, "-12.0 to -7.0 %"));
  EXPECT_TRUE(report_holds(text, "Worse: 1 of 2 figures."));
}

TEST(CompareReport, SaysHowManyRepeatsMightSettleIt) {
  const std::string text = render_verdict({{change_of("25", Finding::kCannotTell)}, {}});
  EXPECT_TRUE(report_holds(text, "cannot tell: 14 repeats a side might"));
  EXPECT_TRUE(report_holds(text, "too noisy to rule one out"));
}

TEST(CompareReport, AnObjectionIsNotOutvoted) {
  const std::string text = render_verdict({{change_of("25", Finding::kSame)}, {"too hot"}});
  EXPECT_TRUE(report_holds(text, "! too hot\nNothing can be said: see above."));
}

TEST(CompareReport, MarkdownKeepsItsTableWhateverAJobIsCalled) {
  const std::string text = render_markdown({{change_of("a|<b>", Finding::kWorse)}, {}});
  EXPECT_TRUE(report_holds(text, "| a&#124;&lt;b&gt; | messages-per-s | 1000/s | 900/s |"));
  EXPECT_TRUE(report_holds(text, "**WORSE**"));
}

TEST(CompareReport, JunitCountsWhatItHolds) {
  const Verdict verdict{{change_of("\"25\" & more", Finding::kWorse),
                         change_of("587", Finding::kCannotTell), change_of("465", Finding::kSame)},
                        {"too hot"}};
  const std::string text = render_junit(verdict);
  EXPECT_TRUE(report_holds(text, "tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""));
  EXPECT_TRUE(report_holds(text, "classname=\"&quot;25&quot; &amp; more\""));
  EXPECT_TRUE(report_holds(text, "<failure message=\"1000/s to 900/s: -10.0 %"));
  EXPECT_TRUE(report_holds(text, "<error message=\"too hot\"/>"));
}

}  // namespace
}  // namespace smtpmark::loadgen
