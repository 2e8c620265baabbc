# shellcheck shell=bash
# Sourced by the other scripts: the repository root, the preset and its build folder.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck disable=SC2034  # used by the scripts that source this one
PRESET="${TESSERA_PRESET:-release}"

# Prints the message on stderr and ends the script.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Prints the comment block at the head of the calling script as its help.
show_help() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# Build folder of a preset, as CMakePresets.json has it.
build_dir() {
  case "$1" in
    release | ci) printf '%s/build\n' "$ROOT" ;;
    dev) printf '%s/build/dev\n' "$ROOT" ;;
    no-torch | ci-no-torch) printf '%s/build/no-torch\n' "$ROOT" ;;
    *) die "unknown preset '$1'; expected release, dev, no-torch, ci or ci-no-torch" ;;
  esac
}
