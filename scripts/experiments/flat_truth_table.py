#!/usr/bin/env python3
"""Judges public macro placements by their flat netlists, beside what independent placers made of them.

Each run is `tessera cost FLAT --flat --macros-from CLUSTERED,PLC` with the tracks of NanGate45. Finished runs
are appended to a .jsonl file and skipped when they are there already; the table replaces what stands between
`<!-- flat-truth:begin -->` and `<!-- flat-truth:end -->` in the document.
"""
import argparse
import json
import pathlib
import subprocess

import results_file

# Block, name of the placement, its .plc, and by others: HPWL after Coloquinte and after RePlAce, metres,
# standard cells at a density cap of 0.7, and mean use of the most used 1 % of the routing edges.
PLACEMENTS = [
    ("ng45_ariane133", "initial", "clustered/ng45_ariane133/initial.plc", 2.831, 2.765, 0.592),
    ("ng45_ariane133", "annealed", "flat_truth/ng45_ariane133.annealed.plc", 2.995, 2.960, 0.632),
    ("ng45_ariane133", "legalized", "clustered/ng45_ariane133/legalized.plc", 3.471, 3.391, 0.682),
    ("ng45_nvdla", "initial", "clustered/ng45_nvdla/initial.plc", 7.223, 7.417, 0.835),
    ("ng45_nvdla", "legalized", "clustered/ng45_nvdla/legalized.plc", 10.119, 10.330, 0.946),
    ("ng45_mempool_tile", "initial", "clustered/ng45_mempool_tile/initial.plc", 2.972, None, 0.942),
]
# Tracks per micron, horizontal and vertical, of metals 2 to 10; macros block metals up to 4.
TRACKS = "12.6,14.3"
MACRO_TRACKS = "7.14,8.83"


def judge(args, block, placement, plc, seed):
    clustered = args.benchmarks / "clustered" / block / "netlist.pb.txt.gz"
    done = subprocess.run(
        [args.tessera, "cost", str(args.benchmarks / "flat" / f"{block}.pb.txt.gz"), "--flat",
         "--macros-from", f"{clustered},{args.benchmarks / plc}", "--tracks", TRACKS, "--macro-tracks",
         MACRO_TRACKS, "--seed", str(seed), "--threads", str(args.threads), "--json"],
        check=True, stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout)
    return {"block": block, "placement": placement, "seed": seed, "threads": report["threads"],
            "macros_legal": report["legal"], **report["flat"], "tessera": report["tessera"]}


def key(entry):
    return entry["block"], entry["placement"], entry["seed"]


def difference(hpwl_m, reference_m):
    return "–" if reference_m is None else f"{100.0 * (hpwl_m / reference_m - 1.0):+.1f} %"


def table(entries):
    latest = {key(entry): entry for entry in entries}
    last = entries[-1]
    lines = [f"Density cap {last['density_cap']}, nets of at most {last['max_sinks']} sinks, tracks per um "
             f"{TRACKS.replace(',', ', ')} ({MACRO_TRACKS.replace(',', ', ')} of them blocked by macros), "
             f"{last['threads']} threads, tessera {last['tessera']}. HPWL after detailed placement, theirs "
             "and ours; before: with the cells not yet in rows.", "",
             "| block | macros | seed | HPWL, m | to Coloquinte | to RePlAce | before, m | ACE1 | "
             "published ACE1 | iterations | s |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for block, placement, _, coloquinte, replace, ace in PLACEMENTS:
        for seed in sorted({entry["seed"] for entry in entries}):
            entry = latest.get((block, placement, seed))
            if entry is None:
                continue
            hpwl_m = entry["legal_hpwl_um"] / 1e6
            lines.append(f"| `{block}` | {placement} | {seed} | {hpwl_m:.3f} | "
                         f"{difference(hpwl_m, coloquinte)} | {difference(hpwl_m, replace)} | "
                         f"{entry['hpwl_um'] / 1e6:.3f} | "
                         f"{entry['ace']['1']:.3f} | {ace:.3f} | {entry['iterations']} | "
                         f"{entry['time_s']:.1f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--blocks", nargs="+", choices=list(dict.fromkeys(row[0] for row in PLACEMENTS)),
                        help="default: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    entries = results_file.load(args.file)
    done = {key(entry) for entry in entries}
    for seed in args.seeds:
        for block, placement, plc, *_ in PLACEMENTS:
            if (block, placement, seed) in done or (args.blocks and block not in args.blocks):
                continue
            entry = judge(args, block, placement, plc, seed)
            entries.append(entry)
            results_file.append(args.file, entry)
            print(f"{block} {placement} {seed}: {entry['legal_hpwl_um'] / 1e6:.3f} m, {entry['time_s']:.1f} s",
                  flush=True)
    if args.document and entries:
        results_file.replace_table(args.document, "flat-truth", table(entries))


if __name__ == "__main__":
    main()
