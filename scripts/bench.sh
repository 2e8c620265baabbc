#!/usr/bin/env bash
# Usage: scripts/bench.sh [BENCHMARKS]
#
# Builds, measures (reading, full cost, action mask, force-directed placement, network forward and
# update, the whole process `tessera place`) and writes the table of medians into docs/results.md,
# between the lines that mark it. Leave the machine alone meanwhile.
#
#   BENCHMARKS  folder of the public benchmark blocks (default: $TESSERA_BENCHMARKS, else
#               ../shared/benchmarks beside the project)
#   --help      this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

BLOCK=ng45_ariane133
PROCESS_RUNS=5

case "${1:-}" in
  -h | --help)
    show_help
    exit 0
    ;;
  -*) die "unknown option '$1'; see --help" ;;
esac
benchmarks="${1:-${TESSERA_BENCHMARKS:-$ROOT/../shared/benchmarks}}"
netlist="$benchmarks/clustered/$BLOCK/netlist.pb.txt.gz"
plc="$benchmarks/clustered/$BLOCK/initial.plc"
[[ -e "$netlist" && -e "$plc" ]] || die "$benchmarks holds no clustered/$BLOCK"
command -v python3 >/dev/null || die "needs python3"

"$ROOT/scripts/build.sh" --all

folder="$(build_dir "$PRESET")"
json="$folder/bench.json"
"$folder/bin/tessera_bench" "$benchmarks" >"$json"
python3 "$ROOT/scripts/bench_table.py" \
  --json "$json" \
  --document "$ROOT/docs/results.md" \
  --runs "$PROCESS_RUNS" \
  --name "place (zero-shot), whole process, $BLOCK" \
  -- "$folder/bin/tessera" place "$netlist" --plc "$plc" --effort zero-shot -q \
  -o "$folder/bench.plc"
