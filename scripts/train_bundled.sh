#!/usr/bin/env bash
# Usage: scripts/train_bundled.sh
#
# Makes the bundled blocks and trains the bundled checkpoint on them, the recipe of its model card:
# from random weights on the first block, then from there on the second. Takes about ten minutes.
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
folder="$(build_dir "$PRESET")"
tessera="$folder/bin/tessera"
work="$folder/train_bundled"
[[ -x "$tessera" ]] || die "build first: scripts/build.sh"
mkdir -p "$work" data/blocks data/checkpoints

"$tessera" generate -o data/blocks --name small_balanced --recipe balanced \
  --macros 40 --clusters 240 --ports 160 --seed 7
"$tessera" generate -o data/blocks --name small_large_macros --recipe few-large-macros \
  --macros 16 --clusters 200 --ports 120 --seed 11

train() { # BLOCK ITERATIONS OUTPUT [flags of finetune]...
  local block=$1 iterations=$2 output=$3
  shift 3
  "$tessera" finetune "data/blocks/$block.pb.txt.gz" --plc "data/blocks/$block.plc" \
    "${PUBLISHED_TRAINING[@]}" --iterations "$iterations" --time 3600 --seed 1 -o "$output" "$@"
}
# Work quotas, not times: the same weights on every machine with the same libraries.
train small_large_macros 120 "$work/first.safetensors" --from-scratch
train small_balanced 60 "$work/second.safetensors" --policy "$work/first.safetensors"
cp "$work/second.safetensors" data/checkpoints/default.safetensors
