#!/usr/bin/env bash
# Usage: scripts/fuzz.sh TARGET SECONDS [-- FLAG_OF_LIBFUZZER...]
#
# Feeds a reader with changed and made-up files for so many seconds, with AddressSanitizer and
# UndefinedBehaviorSanitizer, and stops at the first fault, whose input it leaves in build/fuzz/faults/.
# Starts from our own examples, from tests/fuzz/regressions/TARGET and from what earlier runs found,
# build/fuzz/corpus/TARGET. Needs clang (apt install clang libomp-dev).
#
#   TARGET   netlist, plc, lef, def, bookshelf, checkpoint, gzip, demonstrations, macro_groups,
#            net_weights, halos, run (JSON that `report` reads), metrics or config (of a training);
#            or `all`, one after the other
#   --help   this text
#
# Prints the figures of libFuzzer and one line at the end: executions, edges covered, seconds.

set -euo pipefail
# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

help_if_asked "$@"
[[ $# -ge 2 ]] || die "expected TARGET SECONDS; see --help"
target="$1"
seconds="$2"
shift 2
[[ "${1:-}" == -- ]] && shift

cd "$ROOT"
folder=build/fuzz
if [[ "$target" == all ]]; then
  for each in netlist plc lef def bookshelf checkpoint gzip demonstrations macro_groups net_weights halos run metrics config; do
    "$ROOT/scripts/fuzz.sh" "$each" "$seconds" -- "$@"
  done
  exit 0
fi
[[ -e "$folder/build.ninja" ]] || cmake --preset fuzz > "$folder.log"
cmake --build "$folder" --target tessera_fuzz > "$folder/build.log" || die "the build failed: $folder/build.log"

# Seeds: small files of our own that the target can read.
seeds="$folder/seeds/$target"
corpus="$folder/corpus/$target"
rm -rf "$seeds"
mkdir -p "$seeds" "$corpus" "$folder/faults"
add() { # FILE...
  local file
  for file; do
    [[ -e "$file" ]] && cp "$file" "$seeds/"
  done
  return 0
}
# Files joined by lines of ----, as targets with several files take them: NAME FILE...
join() {
  local name=$1 file
  shift
  for file; do
    cat "$file"
    printf '\n----\n'
  done > "$seeds/$name"
}
case "$target" in
  netlist) add tests/data/malformed/*.pb.txt tests/data/malformed/netlist/* ;;
  plc) add tests/data/malformed/*.plc tests/data/malformed/plc/* ;;
  lef) add data/lefdef/*.lef ;;
  def) join design data/lefdef/*.lef data/lefdef/*.def ;;
  gzip) add tests/data/malformed/netlist/*.gz ;;
  checkpoint) add data/checkpoints/*.safetensors ;;
  bookshelf)
    printf 'UCLA nodes 1.0\nNumNodes : 3\nNumTerminals : 1\n a 2 3\n b 4 5\n c 1 1 terminal\n' > "$seeds/nodes"
    printf 'UCLA nets 1.0\nNumNets : 1\nNumPins : 2\nNetDegree : 2 n\n a I : 0.5 0.5\n b O : -1 0\n' > "$seeds/nets"
    printf 'UCLA pl 1.0\na 0 0 : N\nb 10 0 : FS\nc 0 5 : N /FIXED\n' > "$seeds/pl"
    printf 'UCLA scl 1.0\nNumRows : 1\nCoreRow Horizontal\n Coordinate : 0\n Height : 3\n Sitewidth : 1\n Sitespacing : 1\n Siteorient : 1\n Sitesymmetry : 1\n SubrowOrigin : 0 NumSites : 100\nEnd\n' > "$seeds/scl"
    printf 'UCLA wts 1.0\nn 2\n' > "$seeds/wts"
    join design "$seeds"/{nodes,nets,pl,scl,wts}
    rm "$seeds"/{nodes,nets,pl,scl,wts}
    ;;
  demonstrations)
    printf '{"block":"b","seed":1,"grid":[3,3],"order":"area","proxy":0.5,"cells":[0,4,8]}\n' > "$seeds/line"
    ;;
  macro_groups) printf '# two\narray g 2x1 gap=1,2 orient=FS M1 M2\nrow r M.*\n' > "$seeds/groups" ;;
  net_weights) printf '# comment\nclk* 2.5\nreset 0\n' > "$seeds/weights" ;;
  halos) printf 'M1 1 2 3 4\nM* 0.5\n' > "$seeds/halos" ;;
  run)
    printf '{"tessera":"0","command":"place","design":{"name":"d"},"weights":{"wirelength":1,"density":0.5,"congestion":0.5},"cost":{"proxy":0.5},"seed":1,"stages":[{"name":"policy","proxy":0.5}],"outputs":["small.plc"],"options":{"netlist":["small.pb.txt"],"plc":["small.plc"],"grid":["4x3"],"halo":["1"],"fix":["M1"]},"inputs":[{"path":"small.plc","sha256":"0"}]}' > "$seeds/place"
    printf '{"tessera":"0","command":"cost","design":{"name":"d"},"weights":{"wirelength":1,"density":0.5,"congestion":0.5},"cost":{"proxy":0.5},"flat":{},"options":{"netlist":["small.pb.txt"],"plc":["small.plc"],"routes":["1,2"]}}' > "$seeds/cost"
    printf '{"tessera":"0","command":"place","design":{"name":"d"},"weights":{},"cost":{},"options":{"netlist":["%0300d"]}}' 0 > "$seeds/long_path"
    ;;
  metrics)
    printf '{"iteration":1,"phase":"ppo","elapsed_s":1.5,"episodes":16,"mean_proxy":0.5,"best_proxy":null}\n{"iteration":2,"evaluation":[{"block":"b","proxy":0.5}]}\n' > "$seeds/lines"
    ;;
  config) add data/pretrain.toml ;;
  *) die "unknown target '$target'; see --help" ;;
esac

log="$folder/$target.log"
regressions="tests/fuzz/regressions/$target"
[[ -d "$regressions" ]] || regressions=""
status=0
# Readers read files: in a folder in memory that takes a twentieth of the time.
[[ -w /dev/shm ]] && export TMPDIR=/dev/shm
# A gigabyte is far more than any of these inputs may cost, ten seconds more than any may take.
TESSERA_FUZZ_TARGET="$target" "$folder/bin/tessera_fuzz" "$corpus" "$seeds" ${regressions:+"$regressions"} \
  -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
  -artifact_prefix="$folder/faults/$target-" "$@" > "$log" 2>&1 || status=$?
covered="$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | grep -o '[0-9]*' || echo 0)"
runs="$(grep -o 'number_of_executed_units: [0-9]*' "$log" | grep -o '[0-9]*$' || echo 0)"
printf '%s: %s executions, %s edges covered, %s s, exit %s\n' "$target" "$runs" "$covered" "$seconds" "$status"
if [[ "$status" != 0 ]]; then
  grep -m 3 -E 'ERROR|runtime error|libFuzzer: ' "$log" || tail -n 5 "$log"
  exit 1
fi
