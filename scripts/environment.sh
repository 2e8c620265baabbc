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

# The same, and the end of the script, if that is what its first argument asks for.
help_if_asked() {
  if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
    show_help
    exit 0
  fi
}

# Reads `[PRESET] [-j JOBS] [--help]` from a command line: sets PRESET and JOBS.
take_build_arguments() {
  JOBS=2
  while [[ $# -gt 0 ]]; do
    case "$1" in
      -h | --help)
        show_help
        exit 0
        ;;
      -j)
        [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || die "-j needs a number of jobs"
        JOBS="$2"
        shift
        ;;
      -j[1-9]*) JOBS="${1#-j}" ;;
      -*) die "unknown option '$1'; see --help" ;;
      # shellcheck disable=SC2034  # used by the scripts that source this one
      *) PRESET="$1" ;;
    esac
    shift
  done
}

# Build folder of a preset, as CMakePresets.json has it.
build_dir() {
  case "$1" in
    release | ci) printf '%s/build\n' "$ROOT" ;;
    dev | tsan) printf '%s/build/%s\n' "$ROOT" "$1" ;;
    no-torch | ci-no-torch) printf '%s/build/no-torch\n' "$ROOT" ;;
    *) die "unknown preset '$1'; expected release, dev, tsan, no-torch, ci or ci-no-torch" ;;
  esac
}

# Flags of `tessera finetune` that train the published network as its curves were trained, whatever the
# defaults are.
# shellcheck disable=SC2034
PUBLISHED_TRAINING=(--model circuit-training --order area --cluster-placer circuit-training
  --episodes 32 --epochs 4 --learning-rate 3e-3 --final-learning-rate 1 --warmup 0
  --entropy 0.003 --final-entropy 1 --entropy-floor 0 --gae-lambda 0.95 --undo-above 0 --evaluation-interval 0)
