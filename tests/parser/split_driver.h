// Runs one input through a parser whole, octet by octet and at every two-way split, each piece
// ending against a page that may not be read, and asserts that all of them log the same events.
#ifndef SMTPMARK_TESTS_PARSER_SPLIT_DRIVER_H_
#define SMTPMARK_TESTS_PARSER_SPLIT_DRIVER_H_

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "parser/status.h"

namespace smtpmark::parser::testing {

// Memory whose end is the end of what may be touched.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    readable_ = (capacity / page + 1) * page;
    mapped_ = readable_ + page;
    void* const memory =
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    begin_ = static_cast<char*>(memory);
    if (mprotect(begin_ + readable_, page, PROT_NONE) != 0) std::abort();
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(begin_, mapped_); }

  // A copy of `bytes` whose end is the guard; overwrites what was placed before.
  std::string_view place(std::string_view bytes) {
    char* const at = begin_ + readable_ - bytes.size();
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

 private:
  char* begin_ = nullptr;
  std::size_t readable_ = 0;
  std::size_t mapped_ = 0;
};

// One line an event: "17: MAIL ...", where 17 octets were consumed when it was returned.
using Log = std::vector<std::string>;

inline bool lies_within(std::string_view view, std::string_view bytes) {
  return view.empty() ||
         (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

// A Session wraps a parser:
//   FeedResult feed(std::string_view bytes);      keeps what it needs of `out`
//   std::string describe(Status status);          the event of the last feed()
//   bool done() const;                            nothing more may be fed
//   std::string at_end() const;                   optional: a last line for what is under way
// It is made from the driver's arguments behind the input, anew for each split.
template <typename Session, typename... Arguments>
class SplitDriver {
 public:
  explicit SplitDriver(std::string_view input, const Arguments&... arguments)
      : input_(input), arguments_(arguments...), buffer_(input.size()) {}

  // The log of the input in one piece, after the others were compared with it.
  Log run() {
    const Log whole = replay({input_.size()});
    for (std::size_t cut = 0; cut <= input_.size(); ++cut) {
      EXPECT_EQ(replay({cut, input_.size()}), whole) << "split at " << cut << " of:\n" << input_;
      if (::testing::Test::HasFailure()) return whole;
    }
    std::vector<std::size_t> every_octet(input_.size());
    std::iota(every_octet.begin(), every_octet.end(), std::size_t{1});
    EXPECT_EQ(replay(every_octet), whole) << "octet by octet:\n" << input_;
    return whole;
  }

  // How many octets at the end no event has consumed.
  std::size_t rest() const { return input_.size() - consumed_; }

 private:
  // `arrivals`: how many octets of the input are there, step by step.
  Log replay(const std::vector<std::size_t>& arrivals) {
    Session session =
        std::apply([](const auto&... values) { return Session(values...); }, arguments_);
    Log log;
    consumed_ = 0;
    for (const std::size_t arrived : arrivals) {
      while (!session.done()) {
        const std::string_view bytes = buffer_.place(input_.substr(consumed_, arrived - consumed_));
        const FeedResult result = session.feed(bytes);
        EXPECT_LE(result.consumed, bytes.size());
        consumed_ += result.consumed;
        if (result.status != Status::kNeedMore) {
          log.push_back(std::to_string(consumed_) + ": " + session.describe(result.status));
        }
        if (result.status == Status::kRejected && result.consumed == 0) return log;
        if (result.status == Status::kNeedMore && (result.consumed == 0 || consumed_ == arrived)) {
          break;
        }
      }
    }
    if constexpr (requires { session.at_end(); }) {
      if (const std::string last = session.at_end(); !last.empty()) log.push_back(last);
    }
    return log;
  }

  std::string_view input_;
  std::tuple<Arguments...> arguments_;
  GuardedBuffer buffer_;
  std::size_t consumed_ = 0;  // by the last replay
};

template <typename Session>
Log log_of_every_split(std::string_view input) {
  return SplitDriver<Session>(input).run();
}

}  // namespace smtpmark::parser::testing

#endif  // SMTPMARK_TESTS_PARSER_SPLIT_DRIVER_H_
