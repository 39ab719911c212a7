#include "io/transport.h"

#include <utility>

namespace smtpmark::io {

void Transport::progress() {
  if (upper_ != nullptr) {
    upper_->progress();
    return;
  }
  push();
  if (waiter_ == nullptr || !waiter_->attempt()) return;
  std::exchange(waiter_, nullptr)->coroutine.resume();
}

}  // namespace smtpmark::io
