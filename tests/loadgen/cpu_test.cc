#include "loadgen/cpu.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>
#include <vector>

namespace smtpmark::loadgen {
namespace {

TEST(Cpu, ReadsListsOfProcessorsAsTheKernelWritesThem) {
  EXPECT_EQ(parse_processors("0"), std::vector<int>{0});
  EXPECT_EQ(parse_processors("0-2,8"), (std::vector<int>{0, 1, 2, 8}));
  EXPECT_EQ(parse_processors("3,1-1"), (std::vector<int>{3, 1}));
}

TEST(Cpu, TakesNothingElseForAListOfProcessors) {
  for (const char* list : {"", "a", "1-", "-1", "2-1", "1;2", "0-99999", "1,,2"}) {
    EXPECT_TRUE(parse_processors(list).empty()) << list;
  }
}

TEST(Cpu, ANodeThatIsNotThereIsASentence) {
  const auto used = use_numa_node(1000);
  ASSERT_FALSE(used.has_value());
  EXPECT_NE(used.error().find("no NUMA node 1000"), std::string::npos) << used.error();
}

TEST(Cpu, EachPinnedThreadNeedsAProcessorOfItsOwn) {
  const int usable = usable_processors();
  EXPECT_TRUE(check_pin(-1, 1000).has_value());
  EXPECT_TRUE(check_pin(0, static_cast<std::uint32_t>(usable)).has_value());
  EXPECT_TRUE(check_pin(usable - 1, 1).has_value());
  for (const int first : {usable, 5000, 2147483647}) {
    const auto good = check_pin(first, 1);
    ASSERT_FALSE(good.has_value()) << first;
    EXPECT_NE(good.error().find("--pin"), std::string::npos) << good.error();
  }
  EXPECT_FALSE(check_pin(usable - 1, 2).has_value());
}

// In a thread of its own: the others stay where they are.
TEST(Cpu, AThreadMayRunOnNoMoreThanTheProcessorsOfItsNode) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&after);
  tl::expected<void, std::string> used;
  std::thread([&] {
    used = use_numa_node(0);
    sched_getaffinity(0, sizeof after, &after);
  }).join();
  cpu_set_t both;
  CPU_AND(&both, &before, &after);
  EXPECT_TRUE(CPU_EQUAL(&both, &after));
  EXPECT_GT(CPU_COUNT(&after), 0);
  // A kernel without NUMA has no nodes to show.
  if (!used) {
    EXPECT_NE(used.error().find("NUMA node 0"), std::string::npos) << used.error();
  }
}

}  // namespace
}  // namespace smtpmark::loadgen
