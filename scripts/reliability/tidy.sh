#!/usr/bin/env bash
# Usage: scripts/reliability/tidy.sh [PATTERN...]
#
# Checks the sources whose path matches one of the patterns (default: all) with clang-tidy and the
# rules of .clang-tidy. Not those that include LibTorch, whose headers clang 14 cannot read. About
# ten seconds a file and core. Needs clang, libomp-dev and clang-tidy.
#
#   --help  this text
#
# Exit status: 0 if there is nothing to report.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

help_if_asked "$@"
cd "$ROOT"
# Any build by clang without LibTorch says how each file is compiled.
folder="$(build_dir tsan)"
cmake --preset tsan > /dev/null
patterns=()
for pattern in "${@:-.}"; do
  patterns+=(-e "$pattern")
done
grep -o '"file": "[^"]*"' "$folder/compile_commands.json" | cut -d '"' -f 4 | sort -u |
  grep -v -e /tests/ -e "^$folder/" | grep "${patterns[@]}" |
  xargs -P "${TESSERA_JOBS:-2}" -n 1 clang-tidy -p "$folder" --quiet --warnings-as-errors='*'
