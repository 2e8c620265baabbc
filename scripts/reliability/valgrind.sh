#!/usr/bin/env bash
# Usage: scripts/reliability/valgrind.sh [TESSERA]
#
# Runs the commands on small inputs under valgrind's memcheck: reads of memory that was never written,
# which the sanitizers do not see, wrong accesses and leaks. TESSERA is the program (default: of the
# build). Not the commands that learn: LibTorch alone takes minutes to load. Needs valgrind.
#
#   --help  this text
#
# Exit status: 0 if there is nothing to report.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

help_if_asked "$@"
cd "$ROOT"
tessera="${1:-build/bin/tessera}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

# libgomp keeps its threads until the end; one thread has none.
check() { # ARGUMENT...
  printf '%s\n' "tessera $*"
  # The program starts itself again unless this is set.
  GOMP_SPINCOUNT=500 OMP_NUM_THREADS=1 valgrind --quiet --error-exitcode=99 --leak-check=full \
    --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
    "$tessera" "$@" > "$folder/out" 2> "$folder/err" || die "$(cat "$folder/err")"
  if grep -q '^==' "$folder/err"; then
    die "$(cat "$folder/err")"
  fi
}

block=(data/blocks/small_large_macros.pb.txt.gz --plc data/blocks/small_large_macros.plc)
design=(data/lefdef/small.def --lef data/lefdef/small_tech.lef)
check --version
check info "${block[0]}"
check cost "${block[@]}" --json
check place "${block[0]}" --effort zero-shot --threads 1 -o "$folder/a.plc" -o "$folder/a.pb.txt.gz" -o "$folder/a.svg" \
  -o "$folder/a.html"
check place "${block[0]}" --policy none --evals 2000 --threads 1 -o "$folder/b.plc"
check place "${block[0]}" --policy none --mode grid --evals 2000 --threads 1 -o "$folder/c.plc"
check refine "${block[@]}" --evals 2000 --threads 1 -o "$folder/d.plc"
check demonstrate --corpus "${block[0]}" --evals 2000 --threads 1 -o "$folder/d.jsonl"
check generate --recipe few-large-macros --seed 3 -o "$folder" --name g
check generate --flat --recipe large-memories --cells 2000 --seed 5 -o "$folder" --name flat
check cluster "$folder/flat.pb.txt.gz" -o "$folder/clustered.pb.txt.gz" --threads 1
check place "$folder/flat.pb.txt.gz" --policy none --evals 2000 --flat-trials 1 --threads 1 \
  -o "$folder/placed.plc" -o "$folder/placed.pb.txt.gz"
check cost "$folder/flat.pb.txt.gz" --macros-from "$folder/placed.pb.txt.gz,$folder/placed.plc" --flat --threads 1
check place "${design[@]}" --policy none --evals 1000 --threads 1 -o "$folder/out.def" -o "$folder/out.tcl"
check convert "${design[@]}" -o "$folder/e.pb.txt"
printf 'nothing to report\n'
