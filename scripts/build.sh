#!/usr/bin/env bash
# Usage: scripts/build.sh [PRESET] [-j JOBS] [--all]
#
# Configures and builds the program, its manual pages and completions. The default preset, release,
# leaves the program at build/bin/tessera.
#
#   --all    the tests and the benchmark program too
#   PRESET   release, dev, no-torch, ci or ci-no-torch (default: $TESSERA_PRESET, else release)
#   -j JOBS  compile jobs (default: 2)
#   --help   this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

targets=(tessera tessera_help_files)
arguments=()
for word in "$@"; do
  if [[ "$word" == --all ]]; then
    targets=(all)
  else
    arguments+=("$word")
  fi
done
take_build_arguments "${arguments[@]}"

folder="$(build_dir "$PRESET")"
cd "$ROOT"
cmake --preset "$PRESET"
cmake --build "$folder" -j "$JOBS" --target "${targets[@]}"
