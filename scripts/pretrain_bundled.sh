#!/usr/bin/env bash
# Usage: scripts/pretrain_bundled.sh [WORK_DIR]
#
# Makes the bundled blocks and trains the bundled checkpoint, the recipe of its model card: demonstrations on the
# 24 generated blocks of data/bundled.toml, 20 minutes of imitation, 25 minutes of PPO, on one thread. WORK_DIR
# (default: build/pretrain) keeps what is done: a second call goes on where the first one was stopped.
#
#   --help  this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

help_if_asked "$@"

cd "$ROOT"
work="${1:-build/pretrain}"
tessera="$(build_dir "$PRESET")/bin/tessera"
[[ -x "$tessera" ]] || die "build first: scripts/build.sh"
mkdir -p "$work" data/blocks data/checkpoints

"$tessera" generate -o data/blocks --name small_balanced --recipe balanced \
  --macros 40 --clusters 240 --ports 160 --seed 7
"$tessera" generate -o data/blocks --name small_large_macros --recipe few-large-macros \
  --macros 16 --clusters 200 --ports 120 --seed 11

corpus=(cpu-cache:1-4 large-memories:1-4 network-switch:1-4 mixed:1-6 balanced:1-2 few-large-macros:1-4)
"$tessera" demonstrate --corpus "${corpus[@]}" --order connectivity --policy spiral --evals 1000000 --per-block 1 \
  --threads 1 -o "$work/demonstrations.jsonl"

# Goes on with a checkpoint that is there, else starts: OUTPUT SECONDS START_FLAG... -- FLAG...
pretrain() {
  local output=$1 seconds=$2 start=()
  shift 2
  while [[ $1 != -- ]]; do
    start+=("$1")
    shift
  done
  shift
  [[ -e "$output" ]] && start=(--resume)
  "$tessera" pretrain --config data/bundled.toml --threads 1 --time "$seconds" -o "$output" "${start[@]}" "$@"
}
pretrain "$work/imitation.safetensors" 1200 --from-scratch -- \
  --augment --demonstrations "$work/demonstrations.jsonl" --imitation-iterations 100000 --imitation-epochs 1 \
  --episodes 16 --blocks 8 --learning-rate 0.002 --evaluation-interval 20
pretrain "$work/bundled.safetensors" 1500 --policy "$work/imitation.safetensors" -- \
  --episodes 32 --blocks 4 --epochs 2 --learning-rate 6e-4 --entropy 0.001 --target-kl 0.05
# app/selftest/self_checks.cpp knows its SHA-256 and what it places: change them with it.
cp "$work/bundled.safetensors" data/checkpoints/default.safetensors
