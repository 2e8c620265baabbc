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

jobs=2
targets=(tessera tessera_help_files)
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help)
      show_help
      exit 0
      ;;
    -j)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || die "-j needs a number of jobs"
      jobs="$2"
      shift
      ;;
    --all) targets=(all) ;;
    -j[1-9]*) jobs="${1#-j}" ;;
    -*) die "unknown option '$1'; see --help" ;;
    *) PRESET="$1" ;;
  esac
  shift
done

folder="$(build_dir "$PRESET")"
cd "$ROOT"
cmake --preset "$PRESET"
cmake --build "$folder" -j "$jobs" --target "${targets[@]}"
