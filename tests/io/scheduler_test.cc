#include "io/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "io/task.h"

namespace smtpmark::io::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ManualScheduler final : public Scheduler {
 public:
  TimeNs now() const noexcept override { return now_; }
  bool advance_to(TimeNs now) {
    now_ = now;
    begin_pass(now);
    return run_due();
  }

 private:
  TimeNs now_ = 1;
};

// A timer that runs a function.
struct Alarm {
  explicit Alarm(std::function<void()> what) : ring(std::move(what)) {}
  static void fire(void* self) { static_cast<Alarm*>(self)->ring(); }
  std::function<void()> ring;
  Timer timer{&Alarm::fire, this};
};

class SchedulerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Alarm> alarm(const std::string& name) {
    return std::make_unique<Alarm>([this, name] { log_.push_back(name); });
  }
  ManualScheduler scheduler_;
  std::vector<std::string> log_;
};

TEST_F(SchedulerTest, FiresTimersInTheOrderOfTheirTimes) {
  const auto c = alarm("c");
  const auto a = alarm("a");
  const auto b = alarm("b");
  scheduler_.set_timer(c->timer, 30);
  scheduler_.set_timer(a->timer, 10);
  scheduler_.set_timer(b->timer, 20);
  EXPECT_EQ(scheduler_.next_due(), 10U);
  EXPECT_FALSE(scheduler_.advance_to(9));
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_TRUE(scheduler_.advance_to(20));
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  scheduler_.advance_to(1000);
  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
  EXPECT_EQ(scheduler_.next_due(), kNever);
}

TEST_F(SchedulerTest, ATimerFiresOnce) {
  const auto a = alarm("a");
  scheduler_.set_timer(a->timer, 10);
  scheduler_.advance_to(10);
  EXPECT_FALSE(scheduler_.advance_to(11));
  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(SchedulerTest, ATimerMovedLaterFiresAtItsNewTimeOnly) {
  const auto a = alarm("a");
  scheduler_.set_timer(a->timer, 10);
  scheduler_.set_timer(a->timer, 50);
  EXPECT_LE(scheduler_.next_due(), 50U);
  EXPECT_FALSE(scheduler_.advance_to(49));
  EXPECT_EQ(scheduler_.next_due(), 50U);
  scheduler_.advance_to(50);
  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(SchedulerTest, ATimerMovedEarlierOvertakesOthers) {
  const auto a = alarm("a");
  const auto b = alarm("b");
  scheduler_.set_timer(a->timer, 20);
  scheduler_.set_timer(b->timer, 50);
  scheduler_.set_timer(b->timer, 10);
  EXPECT_EQ(scheduler_.next_due(), 10U);
  scheduler_.advance_to(100);
  EXPECT_THAT(log_, ElementsAre("b", "a"));
}

TEST_F(SchedulerTest, ATimerMovedLaterAndBackKeepsItsLastTime) {
  const auto a = alarm("a");
  scheduler_.set_timer(a->timer, 20);
  scheduler_.set_timer(a->timer, 90);
  scheduler_.set_timer(a->timer, 40);
  EXPECT_FALSE(scheduler_.advance_to(39));
  EXPECT_TRUE(scheduler_.advance_to(40));
  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(SchedulerTest, ADisarmedTimerStaysSilentUntilItIsArmedAgain) {
  const auto a = alarm("a");
  scheduler_.set_timer(a->timer, 10);
  scheduler_.set_timer(a->timer, kNever);
  EXPECT_FALSE(scheduler_.advance_to(20));
  EXPECT_EQ(scheduler_.next_due(), kNever);
  scheduler_.set_timer(a->timer, 30);
  scheduler_.advance_to(30);
  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(SchedulerTest, ADestroyedTimerDoesNotFire) {
  auto a = alarm("a");
  auto b = alarm("b");
  const auto c = alarm("c");
  scheduler_.set_timer(a->timer, 10);
  scheduler_.set_timer(b->timer, 5);
  scheduler_.set_timer(c->timer, 20);
  a.reset();
  b.reset();
  scheduler_.advance_to(20);
  EXPECT_THAT(log_, ElementsAre("c"));
}

TEST_F(SchedulerTest, ACallbackMayDestroyAnotherTimerThatIsDue) {
  auto victim = alarm("victim");
  Alarm killer([&] { victim.reset(); });
  scheduler_.set_timer(killer.timer, 10);
  scheduler_.set_timer(victim->timer, 11);
  scheduler_.advance_to(20);
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(SchedulerTest, ACallbackMaySetItsOwnTimerAgain) {
  int times = 0;
  std::unique_ptr<Alarm> a;
  a = std::make_unique<Alarm>([&] {
    if (++times < 3) scheduler_.set_timer(a->timer, scheduler_.now() + 10);
  });
  scheduler_.set_timer(a->timer, 10);
  scheduler_.advance_to(10);
  EXPECT_EQ(times, 1);
  scheduler_.advance_to(20);
  scheduler_.advance_to(30);
  scheduler_.advance_to(40);
  EXPECT_EQ(times, 3);
}

TEST_F(SchedulerTest, ATimerMayOutliveItsScheduler) {
  const auto a = alarm("a");
  {
    ManualScheduler brief;
    brief.set_timer(a->timer, 10);
  }
  scheduler_.set_timer(a->timer, 10);
  scheduler_.advance_to(10);
  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(SchedulerTest, APostedCallbackRunsInThePassNotWithinThePost) {
  static const auto note = [](void* log) {
    static_cast<std::vector<std::string>*>(log)->push_back("posted");
  };
  scheduler_.post(note, &log_);
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_TRUE(scheduler_.has_posted());
  EXPECT_TRUE(scheduler_.advance_to(2));
  EXPECT_THAT(log_, ElementsAre("posted"));
  EXPECT_FALSE(scheduler_.has_posted());
}

TEST_F(SchedulerTest, WhatAPostedCallbackPostsRunsInTheNextPass) {
  struct Chain {
    ManualScheduler& scheduler;
    int runs = 0;
    static void step(void* self) {
      auto& chain = *static_cast<Chain*>(self);
      if (++chain.runs == 1) {
        for (int i = 0; i < 100; ++i) chain.scheduler.post(&Chain::step, self);
      }
    }
  } chain{scheduler_};
  scheduler_.post(&Chain::step, &chain);
  scheduler_.advance_to(2);
  EXPECT_EQ(chain.runs, 1);
  EXPECT_TRUE(scheduler_.has_posted());
  scheduler_.advance_to(3);
  EXPECT_EQ(chain.runs, 101);
}

TEST_F(SchedulerTest, SleepUntilWakesAtItsTime) {
  const auto sleeper = [](Scheduler& scheduler, std::vector<TimeNs>& woken) -> Task<> {
    co_await scheduler.sleep_until(100);
    woken.push_back(scheduler.now());
    co_await scheduler.sleep_until(50);  // has passed
    woken.push_back(scheduler.now());
    co_await scheduler.sleep_until(300);
    woken.push_back(scheduler.now());
  };
  std::vector<TimeNs> woken;
  spawn(sleeper(scheduler_, woken));
  scheduler_.advance_to(99);
  EXPECT_THAT(woken, IsEmpty());
  scheduler_.advance_to(100);
  EXPECT_THAT(woken, ElementsAre(100, 100));
  scheduler_.advance_to(400);
  EXPECT_THAT(woken, ElementsAre(100, 100, 400));
}

// A plain list of times, against which the heap is judged.
class Reference {
 public:
  explicit Reference(std::size_t size) : due_(size, kNever) {}
  void set(std::size_t i, TimeNs due) { due_[i] = due; }
  TimeNs due(std::size_t i) const { return due_[i]; }
  std::size_t count_due(TimeNs now) const {
    std::size_t count = 0;
    for (const TimeNs due : due_) count += due <= now ? 1 : 0;
    return count;
  }
  TimeNs earliest() const { return *std::min_element(due_.begin(), due_.end()); }

 private:
  std::vector<TimeNs> due_;
};

TEST_F(SchedulerTest, ManyRandomTimersFireAsAListOfTimesSays) {
  constexpr std::size_t kTimers = 300;
  std::mt19937 random(20240229);
  Reference reference(kTimers);
  std::vector<std::size_t> fired;
  std::vector<std::unique_ptr<Alarm>> alarms;
  const auto make = [&](std::size_t i) {
    return std::make_unique<Alarm>([&fired, i] { fired.push_back(i); });
  };
  for (std::size_t i = 0; i < kTimers; ++i) alarms.push_back(make(i));

  TimeNs now = 1;
  for (int round = 0; round < 2000; ++round) {
    for (int change = 0; change < 10; ++change) {
      const std::size_t i = random() % kTimers;
      if (random() % 8 == 0) {
        alarms[i] = make(i);
        reference.set(i, kNever);
      } else {
        const TimeNs due = random() % 8 == 0 ? kNever : now + 1 + random() % 500;
        scheduler_.set_timer(alarms[i]->timer, due);
        reference.set(i, due);
      }
    }
    now += random() % 20;
    ASSERT_LE(scheduler_.next_due(), reference.earliest());
    const std::size_t expected = reference.count_due(now);
    fired.clear();
    scheduler_.advance_to(now);
    ASSERT_EQ(fired.size(), expected) << "round " << round;
    TimeNs last = 0;
    for (const std::size_t i : fired) {
      ASSERT_LE(reference.due(i), now);
      ASSERT_GE(reference.due(i), last);
      last = reference.due(i);
      reference.set(i, kNever);
    }
  }
}

Task<> nap(Scheduler& scheduler, TimeNs due, std::vector<std::string>& log, std::string name) {
  co_await scheduler.nap_until(due);
  log.push_back(name);
}

TEST_F(SchedulerTest, ANapEndsAtItsTimeOrEarlierWithAllOthers) {
  for (const auto& [due, name] : {std::pair{100, "a"}, {200, "b"}, {300, "c"}, {400, "d"}}) {
    spawn(nap(scheduler_, static_cast<TimeNs>(due), log_, name));
  }
  scheduler_.advance_to(200);
  EXPECT_THAT(log_, ElementsAre("a", "b"));
  scheduler_.end_naps();
  EXPECT_THAT(log_, ElementsAre("a", "b")) << "not from within the call";
  scheduler_.advance_to(201);
  EXPECT_THAT(log_, ::testing::UnorderedElementsAre("a", "b", "c", "d"));
  spawn(nap(scheduler_, 500, log_, "later"));
  scheduler_.advance_to(300);
  EXPECT_EQ(log_.size(), 4U) << "what began behind the end of the others goes on";
  scheduler_.advance_to(500);
  EXPECT_EQ(log_.back(), "later");
}

TEST_F(SchedulerTest, ANapWhoseTimeHasComeDoesNotSleep) {
  scheduler_.advance_to(50);
  spawn(nap(scheduler_, 50, log_, "at once"));
  EXPECT_THAT(log_, ElementsAre("at once"));
}

}  // namespace
}  // namespace smtpmark::io::testing
