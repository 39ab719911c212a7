// The parser allocates nothing: every allocation of this program is counted.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "parser/command_parser.h"

namespace {

std::size_t allocations = 0;

void* allocate(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace smtpmark::parser {
namespace {

std::size_t parse_all(std::string_view input, Leniencies leniencies) {
  CommandParser parser(leniencies);
  Command command;
  std::size_t events = 0;
  while (!input.empty()) {
    const FeedResult result = parser.feed(input, command);
    if (result.status == Status::kNeedMore) break;
    input.remove_prefix(result.consumed);
    ++events;
  }
  return events;
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations;
  const std::string text(1000, 'x');
  EXPECT_EQ(allocations, before + 1) << text.size();
}

TEST(Allocations, OfTheCommandParserAreNone) {
  const std::string input =
      "EHLO a.example\r\nMAIL FROM:<\"a\\ b\"@[IPv6:::1]> SIZE=1 X=1 Y=2 X=3\r\n"
      "MAIL FROM:<a@b> HOLDUNTIL=2026-11-23T00:00:00Z MTRK=AAAA BY=1;R Z\r\nRCPT TO: a_b@c_d\r\n"
      "BDAT x\r\nWHAT\r\nNOOP " +
      std::string(3000, 'a') + "\r\nQUIT\r\n";
  for (const Profile profile : kAllProfiles) {
    const std::size_t before = allocations;
    const std::size_t events = parse_all(input, leniencies_of(profile));
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(events, 8U);
  }
}

}  // namespace
}  // namespace smtpmark::parser
