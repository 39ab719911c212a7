// A coroutine that starts when it is awaited and hands its result to the one that awaits it.
#ifndef SMTPMARK_IO_TASK_H_
#define SMTPMARK_IO_TASK_H_

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

namespace smtpmark::io {

// Coroutine frames come from free lists of the thread, so that a run does not allocate once it is
// warm. A frame must be freed by the thread that made it.
void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  // A dialogue reports errors as values; an exception in one is a broken invariant.
  [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type
      : detail::Promise<T> {  // NOLINT(readability-identifier-naming): the language's
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> coroutine;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
      coroutine.promise().continuation = awaiting;
      return coroutine;
    }
    T await_resume() const { return coroutine.promise().take(); }
  };
  Awaiter operator co_await() const& noexcept { return Awaiter{coroutine_}; }

 private:
  explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

// Runs a task to its end and then frees itself.
struct Detached {
  struct promise_type {  // NOLINT(readability-identifier-naming)
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
  };
};

inline Detached run_detached(Task<void> task) {
  co_await task;
}

}  // namespace detail

// Starts `task` now; it lives until it ends by itself.
inline void spawn(Task<void> task) {
  detail::run_detached(std::move(task));
}

}  // namespace smtpmark::io

#endif  // SMTPMARK_IO_TASK_H_
