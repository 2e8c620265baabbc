#!/usr/bin/env bash
# Usage: scripts/format.sh [--check]
#
# Formats all C++ files with clang-format, version 14 as in Debian 12.
#
#   --check  change nothing; exit 1 and show the places if a file is not formatted
#   --help   this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

FOLDERS=(netlist_io cost placer gnn app tests)

options=(-i)
case "${1:-}" in
  "") ;;
  --check) options=(--dry-run -Werror) ;;
  -h | --help)
    show_help
    exit 0
    ;;
  *) die "unknown argument '$1'; see --help" ;;
esac
command -v clang-format >/dev/null || die "clang-format is not installed; run scripts/setup.sh --ci"

cd "$ROOT"
folders=()
for folder in "${FOLDERS[@]}"; do
  [[ -d "$folder" ]] && folders+=("$folder")
done
find "${folders[@]}" \( -name '*.h' -o -name '*.cpp' \) -print0 |
  sort -z | xargs -0 -r clang-format "${options[@]}"
