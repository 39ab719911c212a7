// Processors: whose time was used, and who may run where.
#ifndef SMTPMARK_LOADGEN_CPU_H_
#define SMTPMARK_LOADGEN_CPU_H_

#include <thread>

namespace smtpmark::loadgen {

// CPU seconds, user and kernel, that a thread has used. The thread must not have ended.
double thread_cpu_seconds(std::thread& thread) noexcept;
// Of the whole process.
double process_cpu_seconds() noexcept;

// Keeps the calling thread on the `index`-th processor it may run on (modulo their number);
// negative: no change.
void pin_this_thread(int index) noexcept;
// How many processors this process may run on.
int usable_processors() noexcept;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CPU_H_
