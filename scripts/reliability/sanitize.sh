#!/usr/bin/env bash
# Usage: scripts/reliability/sanitize.sh PRESET [CTEST_ARGUMENT...]
#
# Builds a preset with sanitizers and runs its tests, all or those that CTEST_ARGUMENT (such as -R cost)
# selects. What the tests and programs print is in build/PRESET/Testing/Temporary/LastTest.log.
#
#   dev     AddressSanitizer, with leaks, and UndefinedBehaviorSanitizer (g++)
#   tsan    ThreadSanitizer (Debian packages clang and libomp-dev; without LibTorch, which it does not
#           know)
#   --help  this text
#
# Exit status: 0 if all tests pass and no sanitizer reports anything.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

help_if_asked "$@"
preset="${1:-}"
[[ "$preset" == dev || "$preset" == tsan ]] || die "expected dev or tsan; see --help"
shift

folder="$(build_dir "$preset")"
cd "$ROOT"
cmake --preset "$preset" > /dev/null
# The shadow memory of clang 14 wants the addresses where kernels used to put them, in the program that
# writes its completions in the build, too.
plainly=(setarch --addr-no-randomize)
"${plainly[@]}" cmake --build "$folder" -j "${TESSERA_JOBS:-2}" | tail -n 1

# Reports of libraries that are not instrumented are not ours; LibTorch keeps what it allocates once.
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1
export LSAN_OPTIONS="suppressions=$ROOT/scripts/reliability/lsan.supp print_suppressions=0"
export TSAN_OPTIONS="ignore_noninstrumented_modules=1"
"${plainly[@]}" ctest --test-dir "$folder" --output-on-failure "$@"
