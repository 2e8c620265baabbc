#!/usr/bin/env bash
# Usage: scripts/fetch_benchmarks.sh [--output DIR] [--mirror URL] [--tessera PROGRAM] [--list] [NAME...]
#
# Downloads the public benchmark blocks that data/manifest.json lists and checks every file by its
# SHA-256; then makes the clustered netlists that are not published. What is there and right is left
# alone, a download that was cut off goes on where it ended, a wrong file never replaces another.
#
#   NAME...            only files whose names begin so, for example flat/ng45 (default: all)
#   --output DIR       folder to fill (default: $TESSERA_BENCHMARKS, else build/benchmarks)
#   --mirror URL       take URL/PATH instead of the repository's own address
#   --tessera PROGRAM  makes the clustered netlists (default: build/bin/tessera if it is there)
#   --manifest FILE    list of files (default: data/manifest.json)
#   --list             only print what would be fetched: name, bytes, licence, address
#   --help             this text
#
# Exit status: 0 if every file asked for is there and right, 1 if not, 2 for wrong usage.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

for argument in "$@"; do
  if [[ "$argument" == -h || "$argument" == --help ]]; then
    show_help
    exit 0
  fi
done
command -v python3 >/dev/null || die "python3 is not installed; run scripts/setup.sh"
exec python3 -B "$ROOT/scripts/fetch_benchmarks.py" "$@"
