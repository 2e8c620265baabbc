#!/usr/bin/env bash
# Usage: scripts/demo.sh [BLOCK]
#
# Sets up, builds, and places a block that comes with the project, using the network that comes with
# it. Leaves the placement in build/demo/BLOCK.plc and a picture in build/demo/BLOCK.svg.
#
#   BLOCK   a block of data/blocks (default: the first one)
#   --help  this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

help_if_asked "$@"
[[ "${1:-}" != -* ]] || die "unknown option '$1'; see --help"

blocks=()
for netlist in "$ROOT"/data/blocks/*.pb.txt.gz; do
  [[ -e "$netlist" ]] && blocks+=("$(basename "$netlist" .pb.txt.gz)")
done
[[ "${#blocks[@]}" -gt 0 ]] || die "data/blocks holds no block"
block="${1:-${blocks[0]}}"
[[ -e "$ROOT/data/blocks/$block.pb.txt.gz" ]] ||
  die "no block '$block' in data/blocks; there are: ${blocks[*]}"

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/build.sh"

cd "$ROOT"
tessera="$(build_dir "$PRESET")/bin/tessera"
output="build/demo/$block"
mkdir -p build/demo
"$tessera" place "data/blocks/$block.pb.txt.gz" --plc "data/blocks/$block.plc" --effort fast \
  -o "$output.plc" -o "$output.svg" -o "$output.html"
printf '\nThe same placement, evaluated again:\n'
"$tessera" cost "data/blocks/$block.pb.txt.gz" --plc "$output.plc"
printf '\nPlacement: %s\nPicture:   %s\nReport:    %s\n' "$output.plc" "$output.svg" "$output.html"
