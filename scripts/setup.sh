#!/usr/bin/env bash
# Usage: scripts/setup.sh [--ci]
#
# Installs what the build needs, on Debian 12 or later and systems derived from it. Does nothing,
# and does not touch the network, when everything is there. On other systems checks for the
# compiler, the tools and the headers, and names what is missing.
#
#   --ci    also clang-format, for the format check, a browser, for the test of reports, and the shells
#           and the formatter of manual pages that tests of completions and pages use
#   --help  this text
#
# Exit status: 0 everything is there, 1 something is missing.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

PACKAGES=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates python3
  libtorch-dev libopenblas0-openmp libboost-graph-dev libeigen3-dev libcli11-dev
  doctest-dev nlohmann-json3-dev libjs-chart.js zlib1g-dev libssl-dev protobuf-compiler libprotobuf-dev libmetis-dev libfftw3-dev
)
TOOLS=(g++ cmake ninja git)
HEADERS=(
  torch/torch.h boost/graph/adjacency_list.hpp Eigen/Core CLI/CLI.hpp doctest/doctest.h
  nlohmann/json.hpp zlib.h openssl/evp.h metis.h fftw3.h
)

for argument in "$@"; do
  case "$argument" in
    --ci)
      PACKAGES+=(clang-format python3-selenium chromium chromium-driver zsh fish groff-base)
      TOOLS+=(clang-format)
      ;;
    -h | --help)
      show_help
      exit 0
      ;;
    *) die "unknown argument '$argument'; see --help" ;;
  esac
done

# Runs a command as root.
as_root() {
  if [[ "$(id -u)" -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root to run: $*"
  fi
}

is_installed() {
  [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

install_packages() {
  local package
  local missing=()
  for package in "${PACKAGES[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if [[ "${#missing[@]}" -eq 0 ]]; then
    return
  fi
  printf 'Installing: %s\n' "${missing[*]}" >&2
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# LibTorch calls BLAS and LAPACK through Debian's alternatives. The OpenMP build of OpenBLAS shares
# its thread pool with LibTorch; the pthread build oversubscribes the cores, and the reference build
# is many times slower.
select_blas() {
  local triple library link wanted current
  triple="$(g++ -print-multiarch)"
  for library in libblas liblapack; do
    link="$library.so.3-$triple"
    wanted="/usr/lib/$triple/openblas-openmp/$library.so.3"
    current="$(update-alternatives --query "$link" 2>/dev/null | sed -n 's/^Value: //p')"
    if [[ "$current" != "$wanted" ]]; then
      as_root update-alternatives --quiet --set "$link" "$wanted"
      printf 'Changed %s, which was %s\n' "$link" "${current:-not set}" >&2
    fi
    printf 'In use: %s\n' "$wanted" >&2
  done
}

has_header() {
  printf '#include <%s>\n' "$1" |
    g++ -std=c++20 -E -x c++ - -o /dev/null \
      -I/usr/include/eigen3 -I/usr/include/torch/csrc/api/include 2>/dev/null
}

check_elsewhere() {
  local tool header
  local missing=()
  for tool in "${TOOLS[@]}"; do
    command -v "$tool" >/dev/null || missing+=("the program $tool")
  done
  if command -v g++ >/dev/null; then
    for header in "${HEADERS[@]}"; do
      has_header "$header" || missing+=("the header <$header>")
    done
  fi
  if [[ "${#missing[@]}" -gt 0 ]]; then
    printf 'This is not a Debian system, so nothing was installed. Missing:\n' >&2
    printf '  %s\n' "${missing[@]}" >&2
    printf 'On Debian these come from: %s\n' "${PACKAGES[*]}" >&2
    exit 1
  fi
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  install_packages
  select_blas
else
  check_elsewhere
fi
printf 'Everything the build needs is installed.\n' >&2
