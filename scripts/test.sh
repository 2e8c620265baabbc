#!/usr/bin/env bash
# Usage: scripts/test.sh [PRESET] [-j JOBS]
#
# Sets up, builds and runs every test program. The last line of the output is
#
#     N passed, N failed, N skipped
#
# counting the test cases of all programs. Cases that need the public benchmark files are skipped
# where these are not found; TESSERA_BENCHMARKS names their folder.
#
#   PRESET   as for scripts/build.sh (default: $TESSERA_PRESET, else release)
#   -j JOBS  compile jobs and test programs at a time (default: 2)
#   --help   this text
#
# Exit status: 0 if no case failed, 1 otherwise. The full log is in test.log in the build folder.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

TEST_TIMEOUT_S=600

take_build_arguments "$@"

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/build.sh" "$PRESET" -j "$JOBS" --all

folder="$(build_dir "$PRESET")"
log="$folder/test.log"

# Runs all programs; ctest -V puts "N: " before each line of the output of program N.
ctest --test-dir "$folder" -V -j "$JOBS" --timeout "$TEST_TIMEOUT_S" --no-tests=error 2>&1 |
  tee "$log" | grep --line-buffered -E '^ *[0-9]+/[0-9]+ Test +#|No tests' || true

# Prints the output of the programs that did not pass, then the counts. A program that ends without
# doctest's count (a crash, a time-out, no executable) counts as one failed case.
awk '
  match($0, /^[0-9]+: /) {
    program = substr($0, 1, RLENGTH - 2) + 0
    line = substr($0, RLENGTH + 1)
    output[program] = output[program] line "\n"
    if (line ~ /^SKIPPED: /) { left_out[program]++ }
    if (line ~ /^\[doctest\] test cases:/) {
      counted[program] = 1
      gsub(/[^0-9]+/, " ", line)
      split(line, number, " ")
      passed[program] = number[2]; failed[program] = number[3]; skipped[program] = number[4]
    }
    next
  }
  /^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
    program = $0
    sub(/^[^#]*#/, "", program)
    program += 0
    ok[program] = ($0 ~ /   Passed /)
    seen[program] = 1
  }
  END {
    for (p in seen) {
      if (!counted[p]) { passed[p] = ok[p] ? 1 : 0; failed[p] = 0; skipped[p] = 0 }
      if (!ok[p] && failed[p] == 0) { failed[p] = 1 }
      if (!ok[p]) { printf "--- output of test program %d ---\n%s", p, output[p] }
      total_passed += passed[p] - left_out[p]
      total_failed += failed[p]
      total_skipped += skipped[p] + left_out[p]
      programs++
    }
    if (programs == 0) { total_failed = 1 }
    printf "%d passed, %d failed, %d skipped\n", total_passed, total_failed, total_skipped
    exit total_failed > 0 ? 1 : 0
  }
' "$log"
