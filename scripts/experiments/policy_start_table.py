#!/usr/bin/env python3
"""What a policy's start adds to the optimiser: `tessera place` with and without it, in the same time.

For each block, class, time and seed, one run with the policy, whose episodes and cluster placement take
their part of the time, and one with `--policy none`, which searches from analytic placements alone; one after
the other, in turn first. Runs that the file has are skipped. The table has the ratio of the two proxies:
median over the seeds, range, and in how many runs the policy's start was better.
"""
import argparse
import json
import pathlib
import statistics

import results_file
import timed_run

BLOCKS = {"ng45_nvdla": "unseen", "ng45_mempool_tile": "unseen", "ng45_ariane133": "related"}
STARTS = ("policy", "analytic")


def key(entry):
    return tuple(entry[name] for name in ("block", "class", "time_s", "seed", "start"))


def place(args, block, mode, seconds, seed, start):
    folder = args.benchmarks / "clustered" / block
    policy = args.policy if start == "policy" else "none"
    run = timed_run.timed([args.tessera, "place", folder / "netlist.pb.txt.gz", "--plc",
                           folder / "initial.plc", "--mode", mode, "--policy", policy, "--time",
                           seconds, "--seed", seed, "--threads", args.threads, "--json", "-q",
                           "-o", args.output / "placed.plc"])
    report = json.loads(run.text)
    assert report["legal"]
    return {"block": block, "class": mode, "time_s": seconds, "seed": seed, "start": start,
            "proxy": report["cost"]["proxy"], "proxy_jittered": report["cost"]["proxy_jittered"],
            "stages": [[stage["name"], stage["proxy"]] for stage in report["stages"]],
            "evals": report["evals"], "wall_s": run.wall_s, "threads": args.threads,
            "tessera": report["tessera"]}


def measure(args, entries):
    done = {key(entry) for entry in entries}
    for seed in args.seeds:
        for seconds in args.times:
            for block in args.blocks:
                for mode in args.classes:
                    # In turn first, so that neither always runs on the warmer machine.
                    for start in STARTS if seed % 2 == 1 else reversed(STARTS):
                        if (block, mode, seconds, seed, start) in done:
                            continue
                        entry = place(args, block, mode, seconds, seed, start)
                        entries.append(entry)
                        results_file.append(args.file, entry)
                        print(f"{block} {mode} {seconds} s, seed {seed}, {start}: {entry['proxy']:.4f}, "
                              f"{entry['evals']} moves", flush=True)


def table(entries):
    runs = {}
    for entry in entries:
        group = runs.setdefault((entry["block"], entry["class"], entry["time_s"]), {})
        group.setdefault(entry["seed"], {})[entry["start"]] = entry["proxy"]
    times = sorted({seconds for _, _, seconds in runs})
    lines = ["| block, class | " + " | ".join(f"{seconds:g} s" for seconds in times) + " |",
             "| --- |" + " --- |" * len(times)]
    for block, mode in sorted({name[:2] for name in runs}):
        cells = []
        for seconds in times:
            pairs = [pair for pair in runs.get((block, mode, seconds), {}).values() if len(pair) == 2]
            if not pairs:
                cells.append("")
                continue
            ratios = sorted(pair["policy"] / pair["analytic"] for pair in pairs)
            better = sum(ratio < 1.0 for ratio in ratios)
            medians = [statistics.median(pair[start] for pair in pairs) for start in STARTS]
            cells.append(f"{medians[0]:.4f} / {medians[1]:.4f}: {statistics.median(ratios):.3f} "
                         f"({ratios[0]:.3f} to {ratios[-1]:.3f}), {better} of {len(ratios)}")
        lines.append(f"| `{block}` ({BLOCKS.get(block, 'trained on')}), {mode} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True, help="folder with clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--policy", type=pathlib.Path,
                        default=pathlib.Path("data/checkpoints/default.safetensors"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/policy_start"))
    parser.add_argument("--blocks", nargs="+", default=list(BLOCKS))
    parser.add_argument("--classes", nargs="+", default=["grid", "free"])
    parser.add_argument("--times", nargs="+", type=float, default=[2, 10, 60, 300])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    measure(args, entries)
    if args.document and entries:
        results_file.replace_table(args.document, "policy-start", table(entries))


if __name__ == "__main__":
    main()
