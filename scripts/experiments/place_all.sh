#!/usr/bin/env bash
# Usage: scripts/experiments/place_all.sh [BENCHMARKS] [OUTPUT_DIR]
#
# Places every public clustered block on its grid, zero-shot and with the best of 64 samples, with the
# bundled checkpoint and with random legal placements, and writes the table into docs/results.md,
# between its marks.
#
#   BENCHMARKS  folder of the public benchmark blocks (default: $TESSERA_BENCHMARKS, else
#               ../shared/benchmarks beside the project)
#   OUTPUT_DIR  where placements and JSON go (default: build/place_all)
#   --help      this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

help_if_asked "$@"
benchmarks="${1:-${TESSERA_BENCHMARKS:-$ROOT/../shared/benchmarks}}"
tessera="$(build_dir "$PRESET")/bin/tessera"
output="${2:-$(build_dir "$PRESET")/place_all}"
mkdir -p "$output"

for folder in "$benchmarks"/clustered/*/; do
  block="$(basename "$folder")"
  place() { # NAME [flags of place]...
    local name=$1
    shift
    "$tessera" place "$folder/netlist.pb.txt.gz" --plc "$folder/initial.plc" --mode grid --json -q \
      -o "$output/$block.$name.plc" "$@" >"$output/$block.$name.json"
  }
  place zero-shot --effort zero-shot
  place best-of-64 --samples 64
  place random --policy none --samples 1
  place random-best-of-64 --policy none --samples 64
done
python3 "$ROOT/scripts/experiments/placement_table.py" --document "$ROOT/docs/results.md" "$output"
