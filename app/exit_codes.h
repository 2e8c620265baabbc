#pragma once

namespace tessera::app {

/// What the process returns to the shell.
enum ExitCode : int {
  kDone = 0,
  kInternalError = 1,
  kUsage = 2,         ///< unknown flag, value out of range
  kInput = 3,         ///< input that cannot be read or contradicts itself
  kInfeasible = 4,    ///< no legal placement exists or was found
  kInterrupted = 130  ///< SIGINT or SIGTERM; the best result so far has been written
};

}  // namespace tessera::app
