#!/usr/bin/env bash
# Usage: scripts/package.sh [PRESET] [-j JOBS]
#
# Builds the Debian package and prints its path as the last line. It installs the program, the
# network, manual pages, completions and examples, and depends on the shared libraries of the
# system that it is built on.
#
#   PRESET   as for scripts/build.sh (default: $TESSERA_PRESET, else release)
#   -j JOBS  compile jobs (default: 2)
#   --help   this text

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

take_build_arguments "$@"

folder="$(build_dir "$PRESET")"
for tool in cpack dpkg-shlibdeps file gzip python3; do
  command -v "$tool" >/dev/null ||
    die "$tool is not installed; Debian has it in cmake, dpkg-dev, file, gzip or python3"
done

"$ROOT/scripts/build.sh" "$PRESET" -j "$JOBS" >&2
rm -rf "$folder/package"
cpack -G DEB --config "$folder/CPackConfig.cmake" -B "$folder/package" >&2
rm -rf "$folder/package/_CPack_Packages"
printf '%s\n' "$folder"/package/*.deb
