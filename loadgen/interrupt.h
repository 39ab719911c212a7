// Ctrl-C, SIGTERM and a terminal that goes away as flags.
#ifndef SMTPMARK_LOADGEN_INTERRUPT_H_
#define SMTPMARK_LOADGEN_INTERRUPT_H_

#include <atomic>

namespace smtpmark::loadgen {

// Set once SIGINT, SIGTERM or SIGHUP has come, after watch_interrupts(). Signals within half a
// second are one: timeout(1) sends its own to the process and to its group.
const std::atomic<bool>& interrupted() noexcept;

// Set by a second one: no wait for what is under way. A third ends the process.
const std::atomic<bool>& hurried() noexcept;

// Also ignores SIGPIPE, and leaves SIGHUP alone where it is ignored (nohup). Once, before any
// thread is started.
void watch_interrupts() noexcept;

// Waits for an interrupt.
void wait_for_interrupt() noexcept;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_INTERRUPT_H_
