#!/usr/bin/env python3
"""Time and memory of the flat placer on synthetic netlists of growing size.

For each size: `tessera generate --flat`, a quick `tessera place` for legal macros, and `tessera cost
--flat` around them. Finished runs are appended to a .jsonl file and skipped when they are there
already; the table goes between `<!-- flat-scaling:begin -->` and `<!-- flat-scaling:end -->`.
"""
import argparse
import json
import pathlib

import results_file
from timed_run import timed


def run(args, cells):
    made = timed([args.tessera, "generate", "-o", args.output, "--recipe", "cpu-cache",
                        "--cells", cells, "--name", f"scaling_{cells}", "--flat", "--json"]).text
    netlist = json.loads(made)["outputs"][0]
    clustered, plc = args.output / f"{cells}.pb.txt.gz", args.output / f"{cells}.plc"
    timed([args.tessera, "place", netlist, "--policy", "none", "--evals", 1000, "--objective",
           "proxy", "-q", "--json", "-o", clustered, "-o", plc])
    judged = timed(
        [args.tessera, "cost", netlist, "--flat", "--macros-from", f"{clustered},{plc}",
         "--threads", args.threads, "--json"])
    report = json.loads(judged.text)
    flat = report["flat"]
    return {"cells": cells, "nets": report["design"]["nets"], "threads": args.threads,
            "flat_s": flat["time_s"], "iterations": flat["iterations"],
            "overflow": flat["overflow"], "hpwl_um": flat["hpwl_um"], "wall_s": judged.wall_s,
            "memory_mb": judged.memory_mb, "tessera": report["tessera"]}


def table(entries):
    lines = ["| cells | nets | threads | steps | flat placement, s | us per cell and step | whole command, s | memory, MB |",
             "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for entry in sorted(entries, key=lambda each: (each["cells"], each["threads"])):
        per_step = 1e6 * entry["flat_s"] / (entry["cells"] * max(entry["iterations"], 1))
        lines.append(f"| {entry['cells']:,} | {entry['nets']:,} | {entry['threads']} | "
                     f"{entry['iterations']} | {entry['flat_s']:.1f} | {per_step:.3f} | "
                     f"{entry['wall_s']:.1f} | {entry['memory_mb']:.0f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/flat_scaling"))
    parser.add_argument("--cells", nargs="+", type=int, default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {(entry["cells"], entry["threads"]) for entry in entries}
    for cells in args.cells:
        if (cells, args.threads) not in done:
            entries.append(run(args, cells))
            results_file.append(args.file, entries[-1])
            print(f"{cells}: {entries[-1]['flat_s']:.1f} s", flush=True)
    if args.document and entries:
        results_file.replace_table(args.document, "flat-scaling", table(entries))


if __name__ == "__main__":
    main()
