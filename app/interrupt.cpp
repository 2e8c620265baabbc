#include "app/interrupt.h"

#include <atomic>
#include <csignal>

namespace tessera::app {
namespace {

std::atomic<bool> g_interrupted = false;  // the only state that a signal handler can reach
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void note_signal(int signal) {
  g_interrupted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

bool interrupted() {
  return g_interrupted;
}

}  // namespace tessera::app
