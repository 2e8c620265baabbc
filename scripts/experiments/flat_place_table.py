#!/usr/bin/env python3
"""Places flat netlists and compares the wires with those around the macros of a commercial tool.

For each block: the commercial macros (`initial.plc` of the clustered benchmark) judged by `tessera cost
--flat`; then, for each effort and seed, `tessera place` on the flat netlist, which sees no position of
a movable node, judged in the same way. Finished runs are appended to a .jsonl file and skipped when
they are there already.
"""
import argparse
import json
import pathlib
import statistics
import subprocess

import results_file

# Tracks per micron, horizontal and vertical, and those of them that a macro blocks (metals 1 to 4):
# pitches of the public technologies, lowest layer left out.
TRACKS = {"ng45": ("12.6,14.3", "7.14,8.83"),
          "asap7": ("89.236,76.736", "48.611,27.778"),
          "sky130hd": ("7.967,7.673", "5.115,5.115")}
BLOCKS = ["ng45_ariane133", "ng45_nvdla", "ng45_mempool_tile", "asap7_ariane136",
          "sky130hd_ariane133"]


EFFORTS = ["commercial", "fast", "default", "best"]


def run_json(command):
    done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE,
                          text=True)
    return json.loads(done.stdout)


def judge(args, block, netlist, plc):
    tracks, macro_tracks = TRACKS[block.split("_")[0]]
    flat = args.benchmarks / "flat" / f"{block}.pb.txt.gz"
    return run_json([args.tessera, "cost", flat, "--flat", "--macros-from", f"{netlist},{plc}",
                     "--tracks", tracks, "--macro-tracks", macro_tracks, "--threads", args.threads,
                     "--json"])["flat"]


def commercial(args, block):
    folder = args.benchmarks / "clustered" / block
    judged = judge(args, block, folder / "netlist.pb.txt.gz", folder / "initial.plc")
    return {"block": block, "effort": "commercial", "seed": 0, "hpwl_um": judged["hpwl_um"],
            "legal_hpwl_um": judged["legal_hpwl_um"],
            "ace1": judged["ace"]["1"]}


def placed(args, block, effort, seed):
    stem = args.output / f"{block}.{effort}.{seed}"
    netlist, plc = f"{stem}.pb.txt.gz", f"{stem}.plc"
    tracks, macro_tracks = TRACKS[block.split("_")[0]]
    report = run_json([args.tessera, "place", args.benchmarks / "flat" / f"{block}.pb.txt.gz",
                       "--routes", tracks, "--macro-routes", macro_tracks,
                       "--effort", effort, "--seed", seed, "--threads", args.threads, "--json",
                       "-q", "-o", netlist, "-o", plc])
    judged = judge(args, block, netlist, plc)
    return {"block": block, "effort": effort, "seed": seed, "threads": args.threads,
            "hpwl_um": judged["hpwl_um"], "legal_hpwl_um": judged["legal_hpwl_um"],
            "ace1": judged["ace"]["1"], "winner": report["flat"]["winner"], "made": report["flat"]["made"],
            "clusters_hpwl_um": report["flat"]["trials"][0].get("hpwl_um"),
            "legal": report["legal"], "proxy": report["cost"]["proxy"],
            "time_s": report["time_s"]["total"], "tessera": report["tessera"]}


def table(entries):
    lines = ["| block | macros | runs | flat HPWL, m (least to greatest) | against commercial | ACE1 | "
             "best proxy's macros, flat HPWL | placements | time, s |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    groups = {}
    for entry in sorted(entries, key=lambda entry: (BLOCKS.index(entry["block"]),
                                                    EFFORTS.index(entry["effort"]))):
        groups.setdefault((entry["block"], entry["effort"]), []).append(entry)
    for (block, effort), runs in groups.items():
        lengths = sorted(run["legal_hpwl_um"] for run in runs)
        median = statistics.median(lengths)
        aces = sorted(run["ace1"] for run in runs)
        ace = f"{statistics.median(aces):.3f}"
        if len(aces) > 1:
            ace += f" ({aces[0]:.3f} to {aces[-1]:.3f})"
        row = f"| `{block}` | {effort} | {len(runs)} | **{median / 1e6:.3f}**"
        if effort == "commercial":
            lines.append(f"{row} | | {ace} | | | |")
            continue
        base = groups[(block, "commercial")][0]["legal_hpwl_um"]
        clusters = [run["clusters_hpwl_um"] for run in runs if run["clusters_hpwl_um"]]
        proxy = f"{statistics.median(clusters) / 1e6:.3f}" if clusters else ""
        lines.append(f"{row} ({lengths[0] / 1e6:.3f} to {lengths[-1] / 1e6:.3f}) | "
                     f"{100 * (median / base - 1):+.1f} % | {ace} | {proxy} | "
                     f"{statistics.median(run['made'] for run in runs):.0f} | "
                     f"{statistics.median(run['time_s'] for run in runs):.0f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True,
                        help="folder with flat/ and clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/flat_place"))
    parser.add_argument("--blocks", nargs="+", choices=BLOCKS, default=BLOCKS)
    parser.add_argument("--efforts", nargs="+", choices=["fast", "default", "best"],
                        default=["default", "best"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {(entry["block"], entry["effort"], entry["seed"]) for entry in entries}

    def take(entry):
        entries.append(entry)
        results_file.append(args.file, entry)
        print(f"{entry['block']} {entry['effort']} {entry['seed']}: {entry['hpwl_um'] / 1e6:.4f} m",
              flush=True)

    for block in args.blocks:
        if (block, "commercial", 0) not in done:
            take(commercial(args, block))
        for effort in args.efforts:
            for seed in args.seeds:
                if (block, effort, seed) not in done:
                    take(placed(args, block, effort, seed))
    if args.document:
        results_file.replace_table(args.document, "flat-place", table(entries))


if __name__ == "__main__":
    main()
