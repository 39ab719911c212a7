// Processors: whose time was used, and who may run where.
#ifndef SMTPMARK_LOADGEN_CPU_H_
#define SMTPMARK_LOADGEN_CPU_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

// CPU seconds, user and kernel, that a thread has used. The thread must not have ended.
double thread_cpu_seconds(std::thread& thread) noexcept;
// Of the whole process.
double process_cpu_seconds() noexcept;

// Keeps the calling thread on the `index`-th processor it may run on (modulo their number);
// negative: no change.
void pin_this_thread(int index) noexcept;
// Refuses with a sentence a --pin that has not a processor of those for each of `threads`;
// negative: not given.
tl::expected<void, std::string> check_pin(int first, std::uint32_t threads);
// The calling thread, and those that it makes, run on the processors of this NUMA node alone, those
// that the process may use; memory comes from there too, as Linux takes it where it is first
// touched. Fails with a sentence.
tl::expected<void, std::string> use_numa_node(int node);
// "0-2,8" as the kernel lists processors; empty for what is no such list.
std::vector<int> parse_processors(std::string_view list);

// How many processors this process may run on.
int usable_processors() noexcept;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CPU_H_
