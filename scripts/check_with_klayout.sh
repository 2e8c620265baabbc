#!/usr/bin/env bash
# Usage: scripts/check_with_klayout.sh FILE.def[.gz] FILE.lef[.gz]...
#
# Reads a DEF with its LEF files in KLayout and compares the positions and orientations of all
# components that it finds with those in the text.
#
# Exit status: 0 both agree, 1 they differ or a file cannot be read, 2 KLayout is not installed.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
  show_help
  exit 0
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

# Without a screen, and without the user's settings (-zz, -nc).
QT_QPA_PLATFORM=offscreen klayout -b -r "$ROOT/scripts/check_with_klayout.py" \
  -rd "scripts=$ROOT/scripts" -rd "def_path=$def_path" -rd "lef_paths=$lef_paths"
