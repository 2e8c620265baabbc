#pragma once

#include <atomic>
#include <cstddef>
#include <exception>

namespace tessera::placer {

/// Calls `work(0)` to `work(count - 1)` on up to `threads` threads, in no particular order. After
/// an exception no further calls start, and it is thrown again in the calling thread.
template <typename Work>
void parallel_for(std::size_t count, int threads, Work work) {
  std::exception_ptr error;
  std::atomic<bool> failed = false;
  const auto end = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::ptrdiff_t i = 0; i < end; ++i) {
    if (failed) {
      continue;
    }
    try {
      work(static_cast<std::size_t>(i));
    } catch (...) {
#pragma omp critical(tessera_parallel_for)
      error = std::current_exception();
      failed = true;
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace tessera::placer
