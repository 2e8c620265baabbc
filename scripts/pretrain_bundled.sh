#!/usr/bin/env bash
# Usage: scripts/pretrain_bundled.sh [WORK_DIR] [BENCHMARKS]
#
# Trains the bundled checkpoint, the recipe of its model card: makes the blocks of the corpus, searches
# demonstrations on them, and trains by data/bundled.toml: imitation first, then PPO. WORK_DIR (default:
# build/pretrain) keeps what is done: a second call goes on where the first one was stopped. BENCHMARKS (default:
# ../shared/benchmarks, or what scripts/fetch_benchmarks.sh made) has the family ariane136; without it the
# corpus is the generated blocks alone.
#
#   --help  this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

case "${1:-}" in
  -h | --help)
    show_help
    exit 0
    ;;
esac

cd "$ROOT"
work="${1:-build/pretrain}"
benchmarks="${2:-../shared/benchmarks}"
tessera="$(build_dir "$PRESET")/bin/tessera"
[[ -x "$tessera" ]] || die "build first: scripts/build.sh"
mkdir -p "$work"

# Blocks of a recipe in a folder of the corpus: FOLDER RECIPE FIRST LAST.
make_blocks() {
  local seed
  for seed in $(seq "$3" "$4"); do
    [[ -e "$work/$1/$2_$seed.plc" ]] || echo "$seed"
  done | xargs -r -P "$(nproc)" -I{} "$tessera" generate -o "$work/$1" --recipe "$2" --seed {} --threads 1 -q > /dev/null
}

# The split of data/README.md. What is in varied/ has weights and routing tracks drawn at random.
for folder in plain varied; do
  [[ $folder == plain ]] && first=1 || first=501
  make_blocks "$folder" cpu-cache "$first" $((first + 13))
  make_blocks "$folder" large-memories "$first" $((first + 13))
  make_blocks "$folder" network-switch "$first" $((first + 13))
  make_blocks "$folder" mixed "$first" $((first + 21))
  make_blocks "$folder" memory-array "$first" $((first + 2))
  make_blocks "$folder" balanced "$first" $((first + 5))
  make_blocks "$folder" few-large-macros "$first" $((first + 9))
  make_blocks "$folder" memory-dominated "$first" $((first + 3))
  make_blocks "$folder" many-small "$first" $((first + 1))
done
for recipe in cpu-cache large-memories network-switch mixed; do
  make_blocks heldout "$recipe" 1001 1003
done
make_blocks heldout balanced 1001 1001
make_blocks heldout few-large-macros 1001 1001
for block in ng45_ariane136 asap7_ariane136 sky130hd_ariane136; do
  if [[ -e "$benchmarks/clustered/$block/netlist.pb.txt.gz" ]]; then
    mkdir -p "$work/plain/$block"
    cp -n "$benchmarks/clustered/$block/"{netlist.pb.txt.gz,initial.plc} "$work/plain/$block/"
  fi
done

corpus=("$work/plain" "$work/varied%1")
"$tessera" demonstrate --corpus "${corpus[@]}" --order connectivity --policy spiral --evals 50000 --per-block 4 \
  -o "$work/demonstrations.jsonl"
start=(--from-scratch)
[[ -e "$work/bundled.safetensors" ]] && start=(--resume)
"$tessera" pretrain --config data/bundled.toml --corpus "${corpus[@]}" --heldout "$work/heldout" \
  --demonstrations "$work/demonstrations.jsonl" "${start[@]}" -o "$work/bundled.safetensors"
cp "$work/bundled.safetensors" data/checkpoints/default.safetensors
