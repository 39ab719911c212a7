// Ctrl-C and SIGTERM as a flag.
#ifndef SMTPMARK_LOADGEN_INTERRUPT_H_
#define SMTPMARK_LOADGEN_INTERRUPT_H_

#include <atomic>

namespace smtpmark::loadgen {

// Set once SIGINT or SIGTERM has come, after watch_interrupts(). A second one ends the process.
const std::atomic<bool>& interrupted() noexcept;

// Also ignores SIGPIPE. Once, before any thread is started.
void watch_interrupts() noexcept;

// Waits for an interrupt.
void wait_for_interrupt() noexcept;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_INTERRUPT_H_
