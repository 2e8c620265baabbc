#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tessera::app {

enum class CheckOutcome { kPassed, kFailed, kSkipped };

/// What became of one check.
struct CheckResult {
  std::string name;
  CheckOutcome outcome = CheckOutcome::kPassed;
  std::string detail;  ///< what was measured, what was wrong, or why the check was left out
  double time_s = 0.0;
};

/// "ok", "FAILED" or "skipped".
const char* to_string(CheckOutcome outcome);

/// Checks on this machine, on a small block made by the generator, what the test suite checks at
/// length: known costs, that files come back as they were written, fast computations against plain
/// ones, the bundled network, legality, and that results depend neither on threads nor on how often
/// they are computed. A check that throws has failed. `done` is told of each; `threads`: the most
/// that results are compared with.
std::vector<CheckResult> run_self_checks(int threads,
                                         const std::function<void(const CheckResult&)>& done);

}  // namespace tessera::app
