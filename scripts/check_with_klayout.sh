#!/usr/bin/env bash
# Usage: scripts/check_with_klayout.sh [--program TESSERA] FILE.def[.gz] FILE.lef[.gz]...
#
# Reads a DEF with its LEF files in KLayout and compares the positions and orientations of all
# components that it finds with those in the text.
#
#   --program TESSERA   the program, whose reading is compared, too: components with their sizes, ports,
#                       and the pins of hard macros
#
# Exit status: 0 both agree, 1 they differ or a file cannot be read, 2 KLayout is not installed.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
  show_help
  exit 0
fi
program=""
if [[ "${1:-}" == --program ]]; then
  program="${2:?--program TESSERA}"
  shift 2
fi
[[ $# -ge 2 ]] || die "expected FILE.def FILE.lef...; see --help"
for file in "$@"; do
  [[ -r "$file" ]] || die "$file cannot be read"
done
if ! command -v klayout > /dev/null; then
  printf 'KLayout is not installed\n' >&2
  exit 2
fi

def_path="$(realpath "$1")"
shift
lef_paths="$(realpath "$@")"

netlist_path=""
if [[ -n "$program" ]]; then
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  netlist_path="$folder/netlist.pb.txt"
  lef_flags=()
  for lef in "$@"; do
    lef_flags+=(--lef "$lef")
  done
  "$program" convert "$def_path" "${lef_flags[@]}" -o "$netlist_path" --quiet ||
    die "$program cannot read $def_path"
fi

# Without a screen, and without the user's settings (-zz, -nc).
QT_QPA_PLATFORM=offscreen klayout -b -r "$ROOT/scripts/check_with_klayout.py" \
  -rd "scripts=$ROOT/scripts" -rd "def_path=$def_path" -rd "lef_paths=$lef_paths" \
  -rd "netlist_path=$netlist_path"
