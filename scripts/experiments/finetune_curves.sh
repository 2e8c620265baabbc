#!/usr/bin/env bash
# Usage: scripts/experiments/finetune_curves.sh NETLIST PLC OUTPUT_DIR [SECONDS]
#
# Fine-tunes the published network from random weights with seeds 1, 2 and 3, one after the other, SECONDS each (default:
# 900), and writes the table of the learning curves into docs/results.md, between its marks.
# Finished or interrupted runs in OUTPUT_DIR are resumed, not repeated.
#
#   --help  this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

help_if_asked "$@"
[[ $# -ge 3 ]] || die "needs NETLIST, PLC and OUTPUT_DIR; see --help"
netlist=$1
plc=$2
output=$3
seconds=${4:-900}

tessera="$(build_dir "$PRESET")/bin/tessera"
mkdir -p "$output"
for seed in 1 2 3; do
  start=(--from-scratch)
  [[ -e "$output/seed$seed.safetensors" ]] && start=(--resume)
  "$tessera" finetune "$netlist" --plc "$plc" "${start[@]}" "${PUBLISHED_TRAINING[@]}" --seed "$seed" --time "$seconds" -q \
    -o "$output/seed$seed.safetensors" -o "$output/seed$seed.plc"
done
python3 "$ROOT/scripts/experiments/curve_table.py" --document "$ROOT/docs/results.md" \
  "$output"/seed?.metrics.jsonl
