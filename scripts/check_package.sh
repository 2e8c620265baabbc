#!/usr/bin/env bash
# Usage: scripts/check_package.sh ROOT PACKAGE.deb
#
# Installs the package with its dependencies into the Debian system in the folder ROOT, uses it there
# as a user would, and removes it again. ROOT is changed: take one made for the purpose, with
#
#     debootstrap --variant=minbase bookworm ROOT
#
# Pages and completions are also tried out where ROOT has man-db and bash-completion.
#
#   --help  this text
#
# Needs root. Exit status: 0 all is well, 1 something is not.

# Functions are called by name, and expressions in single quotes belong to the shell in ROOT.
# shellcheck disable=SC2317,SC2016

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

help_if_asked "$@"
[[ $# -eq 2 ]] || die "expected ROOT and PACKAGE.deb; see --help"
root="$(realpath "$1")"
package="$2"
[[ -x "$root/usr/bin/apt-get" ]] || die "$root is not a Debian system"
[[ -f "$package" ]] || die "there is no file $package"
[[ "$(id -u)" -eq 0 ]] || die "needs root"
if [[ -z "${TESSERA_CHECK_MOUNTED:-}" ]]; then
  # /proc, by which programs find themselves, for this run alone.
  TESSERA_CHECK_MOUNTED=1 exec unshare --mount -- bash "$0" "$@"
fi
mount -t proc proc "$root/proc"

inside() {
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

# Runs what follows the name of the check, shows its output, and notes a failure.
failed=0
check() {
  local name="$1" status
  shift
  set +e  # else the commands of a check could fail unnoticed
  (
    set -e
    "$@"
  ) 2>&1 | sed 's/^/    /'
  status="${PIPESTATUS[0]}"
  set -e
  if [[ "$status" -eq 0 ]]; then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s\n' "$name"
    failed=1
  fi
}

installs() {
  local log="$root/var/tmp/install.log"
  inside apt-get install -y -qq -o Dpkg::Use-Pty=0 "$copy" >"$log" 2>&1 || {
    tail -n 20 "$log"
    return 1
  }
  printf '%s packages\n' "$(grep -c '^Setting up ' "$log")"
}

has_plugin() {
  inside test -e /usr/lib/tessera/libtessera_gnn_plugin.so
}

# Libraries are found, all of them among those of the system.
libraries() {
  local file missing
  for file in /usr/bin/tessera $(has_plugin && echo /usr/lib/tessera/libtessera_gnn_plugin.so); do
    missing="$(inside ldd "$file" | grep '=>' | grep -vE '=> /(usr/)?lib/')" || true
    if [[ -n "$missing" ]]; then
      printf '%s: %s\n' "$file" "$missing"
      return 1
    fi
    printf '%s: %s libraries\n' "$file" "$(inside ldd "$file" | wc -l)"
  done
}

# The library that LibTorch multiplies matrices with.
blas() {
  local link
  link="$(inside sh -c 'readlink -f /usr/lib/*/libblas.so.3')"
  printf '%s\n' "$link"
  [[ "$link" == *openblas-openmp* ]]
}

# Places the block that comes with the package, by the network that comes with it.
place() {
  local policy=() output
  has_plugin || policy=(--policy none)
  output="$(inside sh -c '
    cd /usr/share/doc/tessera/examples
    tessera place small_balanced.pb.txt.gz --plc small_balanced.plc --effort zero-shot -q \
      -o /tmp/placed.plc "$@" >/tmp/placed.txt &&
    tessera cost small_balanced.pb.txt.gz --plc /tmp/placed.plc' sh "${policy[@]}")"
  grep -E '^(small|proxy|legal)' <<<"$output"
  grep -qx legal <<<"$output"
}

design() {
  inside sh -ec '
    cd /usr/share/doc/tessera/examples
    tessera place small.def --lef small_tech.lef --policy none --evals 20000 -q \
      -o /tmp/placed.def >/tmp/placed.txt
    grep -c " + PLACED " /tmp/placed.def'
}

manual() {
  inside gzip -t /usr/share/man/man1/tessera.1.gz /usr/share/man/man1/tessera-place.1.gz
  if inside sh -c 'command -v man' >/dev/null; then
    inside man -w tessera
    inside man tessera-place | sed -n 1,8p
  fi
}

completions() {
  inside ls /usr/share/bash-completion/completions/tessera \
    /usr/share/zsh/vendor-completions/_tessera /usr/share/fish/vendor_completions.d/tessera.fish
  inside bash -c '
    if [[ -e /usr/share/bash-completion/bash_completion ]]; then
      source /usr/share/bash-completion/bash_completion
      _completion_loader tessera
    else
      source /usr/share/bash-completion/completions/tessera
    fi
    COMP_WORDS=(tessera place --effort "") COMP_CWORD=3
    _tessera
    printf "place --effort: %s\n" "${COMPREPLY[*]}"
    [[ "${COMPREPLY[*]}" == *zero-shot*best* ]]'
}

removed() {
  inside apt-get purge -y -qq tessera >/dev/null 2>&1
  local left
  left="$(inside sh -c 'ls -d /usr/bin/tessera /usr/lib/tessera /usr/share/tessera \
    /usr/share/doc/tessera /usr/share/man/man1/tessera* 2>/dev/null || true')"
  printf '%s' "$left"
  [[ -z "$left" ]]
}

copy="/var/tmp/$(basename "$package")"
cp "$package" "$root$copy"
inside apt-get update -qq
check "installs with its dependencies" installs
check "prints its version" inside tessera --version
check "finds its libraries" libraries
if has_plugin; then
  check "multiplies matrices with OpenBLAS and OpenMP" blas
fi
check "places the bundled block" place
check "places a LEF/DEF design" design
check "has manual pages" manual
check "has completions" completions
check "leaves nothing when removed" removed
rm -f "$root$copy" "$root/var/tmp/install.log"
exit "$failed"
